"""A long history of runs, for the benchmark of lineage: `python -m tests.bench.history FOLDER RUNS`.

Made through dsv's own records and store, without running or computing anything: a hundred steps that
each read a raw dataset, what they wrote themselves the time before, and what another step wrote then;
each writes nine datasets. Every commit revises all raw datasets and runs all steps once, so the
newest outputs go back to nearly every run, and nearly everything derives from the first raw data.
"""

import sys
from dataclasses import replace
from pathlib import Path

from dsv.hashing import Kind
from dsv.ids import ObjectId
from dsv.model import node as nodes
from dsv.model.attempt import CAPTURED, Attempt, GitState
from dsv.model.checkpoint import Checkpoint
from dsv.model.code_list import Code
from dsv.model.commit import Commit
from dsv.model.environment import Environment
from dsv.model.node import ATTEMPT, CHECKPOINT, FILE, Entry
from dsv.model.origin import Source
from dsv.model.run import Input, Output, Run
from dsv.ops.init import init
from dsv.store.refs import Refs
from dsv.store.repository import Tracked
from dsv.store.writer import Writer
from dsv.versions import stage
from dsv.workspace import Workspace

STEPS = 100
OUTPUTS = 9


class Weaver:
    """Writes records of one commit after the other."""

    def __init__(self, writer: Writer) -> None:
        self.writer = writer
        self.code = writer.put(Kind.CODE, Code().encode())
        self.environment = writer.put(Kind.ENVIRONMENT, Environment({"version": "3.11.7"}).encode())
        self.now: dict[str, Tracked] = {}
        self.attempts: dict[str, Entry] = {}
        self.head: ObjectId | None = None
        self.number = 0

    def commit(self, steps: int = STEPS) -> None:
        """Revise all raw data, run `steps` steps, and commit what they wrote."""
        before = dict(self.now)
        for step in range(STEPS):
            self.now[raw(step)] = self._raw(step)
        for step in range(steps):
            self._run(step, before)
        put = self.writer.put
        entries = [Entry(path, CHECKPOINT, one.id) for path, one in sorted(self.now.items())]
        snapshot = nodes.build(entries, lambda data: put(Kind.NODE, data))
        attempts = nodes.build(
            [self.attempts[oid] for oid in sorted(self.attempts)], lambda data: put(Kind.NODE, data)
        )
        parents = () if self.head is None else (self.head,)
        record = Commit(
            snapshot, parents, "ada", f"day {self.number}", 1_700_000_000 + self.number, 0, attempts
        )
        self.head = put(Kind.COMMIT, record.encode())
        self.snapshot = snapshot
        self.number += 1

    def _raw(self, step: int) -> Tracked:
        body = f"raw {step} of day {self.number}\n".encode()
        source = self.writer.put(Kind.SOURCE, Source(raw(step)).encode())
        content = self.writer.put(Kind.SEGMENT, body)
        return stage.put(self.writer, Checkpoint(content, FILE, len(body), 1, None, source))

    def _run(self, step: int, before: dict[str, Tracked]) -> None:
        paths = {raw(step), made(step, 0), made((7 * step + self.number) % STEPS, 1)}
        inputs = [
            Input(path, (self.now if path == raw(step) else before)[path].checkpoint)
            for path in sorted(paths)
            if path == raw(step) or path in before
        ]
        outputs = []
        for number in range(OUTPUTS):
            body = f"output {number} of step {step}, day {self.number}\n".encode()
            content = self.writer.put(Kind.SEGMENT, body)
            outputs.append(Output(made(step, number), content, FILE, len(body), 1))
        run = Run(
            argv=("python", "step.py", "--day", "{day}"),
            inputs=tuple(inputs),
            outputs=tuple(sorted(outputs, key=lambda one: one.path)),
            code=self.code,
            environment=self.environment,
            name=f"step-{step:03}",
            params={"day": f"{self.number}"},
        )
        oid = self.writer.put(Kind.RUN, run.encode())
        for one in outputs:
            self.now[one.path] = stage.put(self.writer, one.checkpoint(oid))
        git = GitState("https://example.org/steps", f"{self.number:040x}")
        attempt = Attempt(oid, CAPTURED, 1_700_000_000 + self.number, 1000, 0, git)
        self.attempts[oid] = Entry(oid, ATTEMPT, self.writer.put(Kind.ATTEMPT, attempt.encode()))


def raw(step: int) -> str:
    """Return the path of the raw dataset of a step."""
    return f"raw/{step:03}.txt"


def made(step: int, number: int) -> str:
    """Return the path of an output of a step."""
    return f"made/{step:03}/{number}.txt"


def weave(folder: Path, runs: int) -> None:
    """Make a workspace in `folder` whose history has `runs` runs.

    The file `next` gets the id of one commit more, of one run, that no ref leads to yet.
    """
    init(folder)
    workspace = Workspace.discover(folder)
    with workspace.repo.writer() as writer:
        weaver = Weaver(writer)
        for _ in range(max(2, runs // STEPS)):
            weaver.commit()
        head, snapshot = weaver.head, weaver.snapshot
        weaver.commit(steps=1)
        assert head is not None
        assert weaver.head is not None
        (folder / "next").write_text(weaver.head)

        def change(found: Refs, _: Writer) -> Refs:
            return replace(found, branches={"main": head}, local=replace(found.mine, staged=snapshot))

        workspace.publish("history", change, writer=writer)
    workspace.write_lock()


if __name__ == "__main__":
    target = Path(sys.argv[1])
    target.mkdir(parents=True, exist_ok=True)
    weave(target, int(sys.argv[2]))
