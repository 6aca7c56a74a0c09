"""Stores as somebody evil would write them, made with dsv's own writer."""

from collections.abc import Callable, Sequence
from dataclasses import replace

from dsv.hashing import Kind, file_id
from dsv.ids import ObjectId
from dsv.model import canonical
from dsv.model.checkpoint import Checkpoint
from dsv.model.commit import Commit
from dsv.model.node import CHECKPOINT
from dsv.model.origin import Source
from dsv.store.refs import Refs
from dsv.store.writer import Writer
from dsv.workspace import Workspace
from tests.robustness.lab_fixtures import Lab

Row = tuple[str, str, str]


class Forger:
    """Writes records without asking whether dsv would."""

    def __init__(self, session: Writer) -> None:
        self.session = session

    def raw(self, kind: Kind, record: canonical.Json) -> ObjectId:
        return self.session.put(kind, canonical.encode({"v": 1, **record}))

    def file(self, content: bytes = b"evil") -> ObjectId:
        oid = file_id(content)
        self.session.add(Kind.SEGMENT, oid, content)
        return oid

    def node(self, *entries: Row) -> ObjectId:
        return self.raw(Kind.NODE, {"entries": [list(entry) for entry in entries]})

    def pages(self, level: int, *pages: tuple[str, int, str]) -> ObjectId:
        return self.raw(Kind.NODE, {"level": level, "pages": [list(page) for page in pages]})

    def checkpoint(self, content: ObjectId, kind: str = "file", size: int = 4, files: int = 1) -> ObjectId:
        origin = self.session.put(Kind.SOURCE, Source("evil").encode())
        return self.session.put(
            Kind.CHECKPOINT, Checkpoint(content, kind, size, files, None, origin).encode()
        )

    def snapshot(self, *datasets: tuple[str, ObjectId]) -> ObjectId:
        return self.node(*((path, CHECKPOINT, oid) for path, oid in datasets))


def commit(lab: Lab, forge: Callable[[Forger], ObjectId], branch: str = "evil") -> None:
    """Put a branch into the store whose commit has the snapshot that `forge` makes."""
    workspace = Workspace(lab.folder)

    def change(found: Refs, session: Writer) -> Refs:
        record = Commit(forge(Forger(session)), (), "Eve", "evil", 1, 0)
        oid = session.put(Kind.COMMIT, record.encode())
        return replace(found, branches={**found.branches, branch: oid})

    workspace.publish("evil", change)


def one_file(forger: Forger, *paths: str) -> ObjectId:
    """Return a snapshot that has a file at each path."""
    oid = forger.checkpoint(forger.file())
    return forger.snapshot(*((path, oid) for path in sorted(paths)))


def folder(forger: Forger, *entries: Row, size: int = 4) -> ObjectId:
    """Return a snapshot with the dataset `d`, a folder of `entries`."""
    return forger.snapshot(("d", forger.checkpoint(forger.node(*entries), "dir", size)))


def nested(forger: Forger, depth: int) -> ObjectId:
    """Return a snapshot with folders inside each other."""
    node = forger.node(("x", "file", forger.file()))
    for _ in range(depth):
        node = forger.node(("n", "dir", node))
    return forger.snapshot(("d", forger.checkpoint(node, "dir")))


def paged(forger: Forger, levels: Sequence[int]) -> ObjectId:
    """Return a snapshot with a folder whose pages have pages, of these levels from below."""
    node = forger.node(("x", "file", forger.file()))
    for level in levels:
        node = forger.pages(level, ("x", 1, node))
    return forger.snapshot(("d", forger.checkpoint(node, "dir")))


def recipe(forger: Forger, oid: ObjectId, parts: Sequence[tuple[str, int]], size: int) -> ObjectId:
    """Return a snapshot with a file that is said to consist of `parts`."""
    data = canonical.encode({"v": 1, "parts": [list(part) for part in parts]})
    forger.session.add(Kind.RECIPE, oid, data)
    return forger.snapshot(("f", forger.checkpoint(oid, "file", size)))
