"""The oplog: what happened to the refs of a local store, so that it can be undone.

One canonical record a line, appended and fsynced before the refs are swapped. An entry
counts once the refs name it by number and hash; each entry names the one before it, so
lines that lost a race or were torn by a crash are simply never reached.
"""

import errno
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from dsv.atomic import storing, sync_file
from dsv.errors import Corrupt, DsvError
from dsv.hashing import derived_hasher
from dsv.ids import ObjectId, is_id
from dsv.model import canonical

_CONTEXT = "dsv 2026-11 oplog v1"

Change = tuple[str | None, str | None]


@dataclass(frozen=True, slots=True)
class OpEntry:
    """One change of the refs.

    Attributes:
        number: 1 for the first, then counted up.
        previous: Hash of the entry before; empty for the first.
        seconds: When, in seconds since 1970-01-01 UTC.
        offset: Minutes east of UTC.
        what: The command, as a user would type it.
        changes: By the name of what changed (`branches/main`, `head`, `staged`, ...) its
            value before and after.
        tree: Whether the working tree was changed with the refs.
        kept: Snapshot of uncommitted data that this change overwrote in the working tree.
        wrote: Snapshot of data that it wrote there as uncommitted changes.
    """

    number: int
    previous: str
    seconds: int
    offset: int
    what: str
    changes: Mapping[str, Change]
    tree: bool = False
    kept: ObjectId | None = None
    wrote: ObjectId | None = None

    def encode(self) -> bytes:
        """Return the canonical encoding, without the newline."""
        return canonical.encode(
            {
                "v": 1,
                "changes": {name: list(change) for name, change in self.changes.items()},
                "kept": self.kept,
                "n": self.number,
                "previous": self.previous,
                "time": [self.seconds, self.offset],
                "tree": self.tree,
                "what": self.what,
                "wrote": self.wrote,
            }
        )

    @classmethod
    def decode(cls, line: bytes) -> "OpEntry":
        """Return the entry that `line` encodes.

        Raises:
            Corrupt: It does not encode one.
        """
        record = canonical.decode(line, what="an oplog entry")
        try:
            seconds, offset = record["time"]
            found = cls(
                number=record["n"],
                previous=record["previous"],
                seconds=seconds,
                offset=offset,
                what=record["what"],
                changes={name: (before, after) for name, (before, after) in record["changes"].items()},
                tree=record["tree"],
                kept=record["kept"],
                wrote=record["wrote"],
            )
            found._check()
            if found.encode() != line:
                raise ValueError("it has other fields")
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            raise Corrupt(f"an oplog entry is malformed: {error}") from error
        return found

    def _check(self) -> None:
        numbers = (self.number, self.seconds, self.offset)
        texts = [value for change in self.changes.values() for value in change if value is not None]
        if any(type(number) is not int for number in numbers) or self.number < 1:
            raise ValueError("a number is none")
        if any(type(text) is not str for text in (self.what, self.previous, *texts)):
            raise ValueError("a text is none")
        if type(self.tree) is not bool:
            raise ValueError("tree is neither true nor false")
        if not all(oid is None or is_id(oid) for oid in (self.previous or None, self.kept, self.wrote)):
            raise ValueError("an id is none")


def hash_of(line: bytes) -> str:
    """Return the hash by which an entry, encoded as `line`, is named."""
    hasher = derived_hasher(_CONTEXT)
    hasher.update(line)
    return hasher.hexdigest()


class Oplog:
    """The oplog file of a local store."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def append(self, entry: OpEntry) -> tuple[int, str]:
        """Write `entry` durably; return the number and hash by which refs shall name it.

        Raises:
            StorageError: It cannot be written; refs must not name it.
        """
        line = entry.encode()
        with storing("write", self._path):
            fd = os.open(self._path, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o644)
            try:
                end = os.fstat(fd).st_size
                torn = end > 0 and os.pread(fd, 1, end - 1) != b"\n"
                # In one call, so that two processes do not mix; what a full disk cuts short does not count.
                whole = (b"\n" if torn else b"") + line + b"\n"
                if os.write(fd, whole) < len(whole):
                    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
                sync_file(fd)
            finally:
                os.close(fd)
        return entry.number, hash_of(line)

    def entries(self, end: tuple[int, str]) -> Iterator[OpEntry]:
        """Yield the entries that count, newest first, from the one that refs name.

        Raises:
            Corrupt: The chain breaks: an entry that counts is damaged or gone.
        """
        number, digest = end
        if number == 0:
            return
        lines = {hash_of(line): line for line in self._lines()}
        while digest:
            line = lines.get(digest)
            if line is None:
                raise Corrupt(
                    f"oplog entry {number} is damaged or gone",
                    hint="earlier entries cannot be undone any more",
                )
            entry = OpEntry.decode(line)
            yield entry
            number, digest = entry.number - 1, entry.previous

    def readable(self, end: tuple[int, str]) -> tuple[list[OpEntry], DsvError | None]:
        """Return the entries that count up to the first damage, newest first, and that damage."""
        found: list[OpEntry] = []
        try:
            for entry in self.entries(end):
                found.append(entry)  # noqa: PERF402 (what came before the damage is kept)
        except DsvError as error:
            return found, error
        return found, None

    def _lines(self) -> list[bytes]:
        try:
            return [line for line in self._path.read_bytes().split(b"\n") if line]
        except FileNotFoundError:
            return []
