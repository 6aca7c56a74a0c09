"""Whose recorded commands this user runs without being asked."""

from pathlib import Path
from typing import TYPE_CHECKING

from dsv.cli.context import Context
from dsv.errors import StorageError

if TYPE_CHECKING:
    from dsv.runs.record.result import Recorded


def trusted_file() -> Path:
    """Return where this user's trust in recorded commands is kept: never in a workspace."""
    from platformdirs import user_config_path

    return user_config_path("dsv") / "trusted"


def trust_endpoint(context: Context, url: str | None) -> None:
    """Let a server that the user has just named get signed requests; None: no server was named."""
    from dsv.runs.rebuild.setting_trust import agree_to_endpoint

    if url is None:
        return
    try:
        agree_to_endpoint(trusted_file(), url)
    except StorageError as error:
        context.out.warn(error.message)


def trust_own(context: Context, recorded: "Recorded") -> None:
    """Trust a run that the user has just made, if it was recorded; without a place to keep that, it is asked for later."""
    from dsv.runs.rebuild import agreed_commands

    if recorded.id is None:
        return
    git = None if recorded.attempt is None else recorded.attempt.git
    try:
        agreed_commands.add_own(trusted_file(), recorded.id, None if git is None else git.commit)
    except StorageError as error:
        context.out.warn(error.message)
