"""A command that does what no real one may: fail in every way there is."""

import errno
import os

import click

from dsv.cli.command import verb
from dsv.cli.context import Context
from dsv.errors import Corrupt


@verb(examples={"dsv odd": "Fail:"}, shape={})
@click.argument("how")
def command(context: Context, how: str) -> int | None:
    """Fail."""
    if how == "bug":
        raise ValueError("nobody thought of this")
    if how == "interrupt":
        raise KeyboardInterrupt
    if how == "memory":
        raise MemoryError
    if how == "full":
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), "/data/x")
    if how == "denied":
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), "secret.csv")
    if how == "gone":
        raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), "gone.csv")
    if how == "nested":
        raise RecursionError("maximum recursion depth exceeded")
    if how == "pipe":
        raise BrokenPipeError
    if how == "corrupt":
        raise Corrupt("pack 12345678 has \x1b[2J in it", hint="dsv fsck")
    context.out.line("half a result")
    return 1
