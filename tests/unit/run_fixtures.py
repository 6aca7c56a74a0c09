"""Runs for tests of lineage, recorded without running anything: with parameters, code, attempts."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from dsv.hashing import Kind
from dsv.ids import ObjectId
from dsv.model.attempt import CAPTURED, Attempt, GitState
from dsv.model.code_list import Code, CodeFile
from dsv.model.environment import Environment, Package
from dsv.model.node import FILE
from dsv.model.run import Input, Output, Run
from dsv.records import origins
from dsv.store.refs import Refs
from dsv.store.repository import Tracked
from dsv.store.writer import Writer
from dsv.versions import stage
from dsv.workspace import Workspace

GIT = GitState("https://example.org/repo", "1a2b3c4d" * 5, ("notes.md",))


def weave(
    workspace: Workspace,
    inputs: Sequence[str],
    outputs: Mapping[str, str],
    *,
    argv: Sequence[str] = ("python", "step.py"),
    name: str | None = None,
    params: Mapping[str, str] | None = None,
    code: Mapping[str, str] | None = None,
    packages: Mapping[str, str] | None = None,
    capture: str | None = CAPTURED,
    git: GitState | None = GIT,
    blind_spots: Sequence[str] = (),
    started: int = 1_700_000_000,
) -> ObjectId:
    """Write `outputs`, by path their text, and stage them as made by a run from the staged `inputs`.

    Returns:
        The id of the run; nothing is known of how it happened if `capture` is None.
    """
    for path, text in outputs.items():
        file = workspace.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
    staged = workspace.repo.datasets(workspace.repo.refs().mine.staged)
    with workspace.repo.writer() as writer:
        run = Run(
            argv=tuple(argv),
            inputs=tuple(Input(path, staged[path].checkpoint) for path in sorted(inputs)),
            outputs=tuple(_output(workspace, writer, path) for path in sorted(outputs)),
            code=_code(writer, code or {"step.py": "print(1)\n"}),
            environment=_environment(writer, packages or {"pandas": "2.1"}),
            name=name,
            params=params or {},
        )
        oid = writer.put(Kind.RUN, run.encode())
        updates: dict[str, Tracked | None] = {
            one.path: stage.put(writer, one.checkpoint(oid)) for one in run.outputs
        }

        def change(found: Refs, session: Writer) -> Refs:
            wanted = stage.apply(workspace.repo, found, updates, session)
            if capture is None:
                return wanted
            attempt = Attempt(
                oid, capture, started, 1500, 0, git, blind_spots=tuple(blind_spots), imported=("pandas",)
            )
            noted = origins.noted(workspace.repo, found, session, attempt)
            return replace(wanted, local=replace(wanted.mine, attempts=noted))

        workspace.publish("run", change, writer=writer)
    workspace.worktree.cache.commit()
    return oid


def _output(workspace: Workspace, writer: Writer, path: str) -> Output:
    seen = stage.store(workspace, writer, path)
    return Output(path, seen.content, seen.kind, seen.size, seen.files)


def _code(writer: Writer, files: Mapping[str, str]) -> ObjectId:
    listed = [CodeFile(path, FILE, writer.put(Kind.SEGMENT, files[path].encode())) for path in sorted(files)]
    return writer.put(Kind.CODE, Code(tuple(listed)).encode())


def _environment(writer: Writer, packages: Mapping[str, str]) -> ObjectId:
    listed = tuple(Package(name, packages[name], None) for name in sorted(packages))
    return writer.put(Kind.ENVIRONMENT, Environment({"version": "3.11.7"}, listed).encode())
