"""Which recorded commands this user has agreed to run.

A recorded command is code from the authors of the repository. Trust is given to runs one by one: the id of a
run covers its command, its code and its inputs, so that nothing can change under it. It is kept in a file
of the user's own, outside of every workspace, a line each:

- `run ID`: the recorded command may be run with the code of its record.
- `own ID COMMIT`: the user made that run, with git at COMMIT (`-`: at none): own edits need no agreement.
- `code ID`: a file that the workspace has at a path may be loaded there, though no record of a trusted run has it.
- `environment ID`: its packages may be installed, which runs code of theirs.

Lines of `dsv.runs.rebuild.setting_trust` stand there, too.
"""

import os
from collections.abc import Iterable, Sequence
from pathlib import Path

from dsv.atomic import storing
from dsv.hashing import file_id
from dsv.ids import ObjectId, is_id
from dsv.model.code_list import CodeFile
from dsv.plain import read_plain_text

RUN = "run"
ENVIRONMENT = "environment"
CODE = "code"
OWN = "own"

_NO_COMMIT = "-"


def trusted(file: Path, kind: str = RUN) -> frozenset[ObjectId]:
    """Return the ids of what the user trusts; a line that makes no sense counts for nothing.

    Args:
        file: The user's file; it need not be there.
        kind: `RUN`, `CODE` or `ENVIRONMENT`.

    Raises:
        StorageError: It cannot be read.
    """
    return frozenset(
        ObjectId(line[1])
        for line in lines(file)
        if len(line) == len((kind, "ID")) and line[0] == kind and is_id(line[1])
    )


def own(file: Path) -> dict[ObjectId, str | None]:
    """Return the runs that the user made, with the commit at which git was; raises as `trusted`."""
    return {
        ObjectId(line[1]): None if line[2] == _NO_COMMIT else line[2]
        for line in lines(file)
        if len(line) == len((OWN, "ID", "COMMIT")) and line[0] == OWN and is_id(line[1])
    }


def code_id(file: CodeFile) -> ObjectId:
    """Return the id that stands for these bytes at this path."""
    return file_id(f"{file.file} {file.path}".encode("utf-8", "surrogateescape"))


def lines(file: Path) -> list[list[str]]:
    """Return the words of the lines of the file that are not empty; raises as `trusted`."""
    with storing("read", file):
        try:
            text = read_plain_text(file, errors="replace")
        except FileNotFoundError:
            return []
    return [words for line in text.splitlines() if (words := line.split())]


def add_own(file: Path, run: ObjectId, commit: str | None) -> None:
    """Trust a run that the user has just made, with git at `commit`; raises as `add`."""
    if own(file).get(run, "") != commit:
        append(file, [f"{OWN} {run} {commit or _NO_COMMIT}"])
    add(file, [run])


def add(file: Path, ids: Iterable[ObjectId], kind: str = RUN) -> None:
    """Trust `ids` from now on; what is trusted already is not written again.

    Raises:
        StorageError: The file cannot be written.
    """
    new = sorted(set(ids) - trusted(file, kind))
    if new:
        append(file, [f"{kind} {oid}" for oid in new])


def append(file: Path, new: Sequence[str]) -> None:
    """Write lines at the end of the file; raises as `add`."""
    with storing("write", file):
        file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        # One write at the end of the file: two processes that trust at once both come through.
        fd = os.open(file, os.O_WRONLY | os.O_APPEND | os.O_CREAT | getattr(os, "O_CLOEXEC", 0), 0o600)
        try:
            os.write(fd, "".join(f"{line}\n" for line in new).encode())
        finally:
            os.close(fd)
