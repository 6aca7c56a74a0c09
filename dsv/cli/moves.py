"""What the commands share that move the working tree."""

from collections.abc import Callable
from typing import Any

import click


def yes(command: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command that moves the working tree the option that agrees to what `Context.yes` says."""
    return click.option(
        "--yes", is_flag=True, help="Write also new files that programs execute, such as conftest.py."
    )(command)
