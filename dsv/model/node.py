"""Nodes: the lists of names that make directories and snapshots.

A node is a leaf (entries sorted by the UTF-8 bytes of their names) or, above 4,096
entries, a list of pages, each a node of its own. Pages are cut after each name whose
BLAKE3 starts with 12 zero bits (24 for pages of pages, and so on), so where one name
comes or goes only its own page changes, and equal lists have equal ids whatever their
history (the idea of prolly trees).
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, NamedTuple

from dsv.errors import Corrupt
from dsv.hashing import Kind, leading_zero_bits, object_id
from dsv.ids import ObjectId, is_id
from dsv.model import canonical

LEAF_LIMIT = 4096
BITS_PER_LEVEL = 12
MAX_LEVEL = 3
"""Levels of pages; above the third no name could end a page, as its hash would need 36 zero bits of 32."""

FILE = "file"
EXEC = "exec"
LINK = "link"
DIR = "dir"
CHECKPOINT = "checkpoint"
ATTEMPT = "attempt"
_KINDS = frozenset({FILE, EXEC, LINK, DIR, CHECKPOINT, ATTEMPT})


class Entry(NamedTuple):
    """One name in a node.

    Attributes:
        name: A file name; in a snapshot the path of a dataset; in a list of attempts the id of a run.
        kind: `FILE`, `EXEC`, `LINK`, `DIR`, in a snapshot `CHECKPOINT`, in a list of attempts `ATTEMPT`.
        target: A file id, a node id, a checkpoint id, an attempt id; for a link the text it holds.
    """

    name: str
    kind: str
    target: str


class Page(NamedTuple):
    """A node that is a stretch of a larger one.

    Attributes:
        last: The last name in it.
        entries: How many entries it has, all levels below included.
        id: Its node id.
    """

    last: str
    entries: int
    id: ObjectId


@dataclass(frozen=True, slots=True)
class Leaf:
    """A node that lists its entries itself."""

    entries: tuple[Entry, ...]


@dataclass(frozen=True, slots=True)
class Pages:
    """A node that lists the nodes which hold its entries."""

    level: int
    pages: tuple[Page, ...]


Node = Leaf | Pages
Get = Callable[[ObjectId], Node]
Put = Callable[[bytes], ObjectId]


def encode(node: Node) -> bytes:
    """Return the canonical encoding of `node`, which its id hashes."""
    if isinstance(node, Leaf):
        return canonical.encode({"v": 1, "entries": [list(entry) for entry in node.entries]})
    return canonical.encode({"v": 1, "level": node.level, "pages": [list(page) for page in node.pages]})


def decode(data: bytes | memoryview, oid: ObjectId) -> Node:
    """Return the node whose id is `oid`.

    Raises:
        Corrupt: `data` has another id, is no valid node, or holds a name that could not
            have come from a directory (empty, `..`, a slash at either end, NUL).
        TooNew: It was written by a newer dsv.
    """
    what = f"node {oid}"
    if object_id(Kind.NODE, data) != oid:
        raise Corrupt(f"{what} has other bytes than its id says")
    record = canonical.decode(data, what=what)
    try:
        node = _parse(record)
    except (TypeError, ValueError, KeyError) as error:
        raise Corrupt(f"{what} is not a valid node: {error}") from error
    return node


def id_of(node: Node) -> ObjectId:
    """Return the id of `node`."""
    return object_id(Kind.NODE, encode(node))


EMPTY = id_of(Leaf(()))
"""The node of no entries: an empty directory, an empty snapshot."""


def is_boundary(name: str, level: int = 1) -> bool:
    """Whether a page of `level` (1: of entries) ends after `name`."""
    return leading_zero_bits(name.encode()) >= BITS_PER_LEVEL * level


def cut(entries: Sequence[Entry]) -> Iterator[Sequence[Entry]]:
    """Yield the pages of `entries`, which are sorted and more than a leaf may hold."""
    start = 0
    for position, entry in enumerate(entries, 1):
        if is_boundary(entry.name):
            yield entries[start:position]
            start = position
    if start < len(entries):
        yield entries[start:]


def build(entries: Sequence[Entry], put: Put) -> ObjectId:
    """Store the node that lists `entries`, which are sorted, and return its id."""
    if len(entries) <= LEAF_LIMIT:
        return put(encode(Leaf(tuple(entries))))
    return join([put_page(page, put) for page in cut(entries)], put)


def put_page(entries: Sequence[Entry], put: Put) -> Page:
    """Store `entries` as one page."""
    return Page(entries[-1].name, len(entries), put(encode(Leaf(tuple(entries)))))


def join(pages: Sequence[Page], put: Put) -> ObjectId:
    """Store the node of more than `LEAF_LIMIT` entries that consists of `pages`; return its id."""
    level = 1
    current = list(pages)
    while len(current) > LEAF_LIMIT:
        upper: list[Page] = []
        group: list[Page] = []
        for page in current:
            group.append(page)
            if is_boundary(page.last, level + 1):
                upper.append(_put_group(level, group, put))
                group = []
        if group:
            upper.append(_put_group(level, group, put))
        if len(upper) == len(current):
            break
        current = upper
        level += 1
    return put(encode(Pages(level, tuple(current))))


def _put_group(level: int, group: Sequence[Page], put: Put) -> Page:
    return Page(group[-1].last, sum(page.entries for page in group), put(encode(Pages(level, tuple(group)))))


def _parse(record: canonical.Json) -> Node:
    if record.keys() == {"v", "entries"}:
        entries = tuple(Entry(*_row(row)) for row in record["entries"])
        for entry in entries:
            _check_entry(entry)
        _check_order([entry.name for entry in entries])
        return Leaf(entries)
    if record.keys() != {"v", "level", "pages"}:
        raise ValueError("neither entries nor pages")
    pages = tuple(Page(*_row(row)) for row in record["pages"])
    if type(record["level"]) is not int or not 1 <= record["level"] <= MAX_LEVEL or not pages:
        raise ValueError("no level or no pages")
    for page in pages:
        if not (type(page.last) is str and type(page.entries) is int and page.entries > 0 and is_id(page.id)):
            raise ValueError("a page is malformed")
    _check_order([page.last for page in pages])
    return Pages(record["level"], pages)


def _row(row: object) -> list[Any]:
    if type(row) is not list:
        raise ValueError(f"{row!r} is not a row")
    return row


def _check_entry(entry: Entry) -> None:
    name, kind, target = entry
    if kind not in _KINDS or type(target) is not str or (kind != LINK and not is_id(target)):
        raise ValueError(f"entry {name!r} is malformed")
    if not safe_name(name, slashes=kind == CHECKPOINT):
        raise ValueError(f"name {name!r} could lead out of its folder")


def safe_name(name: object, *, slashes: bool) -> bool:
    """Whether `name` stays inside the folder that it is put in; `slashes`: it may be a path."""
    if type(name) is not str or not name or "\0" in name:
        return False
    parts = name.split("/") if slashes else [name]
    return all(part not in {"", ".", ".."} and "/" not in part for part in parts)


def _check_order(names: Sequence[str]) -> None:
    if any(second <= first for first, second in pairwise(names)):
        raise ValueError("names are not in order")
