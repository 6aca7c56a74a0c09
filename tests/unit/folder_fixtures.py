"""Folders as nested dictionaries, and as nodes in a dictionary."""

from collections.abc import Iterator

from hypothesis import strategies as st

from dsv.hashing import Kind, file_id, object_id
from dsv.ids import ObjectId
from dsv.model import node
from dsv.model.node import DIR, FILE, Entry, Node

Folder = dict[str, "str | Folder"]
"""By name the text of a file, or a folder."""


class Nodes:
    """Nodes in a dictionary."""

    def __init__(self) -> None:
        self.data: dict[ObjectId, bytes] = {}

    def get(self, oid: ObjectId) -> Node:
        return node.decode(self.data[oid], oid)

    def put(self, data: bytes) -> ObjectId:
        oid = object_id(Kind.NODE, data)
        self.data[oid] = data
        return oid

    def build(self, folder: Folder) -> ObjectId:
        entries = [
            Entry(name, FILE, file_id(item.encode()))
            if isinstance(item, str)
            else Entry(name, DIR, self.build(item))
            for name, item in sorted(folder.items())
        ]
        return node.build(entries, self.put)


FOLDERS: st.SearchStrategy[Folder] = st.recursive(
    st.dictionaries(st.sampled_from("abcd"), st.sampled_from("123"), max_size=4),
    lambda inner: st.dictionaries(st.sampled_from("abcd"), st.sampled_from("123") | inner, max_size=4),
    max_leaves=5,
)


def leaves(folder: Folder, prefix: str = "") -> Iterator[tuple[str, str | None]]:
    """Yield what a folder holds: files with their text, empty folders with None."""
    for name, item in folder.items():
        if isinstance(item, str):
            yield prefix + name, item
        elif not item:
            yield prefix + name, None
        else:
            yield from leaves(item, f"{prefix}{name}/")


def merge(base: Folder, ours: Folder, theirs: Folder) -> Folder | None:
    """Return the merge, name by name; None if something changed on both sides, and differently."""
    merged: Folder = {}
    for name in {*base, *ours, *theirs}:
        old, mine, other = base.get(name), ours.get(name), theirs.get(name)
        chosen: str | Folder | None
        if other in (mine, old):
            chosen = mine
        elif mine == old:
            chosen = other
        elif isinstance(mine, dict) and isinstance(other, dict):
            chosen = merge(old if isinstance(old, dict) else {}, mine, other)
            if chosen is None:
                return None
        else:
            return None
        if chosen is not None:
            merged[name] = chosen
    return merged
