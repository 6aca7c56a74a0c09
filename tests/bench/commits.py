"""Many small commits, and if wanted a push of each: `python -m tests.bench.commits FOLDER COUNT [push]`.

FOLDER is a workspace, whose branch `main` gets COUNT commits of ten datasets; each changes one of them. All
is done through dsv's library in one process, which spares the start of thousands of them. What is pushed,
and how, is what `dsv push` does after each commit.
"""

import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from dsv.hashing import Kind
from dsv.ids import ObjectId
from dsv.model import node as nodes
from dsv.model.checkpoint import Checkpoint
from dsv.model.commit import Commit
from dsv.model.node import CHECKPOINT, FILE, Entry
from dsv.model.origin import Source
from dsv.remotes.remote import connect
from dsv.remotes.send import Update, send
from dsv.store.refs import Refs
from dsv.store.writer import Writer
from dsv.versions import stage
from dsv.workspace import Workspace

DATASETS = 10


def commits(writer: Writer, count: int) -> Iterator[tuple[ObjectId, ObjectId]]:
    """Write commits, each following the one before; yield the id of each, and of its snapshot."""
    now: dict[str, ObjectId] = {}
    parents: tuple[ObjectId, ...] = ()
    for number in range(count):
        path = f"table-{number % DATASETS}.csv"
        body = "day,value\n" + "".join(f"{number},{n}\n" for n in range(200))
        content = writer.put(Kind.SEGMENT, body.encode())
        source = writer.put(Kind.SOURCE, Source(path).encode())
        now[path] = stage.put(writer, Checkpoint(content, FILE, len(body), 1, None, source)).id
        entries = [Entry(name, CHECKPOINT, oid) for name, oid in sorted(now.items())]
        snapshot = nodes.build(entries, lambda data: writer.put(Kind.NODE, data))
        record = Commit(snapshot, parents, "ada", f"day {number}", 1_700_000_000 + number, 0)
        parents = (writer.put(Kind.COMMIT, record.encode()),)
        yield parents[0], snapshot


def make(root: Path, count: int, *, pushing: bool) -> None:
    """Make `count` commits in the workspace `root`; push each of them, the oldest first."""
    workspace = Workspace.discover(root)
    with workspace.repo.writer() as writer:
        made = list(commits(writer, count))
        head, snapshot = made[-1]

        def change(found: Refs, _: Writer) -> Refs:
            local = replace(found.mine, branch="main", staged=snapshot)
            return replace(found, branches={"main": head}, local=local)

        workspace.publish("commits", change, writer=writer)
    workspace.write_lock()
    if pushing:
        remote = connect(workspace, create=True)
        for oid, _ in made:
            remote.load()
            send(workspace, remote, [Update("main", False, oid, False)])


if __name__ == "__main__":
    make(Path(sys.argv[1]), int(sys.argv[2]), pushing=sys.argv[3:] == ["push"])
