"""From an exception to what a user is told: kind, message, hint and exit code."""

import errno
import os
from typing import NamedTuple

import click

from dsv.errors import Corrupt, DsvError, NotFound, StorageError, UsageFault, UserError

INTERRUPTED = 130
BROKEN_PIPE = 141
BUG = 70

_MENDABLE = {
    errno.EACCES,
    errno.EPERM,
    errno.ENOTDIR,
    errno.EISDIR,
    errno.ENAMETOOLONG,
    errno.ELOOP,
    errno.EEXIST,
    errno.ENOTEMPTY,
    errno.EINVAL,
    errno.ETXTBSY,
}
_HINTS = {
    errno.ENOSPC: "free some space and try again; nothing that was committed is lost",
    errno.EDQUOT: "free some of your quota and try again; nothing that was committed is lost",
    errno.EMFILE: "raise the limit of open files: ulimit -n 4096",
}
_GLOBAL = ("-q", "--quiet", "-v", "--verbose", "-C")


class ToldFailure(NamedTuple):
    """What a user hears about a failure.

    Attributes:
        kind: A stable word for programs.
        message: What happened, to which object.
        hint: What helps, None if nothing is known to.
        exit_code: What the process exits with.
    """

    kind: str
    message: str
    hint: str | None
    exit_code: int

    def record(self) -> dict[str, object]:
        """Return the JSON document of this failure, without `v`."""
        return {"error": self._asdict()}


def explain(error: BaseException) -> ToldFailure | None:
    """Return what to tell of `error`; None if it is a bug in dsv."""
    if isinstance(error, DsvError):
        return ToldFailure(error.kind, error.message, error.hint, error.exit_code)
    if isinstance(error, click.UsageError):
        return _usage(error)
    if isinstance(error, click.ClickException):
        return ToldFailure(UserError.kind, error.format_message(), None, UserError.exit_code)
    if isinstance(error, KeyboardInterrupt | click.Abort):
        return ToldFailure("interrupted", "interrupted", None, INTERRUPTED)
    if isinstance(error, RecursionError):
        # Recursion of our own is bounded, and so is what dsv writes: this was made elsewhere.
        return ToldFailure(
            Corrupt.kind, "data is nested too deeply to be read", "dsv fsck", Corrupt.exit_code
        )
    if isinstance(error, MemoryError):
        return ToldFailure(StorageError.kind, "not enough memory", None, StorageError.exit_code)
    if isinstance(error, UnicodeEncodeError) and any(
        map(_is_surrogate, error.object[error.start : error.end])
    ):
        # A name or an argument that is not UTF-8, which is refused wherever it would be kept.
        what = error.object[error.start : error.end]
        return ToldFailure(UserError.kind, f"{what!a} is not UTF-8", None, UserError.exit_code)
    if isinstance(error, OSError) and error.errno is not None:
        return _system(error)
    return None


def _usage(error: click.UsageError) -> ToldFailure:
    message = error.format_message().rstrip(".")
    message = message[:1].lower() + message[1:]
    hint = None
    if error.ctx is not None:
        hint = f"{error.ctx.command_path} --help"
    if (
        isinstance(error, click.NoSuchOption)
        and error.option_name == "--json"
        and error.ctx
        and not error.ctx.parent
    ):
        hint = "`--json` goes after the command: dsv status --json"
    if (
        isinstance(error, click.NoSuchOption)
        and error.option_name in _GLOBAL
        and error.ctx
        and error.ctx.parent
    ):
        hint = f"it goes before the command: dsv {error.option_name} {error.ctx.info_name} ..."
    return ToldFailure(UsageFault.kind, message, hint, UsageFault.exit_code)


def _system(error: OSError) -> ToldFailure:
    number = error.errno or 0
    what = os.strerror(number)
    what = what[:1].lower() + what[1:]
    path = error.filename2 or error.filename
    message = what if path is None else f"{what}: {os.fsdecode(path) if not isinstance(path, int) else path}"
    hint = _HINTS.get(number)
    if number == errno.ENOENT:
        return ToldFailure(NotFound.kind, message, hint, NotFound.exit_code)
    family = UserError if number in _MENDABLE and path is not None else StorageError
    return ToldFailure(family.kind, message, hint, family.exit_code)


def _is_surrogate(letter: str) -> bool:
    return "\ud800" <= letter <= "\udfff"
