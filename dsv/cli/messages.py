"""Messages of commits, which are pushed: a secret in one is asked about before anything is done."""

from collections.abc import Callable
from typing import Any

import click

from dsv.cli.context import Context
from dsv.errors import Refused


def allow_secret(command: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command the option that lets a message through as it is."""
    return click.option(
        "--allow-secret", is_flag=True, help="Take the message as it is, though it seems to hold a secret."
    )(command)


def check(context: Context, message: str | None, *, allowed: bool) -> None:
    """Ask about a message that seems to hold a secret.

    Raises:
        Refused: Nobody at a terminal says that it may be recorded.
    """
    if message is None or allowed:
        return
    from dsv.capture.secrets.masking import mask_message

    shown = mask_message(message, context.env)
    if shown == message:
        return
    title = f"the message seems to hold a secret, and would be pushed with the commit: {shown}"
    if not context.can_ask:
        raise Refused(title, hint="leave it out, or add --allow-secret if it is none")
    context.out.warn(title)
    if not click.confirm("Record it as it is?", err=True):
        raise Refused("nothing was done")
