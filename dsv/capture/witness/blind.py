"""What could not be followed, in words."""

import errno
import os
from collections.abc import Iterable

_TURN_OFF = "dsv config run.witness events"

_WORDS = {
    b"machine": "{} is a program for another machine, whose calls are not seen",
    b"memory": "the memory of {} cannot be read, and so not which files it opens",
    b"io_uring_setup": "{} uses io_uring, which opens files unseen",
    b"open_by_handle_at": "{} opens files by handles, which have no names",
    b"chroot": "{} gave itself another root, where names mean other files",
    b"pivot_root": "{} gave itself another root, where names mean other files",
    b"mount": "{} mounted something, so that names may mean other files to it",
    b"move_mount": "{} mounted something, so that names may mean other files to it",
    b"setns": "{} went into a container, where names mean other files",
    b"outlives-writing": "{} went on after the command, and had written to the workspace",
    b"failed": "the witness did not understand a call ({})",
}
"""By kind what may have been missed, for which a capture is not complete."""

_HARMLESS = {
    b"outlives": "{} went on after the command: what it does then is not seen",
    b"unmarked": "{} did not say what its import system looks for (-I, -S, -E or a PYTHONPATH of its own): a folder"
    " with modules that it listed does not count, and some of what counts as looked for may be that",
}
"""By kind what is named but cannot have been missed."""

KILLED = "the process that watched the command was killed: what it read is not known"
ELSEWHERE = "the command was executed where it could not be watched: what it read is not known"
LOOKS_UNSEEN = "what the command looked for and did not find was not watched (run.witness = files)"
EVENTS_ONLY = "only events of files were seen: not what was listed or looked for, nor what lies outside"


def spots(found: Iterable[tuple[bytes, bytes]]) -> tuple[tuple[str, ...], bool]:
    """Return a clause for each of `found`, and whether nothing in the workspace can have been missed."""
    clauses, complete = [], True
    listed = list(found)
    wrote = any(kind == b"outlives-writing" for kind, _ in listed)
    for kind, who in listed:
        if kind == b"outlives" and wrote:  # helpers of the one that is named
            continue
        name = os.fsdecode(who).rpartition("/")[2] or "a program"
        if kind in _WORDS:
            clauses.append(_WORDS[kind].format(name))
            complete = False
        elif kind in _HARMLESS:
            clauses.append(_HARMLESS[kind].format(name))
    return tuple(dict.fromkeys(clauses)), complete


def advice(found: Iterable[tuple[bytes, bytes]]) -> tuple[str, ...]:
    """Return what to tell the user of `found`."""
    names = sorted({os.fsdecode(who).rpartition("/")[2] for kind, who in found if kind == b"set-uid"})
    return tuple(
        f"{name} gets no rights of another user while its calls are watched; with `{_TURN_OFF}` it does"
        for name in names
    )


def refusal(step: bytes, number: int) -> str:
    """Return why a command's calls cannot be watched here, a clause."""
    if step == b"filter" and number == errno.EBUSY:
        why = "another witness watches them already"
    elif step == b"filter" and number in (errno.EINVAL, errno.ENOSYS):
        why = "this kernel cannot do it"
    elif step == b"filter":
        why = f"this container or sandbox forbids it ({os.strerror(number)})"
    elif step == b"start":
        why = f"the process that watches them could not be started ({os.strerror(number)})"
    elif step == b"gone":
        why = "the process that watches them ended"
    else:
        why = f"reading another process's memory is forbidden here ({os.strerror(number) if number else 'empty'})"
    return f"the command's calls could not be watched: {why}"


def unknown(machine: str) -> str:
    """Return why calls cannot be watched on `machine`, a clause."""
    return f"the command's calls could not be watched: dsv does not know those of {machine or 'this machine'}"
