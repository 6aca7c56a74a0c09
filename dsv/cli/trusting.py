"""Whose recorded commands this user runs without being asked."""

from pathlib import Path
from typing import TYPE_CHECKING

from dsv.cli.context import Context
from dsv.errors import StorageError

if TYPE_CHECKING:
    from dsv.ids import ObjectId


def trusted_file() -> Path:
    """Return where this user's trust in recorded commands is kept: never in a workspace."""
    from platformdirs import user_config_path

    return user_config_path("dsv") / "trusted"


def trust_own(context: Context, run: "ObjectId") -> None:
    """Trust a run that the user has just made; without a place to keep that, it is asked for later."""
    from dsv.replay import trust

    try:
        trust.add(trusted_file(), [run])
    except StorageError as error:
        context.out.warn(error.message)
