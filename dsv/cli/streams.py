"""What commands that execute others share: parameters, and the files that our streams are."""

import os
import stat
import sys
from collections.abc import Iterable
from pathlib import Path

from dsv.cli.context import Context
from dsv.errors import Refused, UsageFault


def parameters(texts: Iterable[str]) -> dict[str, str]:
    """Return the parameters that arguments `KEY=VALUE` give.

    Raises:
        UsageFault: One is not of that form.
    """
    found = {}
    for text in texts:
        key, sign, value = text.partition("=")
        if not sign:
            raise UsageFault(f"a parameter is KEY=VALUE, not {text!r}")
        found[key] = value
    return found


def own_files(context: Context, *, keep: bool = False) -> frozenset[str]:
    """Return the files of the workspace that our streams are.

    Args:
        context: The surroundings.
        keep: Whether what standard input gives is kept.

    Raises:
        Refused: The command would read or write one of them in our name, so that nobody could tell or replay it.
    """
    found = set()
    for number in (0, 1, 2):
        path = _file_of(number)
        if path is None:
            continue
        try:
            inside = context.path(os.fspath(path))
        except Refused:
            continue
        if (number == 0 and not keep) or (number == 1 and not context.out.json):
            which, sign = ("input", "<") if number == 0 else ("output", ">")
            raise Refused(
                f"standard {which} is {inside}: the record would not say so",
                hint=f"dsv run -- sh -c 'COMMAND {sign} {inside}'",
            )
        found.add(inside)
    return frozenset(found)


def idle_input() -> int | None:
    """Return the descriptor of our standard input if it is a pipe; the command gets nothing from it.

    Raises:
        Refused: Something waits there, which the command might read in our name: nobody could tell or replay it.
    """
    from dsv.runs.record import standard_input

    waits = standard_input.waiting(0)
    if waits is not None:
        raise Refused(
            f"standard input is {waits}: the record would not hold what it gives", hint=standard_input.HINT
        )
    return 0 if standard_input.is_pipe(0) else None


def _file_of(number: int) -> Path | None:
    """Return the regular file that a descriptor of ours is; None if it is something else, or unknown."""
    try:
        if not stat.S_ISREG(os.fstat(number).st_mode):
            return None
        if sys.platform == "darwin":
            import fcntl

            told = fcntl.fcntl(number, fcntl.F_GETPATH, bytes(1024))
            return Path(os.fsdecode(told.rstrip(b"\0")))
        return Path(f"/proc/self/fd/{number}").readlink()
    except OSError:
        return None
