"""Makes `store-v1`, a small store that every later dsv must be able to read.

Run once for each version of the format, from the top of the project:

    python -m tests.golden.make

It writes `tests/golden/store-v1/` (the store, without a working tree) and `store-v1.json`
(the ids that it must give). Neither is ever made again for the same version: a change of
today's code that makes their tests fail is a change of the format. Commits tell the time
and packs hold random bytes, so another run gives other ids.
"""

import json
import shutil
import tempfile
from pathlib import Path

from dsv.ops.add import add
from dsv.ops.branch import create
from dsv.ops.checkout import checkout
from dsv.ops.commit import commit
from dsv.ops.gc import gc
from dsv.ops.init import init
from dsv.ops.log import log
from dsv.ops.merge import merge
from dsv.ops.show import show_dataset
from dsv.records import dataset_names
from dsv.store.repository import Repository
from dsv.workspace import Workspace

HERE = Path(__file__).parent
AUTHOR = "Grace Hopper <grace@example.org>"
MANY = 4200
"""Files in a folder that is long enough to be cut into pages."""


def words(count: int) -> bytes:
    """Return a file of several segments that compresses well."""
    return b"".join(b"%07d,%d\n" % (number, number * number % 97) for number in range(count))


def table(rows: int) -> bytes:
    """Return a CSV file of numbers, text and holes."""
    lines = [
        b"id,name,share",
        *(b"%d,name %d,%s" % (n, n, b"" if n % 3 else b"%d.5" % n) for n in range(rows)),
    ]
    return b"\n".join(lines) + b"\n"


def expected() -> dict[str, dict[str, bytes]]:
    """Return by revision and path the bytes of files that the store holds."""
    first = {
        "big.txt": words(20_000),
        "table.csv": table(20),
        "tree:plain é \U0001f600": b"plain",
        "tree:inner/run.sh": b"#!/bin/sh\n",
        "many:f01234": b"",
    }
    second = {**first, "big.txt": b"0000000,front\n" + words(20_000), "table.csv": table(25)}
    side = {**first, "tree:inner/side": b"from the side"}
    return {
        "v1": first,
        "main~1": second,
        "side": side,
        "main": {**second, "tree:inner/side": b"from the side"},
    }


def table_id(repo: Repository, revision: str) -> str:
    """Return the table id of one version."""
    facts = show_dataset(repo, dataset_names.place(repo, f"table.csv@{revision}", [])).facts
    assert facts is not None
    return facts.table


def main() -> None:
    """Make the store and what is known of it."""
    root = Path(tempfile.mkdtemp())
    init(root)
    workspace = Workspace(root)
    files = expected()
    (root / "big.txt").write_bytes(files["v1"]["big.txt"])
    (root / "table.csv").write_bytes(files["v1"]["table.csv"])
    tree = root / "tree"
    (tree / "inner").mkdir(parents=True)
    (tree / "empty").mkdir()
    (tree / "plain é \U0001f600").write_bytes(b"plain")
    (tree / "inner" / "run.sh").write_bytes(b"#!/bin/sh\n")
    (tree / "inner" / "run.sh").chmod(0o755)
    (tree / "link").symlink_to("inner/run.sh")
    (root / "many").mkdir()
    for number in range(MANY):
        (root / "many" / f"f{number:05}").touch()
    add(workspace, ["big.txt", "table.csv", "tree", "many"])
    commit(workspace, "first", author=AUTHOR)
    create(workspace, "tags", "v1")
    checkout(workspace, "v1", new_branch="side")
    (tree / "inner" / "side").write_bytes(b"from the side")
    commit(workspace, "on the side: ünïcödé", author=AUTHOR, everything=True)
    checkout(workspace, "main")
    (root / "big.txt").write_bytes(files["main"]["big.txt"])
    (root / "table.csv").write_bytes(files["main"]["table.csv"])
    commit(workspace, "second", author=AUTHOR, everything=True)
    merge(workspace, "side", author=AUTHOR)
    known = {
        "commits": {entry.id: list(entry.changes) for entry in log(workspace.repo)},
        "tables": {revision: table_id(workspace.repo, revision) for revision in ("v1", "main")},
        "checkpoints": {
            revision: {
                path: one.id for path, one in dataset_names.datasets_at(workspace.repo, revision).items()
            }
            for revision in files
        },
    }
    gc(workspace, grace=0)  # leaves only what refs name
    workspace.worktree.cache.close()
    place = HERE / "store-v1"
    place.mkdir()
    shutil.copyfile(root / "dsv.toml", place / "dsv.toml")
    shutil.copytree(
        root / ".dsv", place / "store", ignore=shutil.ignore_patterns("stat*", "tmp", "cache", "*.lock")
    )
    text = json.dumps(known, indent=1, sort_keys=True)
    (HERE / "store-v1.json").write_text(text + "\n", encoding="utf-8")
    shutil.rmtree(root)


if __name__ == "__main__":
    main()
