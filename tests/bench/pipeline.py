"""A workspace of many processed datasets for the benchmark of `verify`: `python -m tests.bench.pipeline FOLDER COUNT`.

FOLDER is a workspace. It gets ten raw datasets and COUNT that runs made, each from two raw ones and the
one ten before it, by a script of its own and a module that all share. The records are made
through dsv's library; nothing is run.
"""

import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

from dsv.hashing import Kind
from dsv.ids import ObjectId
from dsv.model import node as nodes
from dsv.model.attempt import CAPTURED, Attempt
from dsv.model.code_list import Code, CodeFile
from dsv.model.environment import Environment
from dsv.model.node import ATTEMPT, FILE, Entry
from dsv.model.run import Input, Output, Run
from dsv.ops.add import add
from dsv.ops.commit import commit
from dsv.store.refs import Refs
from dsv.store.repository import Repository, Tracked
from dsv.store.writer import Writer
from dsv.versions import stage
from dsv.workspace import Workspace

RAW = tuple(f"raw/{number}.csv" for number in range(10))


class Made(NamedTuple):
    """A dataset that a run made: its path, what is tracked, and the run."""

    path: str
    dataset: Tracked
    run: ObjectId


def make(root: Path, count: int) -> None:
    """Fill the workspace `root` and commit it."""
    for name in ("raw", "out", "scripts"):
        (root / name).mkdir()
    for path in RAW:
        (root / path).write_text(f"x\n{path}\n")
    (root / "shared.py").write_text("def double(x):\n    return 2 * x\n")
    workspace = Workspace.discover(root)
    add(workspace, RAW)
    with workspace.repo.writer() as writer:
        made = list(runs(workspace, writer, count))
        workspace.publish(
            "run", lambda refs, session: staged(workspace.repo, refs, session, made), writer=writer
        )
    workspace.worktree.cache.commit()
    commit(workspace, "all of it", author="bench")


def runs(workspace: Workspace, writer: Writer, count: int) -> Iterator[Made]:
    """Write and record the datasets one after the other."""
    known = {
        path: one.checkpoint
        for path, one in workspace.repo.datasets(workspace.repo.refs().mine.staged).items()
    }
    environment = writer.put(Kind.ENVIRONMENT, Environment({}, (), None).encode())
    for number in range(count):
        path, script = f"out/{number:05}.csv", f"scripts/{number:05}.py"
        (workspace.root / path).write_text(f"x\n{number}\n")
        (workspace.root / script).write_text(f"from shared import double\nprint(double({number}))\n")
        code = tuple(
            CodeFile(name, FILE, stage.store(workspace, writer, name).content)
            for name in (script, "shared.py")
        )
        run = Run(
            argv=("python", script),
            inputs=tuple(Input(name, known[name]) for name in sorted(_inputs(number))),
            outputs=(_output(workspace, writer, path),),
            code=writer.put(Kind.CODE, Code(code).encode()),
            environment=environment,
        )
        oid = writer.put(Kind.RUN, run.encode())
        known[path] = run.outputs[0].checkpoint(oid)
        yield Made(path, stage.put(writer, known[path]), oid)


def staged(repo: Repository, refs: Refs, session: Writer, made: list[Made]) -> Refs:
    """Return `refs` with all that was made staged, and how it came about noted."""
    wanted = stage.apply(repo, refs, {one.path: one.dataset for one in made}, session)
    entries = [
        Entry(one.run, ATTEMPT, session.put(Kind.ATTEMPT, Attempt(one.run, CAPTURED, 0, 0, 0).encode()))
        for one in sorted(made, key=lambda one: one.run)
    ]
    noted = nodes.build(entries, lambda data: session.put(Kind.NODE, data))
    return replace(wanted, local=replace(wanted.mine, attempts=noted))


def _inputs(number: int) -> set[str]:
    before = {f"out/{number - 10:05}.csv"} if number >= 10 else set()
    return {RAW[number % 10], RAW[(number * 7 + 1) % 10]} | before


def _output(workspace: Workspace, writer: Writer, path: str) -> Output:
    seen = stage.store(workspace, writer, path)
    return Output(path, seen.content, seen.kind, seen.size, seen.files)


if __name__ == "__main__":
    make(Path(sys.argv[1]), int(sys.argv[2]))
