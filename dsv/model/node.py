"""Nodes: the lists of names that make directories and snapshots.

A node is a leaf (entries sorted by the UTF-8 bytes of their names) or, above 4,096
entries, a list of pages, each a node of its own. Pages are cut after each name whose
BLAKE3 starts with 12 zero bits (24 for pages of pages, and so on), so where one name
comes or goes only its own page changes, and equal lists have equal ids whatever their
history (the idea of prolly trees).
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, NamedTuple

from dsv.errors import Corrupt
from dsv.hashing import Kind, leading_zero_bits, object_id
from dsv.ids import ObjectId, is_id
from dsv.model import canonical

LEAF_LIMIT = 4096
BITS_PER_LEVEL = 12
MAX_DEPTH = 250
"""Folders inside folders; each level costs stack."""

_DATASET_DEPTH = 50
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


def walk(root: ObjectId, get: Get) -> Iterator[Entry]:
    """Yield the entries of a node in order, page by page."""
    for page in leaves(root, get):
        yield from _leaf(page.id, get).entries


def find(root: ObjectId, name: str, get: Get) -> Entry | None:
    """Return the entry called `name`, reading one page of each level."""
    node = get(root)
    while isinstance(node, Pages):
        below = next((page for page in node.pages if name <= page.last), None)
        if below is None:
            return None
        node = get(below.id)
    return next((entry for entry in node.entries if entry.name == name), None)


def find_path(root: ObjectId, path: str, get: Get) -> Entry | None:
    """Return the entry at `path`, with `/` between names, below the directory `root`."""
    *folders, name = path.split("/")
    for folder in folders:
        entry = find(root, folder, get)
        if entry is None or entry.kind != DIR:
            return None
        root = ObjectId(entry.target)
    return find(root, name, get)


def files(root: ObjectId, get: Get, prefix: str = "") -> Iterator[tuple[str, Entry]]:
    """Yield path and entry of each file below a directory, depth first; links are not followed.

    Raises:
        Corrupt: It is deeper than any that dsv records.
    """
    check_depth(prefix)
    for entry in walk(root, get):
        if entry.kind == DIR:
            yield from files(ObjectId(entry.target), get, f"{prefix}{entry.name}/")
        elif entry.kind in {FILE, EXEC}:
            yield prefix + entry.name, entry


def check_depth(path: str) -> None:
    """Check that a directory may be so deep; its path, that of the dataset included or not, ends with `/`.

    Raises:
        Corrupt: It may not.
    """
    if path.count("/") > MAX_DEPTH + _DATASET_DEPTH:
        raise Corrupt(f"{path[:80]}... is more than {MAX_DEPTH} folders deep, which dsv never records")


def count(root: ObjectId, get: Get) -> int:
    """Return how many entries a node has, without reading its pages."""
    node = get(root)
    if isinstance(node, Leaf):
        return len(node.entries)
    return sum(page.entries for page in node.pages)


def leaves(root: ObjectId, get: Get, above: int = MAX_LEVEL + 1) -> Iterator[Page]:
    """Yield the pages of entries of a node in order; a node that is a leaf is its own page.

    Raises:
        Corrupt: Pages have pages of a level that is not below their own.
    """
    node = get(root)
    if isinstance(node, Pages) and node.level >= above:
        raise Corrupt(f"node {root} has level {node.level}, where less than {above} can be")
    if isinstance(node, Leaf):
        if node.entries:
            yield Page(node.entries[-1].name, len(node.entries), root)
    else:
        yield from _below(node, get)


def compare(
    before: ObjectId | None, after: ObjectId | None, get: Get
) -> Iterator[tuple[Entry | None, Entry | None]]:
    """Yield what differs between two nodes, in order of names; pages that both share are not read."""
    if before == after:
        return
    old = list(leaves(before, get)) if before else []
    new = list(leaves(after, get)) if after else []
    shared = {page.id for page in old} & {page.id for page in new}
    olds = _entries((page for page in old if page.id not in shared), get)
    news = _entries((page for page in new if page.id not in shared), get)
    left, right = next(olds, None), next(news, None)
    while left is not None or right is not None:
        if right is None or (left is not None and left.name < right.name):
            yield left, None
            left = next(olds, None)
        elif left is None or right.name < left.name:
            yield None, right
            right = next(news, None)
        else:
            if left != right:
                yield left, right
            left, right = next(olds, None), next(news, None)


def edit(root: ObjectId, changes: Mapping[str, Entry | None], get: Get, put: Put) -> ObjectId:
    """Store a node like `root` with `changes` made, and return its id.

    Pages that hold none of the changed names are neither read nor written.

    Args:
        root: The node to start from.
        changes: By name the entry that it shall have, or None to remove it.
        get: Reads a node.
        put: Stores an encoded node.
    """
    node = get(root)
    if isinstance(node, Leaf):
        return build(_merge(node.entries, changes), put)
    pages: list[Page] = []
    carry: list[Entry] = []
    pending = sorted(changes)
    for page in leaves(root, get):
        mine = 0
        while mine < len(pending) and pending[mine] <= page.last:
            mine += 1
        if not mine and not carry:
            pages.append(page)
            continue
        merged = _merge(_leaf(page.id, get).entries, {name: changes[name] for name in pending[:mine]})
        pending = pending[mine:]
        carry = _flush([*carry, *merged], pages, put)
    if pending:
        if pages and not carry and not is_boundary(pages[-1].last):
            carry = list(_leaf(pages.pop().id, get).entries)
        carry = _flush([*carry, *_merge((), {name: changes[name] for name in pending})], pages, put)
    if carry:
        pages.append(put_page(carry, put))
    total = sum(page.entries for page in pages)
    if total > LEAF_LIMIT:
        return join(pages, put)
    return build([entry for page in pages for entry in _leaf(page.id, get).entries], put)


def _flush(entries: Sequence[Entry], pages: list[Page], put: Put) -> list[Entry]:
    """Store the complete pages in `entries`; return what follows the last boundary."""
    for page in cut(entries):
        if not is_boundary(page[-1].name):
            return list(page)
        pages.append(put_page(page, put))
    return []


def _merge(entries: Iterable[Entry], changes: Mapping[str, Entry | None]) -> list[Entry]:
    by_name: dict[str, Entry | None] = {entry.name: entry for entry in entries}
    by_name.update(changes)
    return [entry for _, entry in sorted(by_name.items()) if entry is not None]


def _entries(pages: Iterable[Page], get: Get) -> Iterator[Entry]:
    for page in pages:
        yield from _leaf(page.id, get).entries


def _below(node: Pages, get: Get) -> Iterator[Page]:
    if node.level == 1:
        yield from node.pages
        return
    for page in node.pages:
        lower = get(page.id)
        if not isinstance(lower, Pages) or lower.level != node.level - 1:
            raise Corrupt(f"node {page.id} is listed as pages of level {node.level - 1} and is not")
        yield from _below(lower, get)


def _leaf(oid: ObjectId, get: Get) -> Leaf:
    node = get(oid)
    if not isinstance(node, Leaf):
        raise Corrupt(f"node {oid} is listed as a page of entries and is not one")
    return node


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
