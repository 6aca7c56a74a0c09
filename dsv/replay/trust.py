"""Which recorded commands this user has agreed to run.

A recorded command is code from whoever wrote the repository. Trust is given to runs one by one: the id of a
run covers its command, its code and its inputs, so that nothing can change under it. It is kept in a file
of the user's own, outside of every workspace, with an id a line: `run ID` or `environment ID` (whose
packages may be installed, which runs code of theirs).
"""

import os
from collections.abc import Iterable
from pathlib import Path

from dsv.atomic import storing
from dsv.ids import ObjectId, is_id

RUN = "run"
ENVIRONMENT = "environment"


def trusted(file: Path, kind: str = RUN) -> frozenset[ObjectId]:
    """Return the ids of what the user trusts; a line that makes no sense counts for nothing.

    Args:
        file: The user's file; it need not be there.
        kind: `RUN` or `ENVIRONMENT`.

    Raises:
        StorageError: It cannot be read.
    """
    with storing("read", file):
        try:
            text = file.read_text("utf-8", "replace")
        except FileNotFoundError:
            return frozenset()
    words = [line.split() for line in text.splitlines()]
    return frozenset(
        ObjectId(line[1]) for line in words if len(line) == 2 and line[0] == kind and is_id(line[1])
    )


def add(file: Path, ids: Iterable[ObjectId], kind: str = RUN) -> None:
    """Trust `ids` from now on; what is trusted already is not written again.

    Raises:
        StorageError: The file cannot be written.
    """
    new = sorted(set(ids) - trusted(file, kind))
    if not new:
        return
    with storing("write", file):
        file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        # One write at the end of the file: two processes that trust at once both come through.
        fd = os.open(file, os.O_WRONLY | os.O_APPEND | os.O_CREAT | getattr(os, "O_CLOEXEC", 0), 0o600)
        try:
            os.write(fd, "".join(f"{kind} {oid}\n" for oid in new).encode())
        finally:
            os.close(fd)
