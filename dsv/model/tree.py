"""Trees of nodes: walked, searched, compared and edited, reading no more pages than are needed."""

from collections.abc import Iterable, Iterator, Mapping, Sequence

from dsv.errors import Corrupt
from dsv.ids import ObjectId
from dsv.model.node import (
    DIR,
    EXEC,
    FILE,
    LEAF_LIMIT,
    MAX_LEVEL,
    Entry,
    Get,
    Leaf,
    Page,
    Pages,
    Put,
    build,
    cut,
    is_boundary,
    join,
    put_page,
)

MAX_DEPTH = 250
"""Folders inside folders; each level costs stack."""

_DATASET_DEPTH = 50


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
