"""What is remembered of the lineage graph, so that a question need not read every record again.

An SQLite file that can be made again at any time. It has rows of two sorts: copies of
records, which stay true for ever, as a record never changes; and the index of what was made
from what, which covers the commits that it lists and is emptied when one of those cannot be
reached any more. Every copy has a checksum; whatever is damaged, the file is given up.
"""

import json
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, nullcontext, suppress
from pathlib import Path
from typing import Any, TypeVar

from dsv.hashing import checksum
from dsv.ids import ObjectId
from dsv.lineage.graph import NodeId, Version, packed, unpacked

NAME = "lineage"
"""The file below `.dsv/cache`."""

VERSION = 2
BUSY_SECONDS = 2.0
"""How long to wait for another process that is writing."""

_T = TypeVar("_T")
_EMPTY = (
    "DELETE FROM commits",
    "DELETE FROM indexed",
    "DELETE FROM used",
    "DELETE FROM derived",
    "DELETE FROM versions",
    "DELETE FROM state",
)
# Codes that say that the file cannot be had just now, as opposed to being no good.
_PASSING = {
    sqlite3.SQLITE_BUSY,
    sqlite3.SQLITE_LOCKED,
    sqlite3.SQLITE_READONLY,
    sqlite3.SQLITE_CANTOPEN,
    sqlite3.SQLITE_FULL,
    sqlite3.SQLITE_IOERR,
    sqlite3.SQLITE_PERM,
}
_SCHEMA = f"""
DROP TABLE IF EXISTS copies;
DROP TABLE IF EXISTS commits;
DROP TABLE IF EXISTS indexed;
DROP TABLE IF EXISTS used;
DROP TABLE IF EXISTS derived;
DROP TABLE IF EXISTS versions;
DROP TABLE IF EXISTS state;
CREATE TABLE copies (sort TEXT, key INTEGER, body TEXT, checked INTEGER, PRIMARY KEY (sort, key)) WITHOUT ROWID;
CREATE TABLE commits (id TEXT PRIMARY KEY, parents TEXT) WITHOUT ROWID;
CREATE TABLE indexed (origin INTEGER PRIMARY KEY);
CREATE TABLE used (version INTEGER, run TEXT, path TEXT, PRIMARY KEY (version, run, path)) WITHOUT ROWID;
CREATE TABLE derived (origin INTEGER, source TEXT, PRIMARY KEY (origin, source)) WITHOUT ROWID;
CREATE TABLE versions (path TEXT, version INTEGER, origin INTEGER, content INTEGER, body TEXT, checked INTEGER,
    PRIMARY KEY (path, version)) WITHOUT ROWID;
CREATE INDEX versions_by_origin ON versions (origin);
CREATE INDEX versions_by_content ON versions (content);
CREATE TABLE state (name TEXT PRIMARY KEY, value TEXT) WITHOUT ROWID;
PRAGMA user_version = {VERSION};
"""


class Unusable(Exception):
    """The ledger is damaged, or cannot be had just now.

    Attributes:
        damaged: Whether making it again helps.
    """

    def __init__(self, message: str, *, damaged: bool) -> None:
        super().__init__(message)
        self.damaged = damaged


class GraphMemory:
    """The ledger in the file `path`, made if missing; None keeps nothing beyond this object's life.

    Raises, as each of its methods:
        Unusable: It is damaged, or cannot be written.
    """

    def __init__(self, path: Path | None) -> None:
        with _told():
            self._db = sqlite3.connect(
                ":memory:" if path is None else path, timeout=BUSY_SECONDS, isolation_level=None
            )
            try:
                # Nothing is synced: what a power failure tears is found by checksums and made again.
                self._db.execute("PRAGMA page_size = 16384")
                self._db.execute("PRAGMA synchronous = OFF")
                self._db.execute("PRAGMA journal_mode = WAL")
                if self._db.execute("PRAGMA user_version").fetchone()[0] != VERSION:
                    self._db.executescript(f"BEGIN IMMEDIATE; {_SCHEMA} COMMIT;")
            except sqlite3.Error:
                self.close()
                raise

    def close(self) -> None:
        """Close the file."""
        with suppress(sqlite3.Error):
            self._db.close()

    @contextmanager
    def changes(self, *, keep: bool = True) -> Iterator[None]:
        """Make all that is written inside count at once; not at all after an error, or unless `keep`."""
        with _told():
            self._db.execute("BEGIN IMMEDIATE")
        done = False
        try:
            yield
            done = keep
        finally:
            with _told():
                self._db.execute("COMMIT" if done else "ROLLBACK")

    # Copies of records

    def copies(self, sort: str, keys: Iterable[int]) -> Iterator[Any]:
        """Yield the copies of `sort` that are kept under `keys`, in any order."""
        rows = self._all(
            "SELECT key, body, checked FROM copies WHERE sort = ? AND key IN (SELECT value FROM json_each(?))",
            (sort, _list(keys)),
        )
        for key, body, checked in rows:
            yield _opened(body, checked, f"{sort}{key}")

    def keep_copies(self, sort: str, bodies: Iterable[tuple[int, Any]]) -> None:
        """Keep copies, each by its key."""
        rows = (
            (sort, key, text, _sum(text, f"{sort}{key}"))
            for key, body in bodies
            for text in (json.dumps(body, separators=(",", ":")),)
        )
        self._many("INSERT OR REPLACE INTO copies VALUES (?, ?, ?, ?)", rows)

    # The index

    def empty_index(self) -> None:
        """Forget the index; copies stay."""
        for statement in _EMPTY:
            self._all(statement)

    def commits(self) -> dict[ObjectId, tuple[ObjectId, ...]]:
        """Return the commits that the index covers, with the parents of each."""
        return {
            ObjectId(oid): tuple(map(ObjectId, parents.split()))
            for oid, parents in self._all("SELECT id, parents FROM commits")
        }

    def add_commits(self, commits: Iterable[tuple[ObjectId, Sequence[ObjectId]]]) -> None:
        """Note that commits are covered."""
        rows = ((oid, " ".join(parents)) for oid, parents in commits)
        self._many("INSERT OR REPLACE INTO commits VALUES (?, ?)", rows)

    def state(self, name: str) -> str | None:
        """Return what was noted under `name`."""
        found = self._all("SELECT value FROM state WHERE name = ?", (name,))
        return found[0][0] if found else None

    def note(self, name: str, value: str) -> None:
        """Note something under `name`."""
        self._all("INSERT OR REPLACE INTO state VALUES (?, ?)", (name, value))

    def not_indexed(self, origins: Iterable[ObjectId]) -> list[ObjectId]:
        """Return those of `origins` that the index does not cover."""
        wanted = {number(oid): oid for oid in origins}
        sql = "SELECT origin FROM indexed WHERE origin IN (SELECT value FROM json_each(?))"
        for (found,) in self._all(sql, (_list(wanted),)):
            del wanted[found]
        return list(wanted.values())

    def add_origins(
        self,
        origins: Iterable[ObjectId],
        used: Iterable[tuple[int, NodeId, str]],
        derived: Iterable[tuple[int, ObjectId]],
    ) -> None:
        """Cover origins.

        Args:
            origins: Runs and sources.
            used: Which version (`mark`) each run read, and where.
            derived: Which origin (`number`) each source goes back to.
        """
        self._many("INSERT OR IGNORE INTO indexed VALUES (?)", ((number(oid),) for oid in origins))
        self._many("INSERT OR IGNORE INTO used VALUES (?, ?, ?)", used)
        self._many("INSERT OR IGNORE INTO derived VALUES (?, ?)", derived)

    def add_versions(self, versions: Iterable[Version]) -> None:
        """Cover versions."""

        def rows() -> Iterator[tuple[object, ...]]:
            for found in versions:
                text = json.dumps(packed(found), separators=(",", ":"))
                key = mark(found.content, found.origin)
                yield (
                    found.path,
                    key,
                    number(found.origin),
                    number(found.content),
                    text,
                    _sum(text, found.path),
                )

        self._many("INSERT OR IGNORE INTO versions VALUES (?, ?, ?, ?, ?, ?)", rows())

    def versions_at(self, path: str) -> list[Version]:
        """Return all versions that were ever at `path`."""
        rows = self._all("SELECT path, body, checked FROM versions WHERE path = ?", (path,))
        return [unpacked(_opened(body, checked, place)) for place, body, checked in rows]

    def versions_from(self, origins: Iterable[ObjectId]) -> Iterator[Version]:
        """Yield the versions that came from `origins`."""
        sql = "SELECT path, body, checked FROM versions WHERE origin IN (SELECT value FROM json_each(?))"
        for path, body, checked in self._all(sql, (_list(map(number, origins)),)):
            yield unpacked(_opened(body, checked, path))

    def versions_with(self, contents: Iterable[ObjectId]) -> Iterator[Version]:
        """Yield the versions that hold the data `contents`."""
        sql = "SELECT path, body, checked FROM versions WHERE content IN (SELECT value FROM json_each(?))"
        for path, body, checked in self._all(sql, (_list(map(number, contents)),)):
            yield unpacked(_opened(body, checked, path))

    def paths(self) -> list[str]:
        """Return every path that ever was one of a dataset, in order."""
        return [path for (path,) in self._all("SELECT DISTINCT path FROM versions ORDER BY path")]

    def users(self, marks: Iterable[int]) -> list[tuple[int, NodeId, str]]:
        """Return who read a version that has one of `marks`: that mark, the run, and the path there."""
        sql = "SELECT version, run, path FROM used WHERE version IN (SELECT value FROM json_each(?))"
        return self._all(sql, (_list(marks),))

    def derived(self, origins: Iterable[ObjectId]) -> list[ObjectId]:
        """Return the sources that go back to `origins`."""
        sql = "SELECT DISTINCT source FROM derived WHERE origin IN (SELECT value FROM json_each(?))"
        return [ObjectId(oid) for (oid,) in self._all(sql, (_list(map(number, origins)),))]

    def _all(self, sql: str, values: Sequence[object] = ()) -> list[Any]:
        with _told():
            return self._db.execute(sql, values).fetchall()

    def _many(self, sql: str, rows: Iterable[Sequence[object]]) -> None:
        with nullcontext() if self._db.in_transaction else self.changes(), _told():
            self._db.executemany(sql, rows)


def number(oid: ObjectId) -> int:
    """Return the key under which an object is kept: the start of its id, as SQLite takes integers."""
    return int(oid[:16], 16) - 2**63


def mark(content: ObjectId, origin: ObjectId) -> int:
    """Return the key of the data with that content and origin: as good as 60 bits of their hashes."""
    return int(content[:15], 16) ^ int(origin[:15], 16)


def plain_mark(content: ObjectId) -> int:
    """Return the key of data that was in git when a run read it: its content alone."""
    return int(content[:15], 16)


def _sum(text: str, where: str) -> int:
    return checksum(f"{where}\0{text}".encode()) - 2**63


def _opened(body: object, checked: object, where: str) -> Any:
    if not isinstance(body, str) or checked != _sum(body, where):
        raise Unusable("a row does not match its checksum", damaged=True)
    return json.loads(body)


def _list(keys: Iterable[int]) -> str:
    return json.dumps(list(keys))


@contextmanager
def _told() -> Iterator[None]:
    try:
        yield
    except (sqlite3.Error, UnicodeDecodeError) as error:
        code = getattr(error, "sqlite_errorcode", None)
        damaged = code is not None and code & 0xFF not in _PASSING
        raise Unusable(str(error), damaged=damaged) from error


def using(folder: Path, work: Callable[[GraphMemory], _T]) -> _T:
    """Return what `work` makes of the ledger in `folder`: of a new one if it is damaged, of one in memory if need be.

    `work` may run again, and raises nothing but `Unusable` for the ledger's sake.
    """
    path = folder / NAME
    for again in (False, True):
        try:
            folder.mkdir(exist_ok=True)
            if again:
                for name in (NAME, f"{NAME}-wal", f"{NAME}-shm"):
                    folder.joinpath(name).unlink(missing_ok=True)
            return _use(GraphMemory(path), work)
        except OSError:
            break
        except Unusable as error:
            if not error.damaged:
                break
    return _use(GraphMemory(None), work)


def _use(ledger: GraphMemory, work: Callable[[GraphMemory], _T]) -> _T:
    try:
        return work(ledger)
    finally:
        ledger.close()
