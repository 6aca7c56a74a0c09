"""Runs without running: records of runs, made by hand and staged."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from dsv.hashing import Kind, file_id
from dsv.ids import ObjectId
from dsv.model.attempt import DECLARED, Attempt, GitState
from dsv.model.checkpoint import Checkpoint
from dsv.model.code_list import Code, CodeFile
from dsv.model.environment import Environment
from dsv.model.listing import Listing, Name
from dsv.model.node import FILE
from dsv.model.run import Input, Led, Listed, Output, Outside, Run
from dsv.records import origins
from dsv.store.refs import Refs
from dsv.store.repository import Tracked
from dsv.store.writer import Writer
from dsv.versions import stage
from dsv.workspace import Workspace
from dsv.worktree.folder_names import names_in
from tests.unit.workspace_fixtures import Workshop


def record(
    shop: Workshop,
    inputs: Sequence[str],
    outputs: Sequence[str],
    code: Sequence[str] = (),
    *,
    argv: Sequence[str] = ("make",),
    name: str | None = None,
    masked: bool = False,
    tables: Mapping[str, ObjectId] | None = None,
    git: GitState | None = None,
    params: Mapping[str, str] | None = None,
    listings: Sequence[str] = (),
    absent: Sequence[str] = (),
    outside: Mapping[str, bytes] | None = None,
    links: Mapping[str, str] | None = None,
    in_git: Sequence[str] = (),
    read: Mapping[str, Checkpoint] | None = None,
) -> ObjectId:
    """Stage `outputs`, as the working tree has them, as made by a run from staged `inputs`; return the run.

    `listings` are folders as they are now, without `outputs`; `read` says which versions were read that are
    not the staged ones.
    """
    workspace = shop.workspace
    refs = workspace.repo.refs()
    staged = workspace.repo.datasets(refs.mine.staged)
    with workspace.repo.writer() as writer:
        run = Run(
            argv=tuple(argv),
            inputs=tuple(
                Input(path, (read or {}).get(path) or staged[path].checkpoint) for path in sorted(inputs)
            ),
            outputs=tuple(
                _output(workspace, writer, path, (tables or {}).get(path)) for path in sorted(outputs)
            ),
            code=writer.put(
                Kind.CODE, Code(tuple(_code(workspace, writer, path) for path in sorted(code))).encode()
            ),
            environment=writer.put(Kind.ENVIRONMENT, Environment({}, (), None).encode()),
            name=name,
            masked=masked,
            params=params or {},
            listings=tuple(_listed(shop, writer, path, outputs) for path in sorted(listings)),
            absent=tuple(sorted(absent)),
            outside=tuple(
                Outside(path, file_id(data), len(data)) for path, data in sorted((outside or {}).items())
            ),
            links=tuple(Led(path, target) for path, target in sorted((links or {}).items())),
            in_git=tuple(sorted(in_git)),
        )
        oid = writer.put(Kind.RUN, run.encode())
        updates: dict[str, Tracked | None] = {
            one.path: stage.put(writer, one.checkpoint(oid)) for one in run.outputs
        }

        def change(found: Refs, session: Writer) -> Refs:
            noted = origins.noted(workspace.repo, found, session, Attempt(oid, DECLARED, 0, 0, 0, git))
            wanted = stage.apply(workspace.repo, found, updates, session)
            return replace(wanted, local=replace(wanted.mine, attempts=noted))

        workspace.publish("run", change, writer=writer)
    workspace.worktree.cache.commit()
    return oid


def _listed(shop: Workshop, writer: Writer, folder: str, outputs: Sequence[str]) -> Listed:
    names = names_in(shop.root, folder) or {}
    kept = sorted(one for one in names.items() if f"{folder}/{one[0]}".lstrip("/") not in outputs)
    return Listed(folder, writer.put(Kind.LISTING, Listing(tuple(Name(*one) for one in kept)).encode()))


def _output(workspace: Workspace, writer: Writer, path: str, table: ObjectId | None) -> Output:
    seen = stage.store(workspace, writer, path)
    return Output(
        path, seen.content, seen.kind, seen.size, seen.files, table=table, digest=None if table is None else 1
    )


def _code(workspace: Workspace, writer: Writer, path: str) -> CodeFile:
    return CodeFile(path, FILE, stage.store(workspace, writer, path).content)
