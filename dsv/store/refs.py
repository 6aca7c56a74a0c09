"""The one mutable object of a store: branches, tags, the live indexes and what gc condemned.

It is replaced as a whole by compare-and-swap. A local store keeps more in it than a
remote one: HEAD, the staged snapshot, what is checked out, and the end of the oplog.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, NamedTuple

from dsv.errors import Corrupt
from dsv.hashing import checksum
from dsv.ids import ObjectId, parse_id
from dsv.model import canonical

VERSION = 1
MAX_BYTES = 64 << 20
"""A refs object above this is refused unread."""

WRITES_KEPT = 64

_EMPTY: Mapping[str, Any] = MappingProxyType({})


class IndexRef(NamedTuple):
    """A live index.

    Attributes:
        id: BLAKE3 of its bytes; its name is `index/<id>.arrow`.
        rows: How many objects it lists.
        size: Bytes.
        data: Whether it lists data packs; otherwise meta packs.
    """

    id: ObjectId
    rows: int
    size: int
    data: bool


class Moving(NamedTuple):
    """A change of the working tree that has begun and has not been seen to end.

    Attributes:
        before: Snapshot that was checked out when it began.
        after: Snapshot that is wanted.
        kept: Snapshot of uncommitted data that it overwrites, stored before it began.
    """

    before: ObjectId | None
    after: ObjectId | None
    kept: ObjectId | None = None


@dataclass(frozen=True, slots=True)
class Local:
    """What only a local store keeps in its refs.

    Attributes:
        branch: The branch that HEAD is attached to, or None if detached.
        detached: The commit of a detached HEAD.
        staged: The staged snapshot; None when nothing was ever staged.
        present: The snapshot of what is checked out; a dataset of HEAD that is not in it is absent.
        moving: A checkout that was begun, until its end.
        remotes: Remote-tracking refs by `REMOTE/branch`.
        oplog: Number and hash of the last oplog entry that counts; (0, "") before the first.
        git_branch: Git's branch when HEAD was attached, to see git move.
        lock_due: Whether `dsv.lock` is still to be written for this HEAD.
        dropped: Content ids whose bytes were given up on purpose; sorted.
        horizon: Seconds since 1970; gc let go of what older operations need to be undone.
        attempts: How the runs recorded here happened: the node that lists run ids and their attempts.
    """

    branch: str | None = "main"
    detached: ObjectId | None = None
    staged: ObjectId | None = None
    present: ObjectId | None = None
    moving: Moving | None = None
    remotes: Mapping[str, ObjectId] = field(default_factory=lambda: _EMPTY)
    oplog: tuple[int, str] = (0, "")
    git_branch: str | None = None
    lock_due: bool = False
    dropped: tuple[ObjectId, ...] = ()
    horizon: int = 0
    attempts: ObjectId | None = None


@dataclass(frozen=True, slots=True)
class Refs:
    """The mutable object of a store, as a frozen value.

    Attributes:
        branches: Branch name to commit id.
        tags: Tag name to commit id.
        indexes: The live indexes; an object is in the store if one of them lists it.
        condemned: Pack id to the time (seconds since 1970) at which gc condemned it.
        writes: The ids of the last writes, newest last.
        default: The default branch.
        epoch: Counts how often gc or drop took objects away.
        local: None on a remote.
    """

    branches: Mapping[str, ObjectId] = field(default_factory=lambda: _EMPTY)
    tags: Mapping[str, ObjectId] = field(default_factory=lambda: _EMPTY)
    indexes: tuple[IndexRef, ...] = ()
    condemned: Mapping[str, int] = field(default_factory=lambda: _EMPTY)
    writes: tuple[str, ...] = ()
    default: str = "main"
    epoch: int = 0
    local: Local | None = None

    @property
    def mine(self) -> Local:
        """What only this store keeps; of a remote, which keeps nothing of it, what a new store has."""
        return self.local or Local()

    @property
    def head(self) -> ObjectId | None:
        """The commit that HEAD names, None before the first commit."""
        local = self.local
        if local is None or local.branch is None:
            return local.detached if local else None
        return self.branches.get(local.branch)

    def encode(self) -> bytes:
        """Return the canonical encoding, which holds a checksum of itself without that."""
        record: canonical.Json = {
            "v": VERSION,
            "branches": dict(self.branches),
            "condemned": dict(self.condemned),
            "default": self.default,
            "epoch": self.epoch,
            "indexes": [list(index) for index in self.indexes],
            "tags": dict(self.tags),
            "writes": list(self.writes[-WRITES_KEPT:]),
        }
        if self.local is not None:
            record["local"] = _encode_local(self.local)
        record["check"] = _check(record)
        return canonical.encode(record)

    @classmethod
    def decode(cls, data: bytes, what: str = "refs") -> "Refs":
        """Return the refs that `data` encodes.

        Raises:
            Corrupt: It is not a valid refs object; `what` names it.
            TooNew: A newer dsv wrote it.
        """
        if len(data) > MAX_BYTES:
            raise Corrupt(f"{what} has {len(data)} bytes, more than any dsv writes")
        record = canonical.decode(data, what=what, version=VERSION)
        if record.pop("check", None) != _check(record):
            raise Corrupt(f"{what} does not match its checksum")
        try:
            local = record.get("local")
            return cls(
                branches=_ids(record["branches"]),
                tags=_ids(record["tags"]),
                indexes=tuple(_index(row) for row in _list(record["indexes"])),
                condemned={str(parse_id(pack)): _count(time) for pack, time in record["condemned"].items()},
                writes=tuple(_text(write) for write in _list(record["writes"])),
                default=_text(record["default"]),
                epoch=_count(record["epoch"]),
                local=None if local is None else _decode_local(local),
            )
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            raise Corrupt(f"{what} is not a valid refs object: {error}") from error


def _check(record: canonical.Json) -> str:
    # No id names the refs, so a flipped bit would pass for another branch or another commit.
    return f"{checksum(canonical.encode(record)):016x}"


def _encode_local(local: Local) -> canonical.Json:
    record: canonical.Json = {
        "branch": local.branch,
        "detached": local.detached,
        "dropped": list(local.dropped),
        "git_branch": local.git_branch,
        "horizon": local.horizon,
        "lock_due": local.lock_due,
        "moving": None if local.moving is None else list(local.moving),
        "oplog": list(local.oplog),
        "present": local.present,
        "remotes": dict(local.remotes),
        "staged": local.staged,
    }
    if local.attempts is not None:
        record["attempts"] = local.attempts
    return record


def _decode_local(record: canonical.Json) -> Local:
    moving = record["moving"]
    number, digest = record["oplog"]
    return Local(
        branch=_optional_text(record["branch"]),
        detached=_optional_id(record["detached"]),
        staged=_optional_id(record["staged"]),
        present=_optional_id(record["present"]),
        moving=None if moving is None else Moving(*(_optional_id(oid) for oid in _list(moving))),
        remotes=_ids(record["remotes"]),
        oplog=(_count(number), _text(digest)),
        git_branch=_optional_text(record["git_branch"]),
        lock_due=_flag(record["lock_due"]),
        dropped=tuple(parse_id(oid) for oid in _list(record["dropped"])),
        horizon=_count(record["horizon"]),
        attempts=_optional_id(record.get("attempts")),  # older stores have none
    )


def _index(row: list[Any]) -> IndexRef:
    oid, rows, size, data = row
    if type(rows) is not int or type(size) is not int or type(data) is not bool or rows < 0 or size < 0:
        raise ValueError("an index is malformed")
    return IndexRef(parse_id(oid), rows, size, data)


def _ids(record: Mapping[str, object]) -> Mapping[str, ObjectId]:
    return MappingProxyType({_text(name): parse_id(oid) for name, oid in record.items()})


def _optional_id(value: object) -> ObjectId | None:
    return None if value is None else parse_id(value)


def _optional_text(value: object) -> str | None:
    return None if value is None else _text(value)


def _list(value: object) -> list[Any]:
    if type(value) is not list:
        raise ValueError(f"{value!r} is not a list")
    return value


def _count(value: object) -> int:
    if type(value) is not int or value < 0:
        raise ValueError(f"{value!r} is not a count")
    return value


def _flag(value: object) -> bool:
    if type(value) is not bool:
        raise ValueError(f"{value!r} is neither true nor false")
    return value


def _text(value: object) -> str:
    if type(value) is not str:
        raise ValueError(f"{value!r} is not text")
    return value
