"""The stat cache: what the working tree looked like when its content was last known.

It is a cache, and is trusted as one: every row carries a checksum, damage empties it,
a store that cannot be written is used without it, and a transaction that a storing
command began counts only once the store has landed and `commit` is called.
"""

import json
import sqlite3
from bisect import bisect_left
from collections.abc import Iterable, Sequence
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any, NamedTuple, Self

from dsv.hashing import checksum
from dsv.ids import DIGITS
from dsv.worktree import boot
from dsv.worktree.mapped import WritableMaps
from dsv.worktree.stat_pages import (
    FRESH_NS,
    ID_BYTES,
    LASTING,
    SAFE_NS,
    STAT_BYTES,
    Body,
    Head,
    decode_body,
    decode_head,
    encode_body,
    encode_head,
    settles,
)

VERSION = 1
SNAPSHOTS_KEPT = 16

BUSY_SECONDS = 0.2
"""How long to wait for another writer before going on without keeping anything."""

_SCHEMA = f"""
DROP TABLE IF EXISTS pages;
DROP TABLE IF EXISTS snapshots;
CREATE TABLE pages (dataset TEXT, dir TEXT, last TEXT, head BLOB, node BLOB, body BLOB,
    PRIMARY KEY (dataset, dir, last)) WITHOUT ROWID;
CREATE INDEX by_node ON pages (node);
CREATE TABLE snapshots (id TEXT PRIMARY KEY, rows BLOB, checked INTEGER);
PRAGMA user_version = {VERSION};
"""
_UPSERT = "INSERT OR REPLACE INTO pages VALUES (?, ?, ?, ?, ?, ?)"
_DROP_BELOW = "DELETE FROM pages WHERE dataset = ? AND (dir = ? OR (dir > ? AND dir < ?))"

# Codes that say the file is no good, as opposed to busy, full or read-only.
_DAMAGED = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_ERROR, sqlite3.SQLITE_SCHEMA}


class PageRow(NamedTuple):
    """A page of a directory: the last name in it, and its head."""

    last: str
    head: Head


class StatCache:
    """The stat cache in the file `path`, which is made if missing; None keeps nothing.

    No method raises for the cache's own sake: what cannot be read is not known, what
    cannot be written is forgotten.

    Attributes:
        watch: What may change without a trace in any stat.
    """

    def __init__(self, path: Path | None) -> None:
        self.watch = WritableMaps()
        self._path = path
        self._db: sqlite3.Connection | None = None
        self._writable = False
        self._open()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @property
    def writable(self) -> bool:
        """Whether what is put is kept."""
        return self._db is not None and self._writable

    def pages(self, dataset: str, folder: str) -> "CachedPages":
        """Return what is known of one directory."""
        return CachedPages(self, dataset, folder)

    def rows(self, dataset: str, folder: str) -> list[PageRow]:
        """Return the pages of a directory in order, without their entries."""
        found = self._run(
            "SELECT last, head FROM pages WHERE dataset = ? AND dir = ? ORDER BY last", (dataset, folder)
        )
        try:
            return [PageRow(last, decode_head(head, f"{dataset}\0{folder}\0{last}")) for last, head in found]
        except (TypeError, ValueError):
            self._reset()
            return []

    def body(self, dataset: str, folder: str, last: str) -> Body | None:
        """Return the entries of a page, None if they are not known."""
        found = self._run(
            "SELECT body FROM pages WHERE dataset = ? AND dir = ? AND last = ?", (dataset, folder, last)
        )
        try:
            return decode_body(found[0][0]) if found else None
        except (TypeError, ValueError):
            self._reset()
            return None

    def page(self, node: bytes) -> Body | None:
        """Return the entries of some page whose node id is `node`."""
        found = self._run("SELECT body FROM pages WHERE node = ? LIMIT 1", (node,))
        try:
            return decode_body(found[0][0]) if found else None
        except (TypeError, ValueError):
            self._reset()
            return None

    def put(self, dataset: str, folder: str, last: str, head: Head, body: Body) -> None:
        """Remember a page; it counts after `commit`."""
        key = f"{dataset}\0{folder}\0{last}"
        self._write(_UPSERT, (dataset, folder, last, encode_head(head, key), head.node, encode_body(body)))

    def drop(self, dataset: str, folder: str, lasts: Iterable[str]) -> None:
        """Forget pages of a directory."""
        for last in lasts:
            self._write(
                "DELETE FROM pages WHERE dataset = ? AND dir = ? AND last = ?", (dataset, folder, last)
            )

    def drop_folder(self, dataset: str, folder: str) -> None:
        """Forget a directory inside a dataset and everything below it."""
        # "0" is the character after "/".
        self._write(_DROP_BELOW, (dataset, folder, f"{folder}/", f"{folder}0"))

    def forget(self, dataset: str) -> None:
        """Forget everything about a dataset."""
        self._write("DELETE FROM pages WHERE dataset = ?", (dataset,))

    def remember_snapshot(self, oid: str, rows: Sequence[Sequence[Any]]) -> None:
        """Remember what the snapshot `oid` lists, as rows of text, numbers and None.

        The last `SNAPSHOTS_KEPT` are kept; what stands under a name of other length than an id, always.
        """
        data = json.dumps([list(row) for row in rows], separators=(",", ":")).encode()
        # SQLite's integers are signed.
        self._write("INSERT OR REPLACE INTO snapshots VALUES (?, ?, ?)", (oid, data, _signed(oid, data)))
        self._write(
            "DELETE FROM snapshots WHERE length(id) = ? AND rowid <= (SELECT max(rowid) FROM snapshots) - ?",
            (DIGITS, SNAPSHOTS_KEPT),
        )

    def snapshot(self, oid: str) -> list[list[Any]] | None:
        """Return the rows that were remembered for the snapshot `oid`."""
        found = self._run("SELECT rows, checked FROM snapshots WHERE id = ?", (oid,))
        if not found:
            return None
        data, checked = found[0]
        if not isinstance(data, bytes) or checked != _signed(oid, data):
            self._reset()
            return None
        rows: list[list[Any]] = json.loads(data)
        return rows

    def commit(self) -> None:
        """Make count what was put; a storing command calls this after the store has landed."""
        if self._db is not None and self._db.in_transaction:
            self._run("COMMIT", ())

    def rollback(self) -> None:
        """Forget what was put since the last `commit`."""
        if self._db is not None and self._db.in_transaction:
            self._run("ROLLBACK", ())

    def close(self) -> None:
        """Close the file; what was put and not committed is forgotten."""
        if self._db is None:
            return
        with suppress(sqlite3.Error):
            self._db.close()
        self._db = None

    def _open(self) -> None:
        if self._path is None:
            return
        try:
            self._db = self._connect(self._path)
            self._writable = True
        except sqlite3.Error as error:
            self.close()
            if _is_damage(error):
                self._start_over(self._path)
            else:
                self._open_frozen(self._path)

    def _connect(self, path: Path) -> sqlite3.Connection:
        self._db = database = sqlite3.connect(path, timeout=BUSY_SECONDS, isolation_level=None)
        version = database.execute("PRAGMA user_version").fetchone()[0]
        # Readers go on while a long `add` writes. Nothing is synced: the checksums find what a
        # power failure tore, and what is lost is hashed again.
        database.execute("PRAGMA page_size = 16384")
        database.execute("PRAGMA journal_mode = WAL")
        database.execute("PRAGMA synchronous = OFF")
        if version != VERSION:
            database.executescript(f"BEGIN IMMEDIATE; {_SCHEMA} COMMIT;")
        return database

    def _open_frozen(self, path: Path) -> None:
        # A read-only folder has no room for the shared memory of a WAL: read the file as it is.
        try:
            self._db = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro&immutable=1", uri=True)
            if self._db.execute("PRAGMA user_version").fetchone()[0] != VERSION:
                self.close()
        except sqlite3.Error:
            self.close()

    def _run(self, sql: str, values: Sequence[object]) -> list[Any]:
        if self._db is None:
            return []
        try:
            return self._db.execute(sql, values).fetchall()
        except sqlite3.Error as error:
            if _is_damage(error):
                self._reset()
            elif not sql.startswith("SELECT"):
                # Busy, full or read-only: go on without keeping what was learnt.
                self._writable = False
                self._undo()
            return []

    def _write(self, sql: str, values: Sequence[object]) -> None:
        if self._db is None or not self._writable:
            return
        if not self._db.in_transaction:
            self._run("BEGIN IMMEDIATE", ())
        if self.writable:
            self._run(sql, values)

    def _undo(self) -> None:
        if self._db is not None and self._db.in_transaction:
            try:
                self._db.execute("ROLLBACK")
            except sqlite3.Error:
                self.close()

    def _reset(self) -> None:
        self.close()
        if self._path is not None and self._writable:
            self._start_over(self._path)

    def _start_over(self, path: Path) -> None:
        """Begin again with an empty cache, or with none where even that fails."""
        self._writable = False
        try:
            for name in (path.name, f"{path.name}-wal", f"{path.name}-shm"):
                path.with_name(name).unlink(missing_ok=True)
            self._db = self._connect(path)
            self._writable = True
        except (OSError, sqlite3.Error):
            self.close()


def _is_damage(error: sqlite3.Error) -> bool:
    code = getattr(error, "sqlite_errorcode", None)
    return code is not None and code & 0xFF in _DAMAGED


def _signed(oid: str, data: bytes) -> int:
    return checksum(oid.encode() + data) - 2**63


class Past(NamedTuple):
    """What was known of an entry.

    Attributes:
        stat: Its stat, packed.
        id: Its file id or node id.
        link: The text of a link.
        stored: Epoch at which the store held it, -1 if it is not known to.
        racy: Whether it may have changed without a trace in its stat.
        young: Whether it had changed shortly before it was looked at.
        unsure: Whether its bytes may have been lost since, in a power cut.
    """

    stat: bytes
    id: bytes
    link: str | None
    stored: int
    racy: bool
    young: bool = False
    unsure: bool = False


class CachedPages:
    """The pages of a directory as the cache has them, asked while that directory is looked at."""

    def __init__(self, cache: StatCache, dataset: str, folder: str) -> None:
        self._cache = cache
        self._dataset = dataset
        self._folder = folder
        self.rows: list[PageRow] = cache.rows(dataset, folder)
        self._heads: dict[str, Head] = dict(self.rows)

    def head(self, last: str) -> Head | None:
        """Return the head of the page that ended with `last`."""
        return self._heads.get(last)

    def lasts(self) -> set[str]:
        """Return the last names of all pages."""
        return set(self._heads)

    def around(self, first: str, last: str) -> list[PageRow]:
        """Return the pages that may have held names from `first` to `last`."""
        start = bisect_left(self.rows, first, key=_last)
        end = bisect_left(self.rows, last, key=_last)
        return self.rows[start : end + 1]

    def entries(self, rows: list[PageRow]) -> dict[str, Past]:
        """Return by name what was known of the entries of `rows`."""
        found: dict[str, Past] = {}
        for last, head in rows:
            body = self._cache.body(self._dataset, self._folder, last)
            if body is None or len(body.names) != head.entries:
                continue
            fresh = body.fresh or bytes(head.entries)
            restarted = is_of_before(head)
            for position, name in enumerate(body.names):
                times = body.stat(position)[1:3]
                found[name] = Past(
                    body.stats[position * STAT_BYTES : (position + 1) * STAT_BYTES],
                    body.ids[position * ID_BYTES : (position + 1) * ID_BYTES],
                    body.links.get(name),
                    -1 if fresh[position] else head.epoch,
                    head.racy and settles(*times) >= head.seen,
                    max(times) + SAFE_NS >= head.seen,
                    restarted and max(times) + FRESH_NS >= head.seen,
                )
        return found


def is_of_before(head: Head) -> bool:
    """Whether a page was seen before the machine was started, and not all of it was on the disk for sure."""
    return head.boot not in (LASTING, boot.session())


def _last(row: PageRow) -> str:
    return row.last
