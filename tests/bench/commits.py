"""Many small commits, and if wanted a push of each: `python -m tests.bench.commits FOLDER COUNT [push]`.

FOLDER is a workspace, which gets ten datasets; each commit changes one of them. All is done through dsv's
library in one process, which spares the start of thousands of them.
"""

import sys
from pathlib import Path

from dsv.ops.add import add
from dsv.ops.commit import commit
from dsv.ops.push import push
from dsv.repo import Repo

DATASETS = 10


def make(root: Path, count: int, *, pushing: bool) -> None:
    """Make `count` commits in the workspace `root`, one dataset in each."""
    repo = Repo.discover(root)
    for number in range(count):
        path = f"table-{number % DATASETS}.csv"
        (root / path).write_text("day,value\n" + "".join(f"{number},{n}\n" for n in range(200)))
        add(repo, [path])
        commit(repo, f"day {number}", author="Bench <bench@example.org>")
        if pushing:
            push(repo)


if __name__ == "__main__":
    make(Path(sys.argv[1]), int(sys.argv[2]), pushing=sys.argv[3:] == ["push"])
