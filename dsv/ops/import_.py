"""Bring data from outside into the workspace, and note where it came from."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from dsv.atomic import storing
from dsv.errors import DsvError, InTheWay, NotFound, Refused
from dsv.hashing import Kind, file_id
from dsv.imports import checksums
from dsv.imports.address import FILE, Address, address_of
from dsv.imports.bring import fetch
from dsv.imports.fetched import Got, ImportMeans
from dsv.lock import FileLock
from dsv.model.checkpoint import Checkpoint
from dsv.model.origin import Fetched, Source
from dsv.progress import SILENT, Progress
from dsv.runs.rebuild.folder_view import FolderView
from dsv.runs.rebuild.rebuild_plan import holds
from dsv.store.refs import Refs
from dsv.store.repository import Repository, Tracked
from dsv.store.storing_sink import StoreSink
from dsv.store.writer import Writer
from dsv.versions import preconditions, stage
from dsv.versions.switch.move import move
from dsv.workspace import Workspace
from dsv.worktree import git
from dsv.worktree.observe import Observation
from dsv.worktree.paths import check_dataset
from dsv.worktree.sink import HashSink

ADDED, MODIFIED, UNCHANGED = "added", "modified", "unchanged"


@dataclass(frozen=True, slots=True)
class Imported:
    """What an import came to.

    Attributes:
        path: The dataset.
        change: `ADDED`, `MODIFIED`, or `UNCHANGED`: the source still has the same bytes.
        dataset: What is staged now.
        fetched: Where it is from, as it is recorded.
        resumed: How many bytes of it an interrupted import had brought.
        notes: Further notes for the user.
    """

    path: str
    change: str
    dataset: Tracked
    fetched: Fetched
    resumed: int = 0
    notes: tuple[str, ...] = ()


def import_new(
    workspace: Workspace,
    address: Address,
    path: str,
    means: ImportMeans,
    *,
    sha256: str | None = None,
    progress: Progress = SILENT,
) -> Imported:
    """Fetch data and stage it as the new dataset `path`. Nothing is to be seen of it before it is whole.

    Args:
        workspace: The workspace.
        address: Where it is.
        path: The dataset.
        means: With what it is fetched.
        sha256: What its SHA-256 sum has to be.
        progress: Counts the bytes.

    Raises:
        Refused: The path is tracked already or can be no dataset, or the data has another sum.
        InTheWay: There is something untracked.
        NotFound, UserError, StorageError: It cannot be fetched; see `dsv.imports.bring`.
    """
    refs = preconditions.ready(workspace)
    _check_new(workspace, refs, path)
    with _room(workspace, address) as room:
        got = fetch(address, room, means, progress=progress)
        assert got is not None
        if sha256 is not None:
            _compare(got, sha256, room)
        return _take(workspace, path, None, got, room, progress)


def import_again(
    workspace: Workspace,
    path: str,
    means: ImportMeans,
    *,
    address: Address,
    sha256: str | None = None,
    progress: Progress = SILENT,
) -> Imported:
    """Fetch a tracked dataset again, and stage what changed. A server is asked only for what is new.

    Args:
        workspace: The workspace.
        path: The dataset.
        means: With what it is fetched.
        address: Where it is; see `recorded`.
        sha256: What its SHA-256 sum has to be.
        progress: Counts the bytes.

    Raises:
        Refused: A run made the dataset, or the data has another sum.
        InTheWay: It has changes that are not committed.
        NotFound, UserError, StorageError: It cannot be fetched; see `dsv.imports.bring`.
    """
    refs = preconditions.ready(workspace)
    old = _tracked(workspace.repo, refs, path)
    source = _source(workspace.repo, path, old)
    _check_unchanged(workspace, path, old)
    before = source.fetched
    same_place = before is not None and before.url == address.url
    # A server is believed only where the bytes that it speaks of are here.
    known = before if same_place and sha256 is None and holds(workspace.repo, old.checkpoint) else None
    with _room(workspace, address) as room:
        got = fetch(address, room, means, known=known, progress=progress)
        if got is None:
            assert before is not None
            return Imported(path, UNCHANGED, old, before)
        if sha256 is not None:
            _compare(got, sha256, room)
        return _take(workspace, path, old, got, room, progress)


def recorded(repo: Repository, path: str, cwd: Path, home: Path | None) -> Address:
    """Return where a tracked dataset was imported from.

    Raises:
        NotFound: It is not tracked.
        Refused: It was not imported, or from a URL of which a part was secret.
    """
    source = _source(repo, path, _tracked(repo, repo.refs(), path))
    if source.fetched is None:
        raise Refused(f"{path} was not imported", hint=f"dsv import --update URL {path}")
    return address_of(source.fetched.url, cwd, home)


def _check_new(workspace: Workspace, refs: Refs, path: str) -> None:
    staged = workspace.repo.datasets(refs.mine.staged)
    if path in staged:
        raise Refused(f"{path} is tracked already", hint=f"dsv import --update {path}")
    for other in staged:
        if stage.within(path, other) or stage.within(other, path):
            raise Refused(f"{path} and the dataset {other} overlap: a dataset cannot be inside another")
    check_dataset(workspace.root, path)
    if git.find(workspace.root) is not None and git.tracked(workspace.root, [path]):
        raise Refused(f"git tracks {path}", hint=f"git rm -r --cached {path}")
    if workspace.worktree.holds(path):
        raise InTheWay(f"{path} is there already, and not tracked", hint="move it away, or dsv add it")


def _tracked(repo: Repository, refs: Refs, path: str) -> Tracked:
    found = repo.datasets(refs.mine.staged).get(path)
    if found is None:
        raise NotFound(f"{path} is not tracked", hint=f"dsv import URL {path}")
    return found


def _source(repo: Repository, path: str, old: Tracked) -> Source:
    found = repo.origin(old.checkpoint.origin)
    if not isinstance(found, Source):
        raise Refused(f"a run made {path}: it comes from no URL", hint=f"dsv rerun {path}")
    return found


def _check_unchanged(workspace: Workspace, path: str, old: Tracked) -> None:
    if not workspace.worktree.holds(path):
        return
    seen = workspace.worktree.look(path, HashSink(workspace.worktree.cache))
    workspace.worktree.cache.commit()
    if not old.checkpoint.same_data(seen):
        raise InTheWay(
            f"{path} has changes that are not staged",
            hint=f"dsv add {path} keeps them, dsv restore {path} drops them",
        )


@contextmanager
def _room(workspace: Workspace, address: Address) -> Iterator[Path]:
    """Give a folder of this address's own, with what an interrupted import left in it.

    It stays if the import does not come to its end, so that the next one goes on from there; gc clears it.
    """
    name = f"import-{file_id(address.given.encode())[:32]}"
    room = workspace.scratch() / name
    with FileLock(room.with_name(f"{name}.lock"), patience=0.0):
        with storing("write", room):
            room.mkdir(exist_ok=True)
        try:
            yield room
        except BaseException:
            if address.scheme == FILE:  # there is nothing to go on with
                _clear(room)
            raise
        _clear(room)


def _compare(got: Got, sha256: str, room: Path) -> None:
    try:
        checksums.compare(got.place, sha256, got.fetched.url)
    except DsvError:
        _clear(room)
        raise


def _clear(room: Path) -> None:
    shutil.rmtree(room, ignore_errors=True)


def _take(
    workspace: Workspace, path: str, old: Tracked | None, got: Got, room: Path, progress: Progress
) -> Imported:
    """Store what was fetched, put it in place and stage it."""
    out = room / "out"
    _clear(out)
    with storing("write", out / path):
        (out / path).parent.mkdir(parents=True)
        got.place.rename(out / path)
    progress.begin("storing", got.fetched.size, "B")
    there = FolderView(workspace, out)
    with workspace.repo.writer() as writer:
        seen = there.worktree.look(path, StoreSink(writer, progress))
        same = old is not None and old.checkpoint.same_data(seen)
        if old is not None and same and _is_from(workspace.repo, old, got.fetched.url):
            new = old
        else:
            new = stage.put(writer, _checkpoint(there, writer, path, seen, old, got.fetched))
        workspace.repo.publish(lambda found, _: found, writer=writer)
    updates = {} if new == old else {path: new}

    def change(found: Refs, session: Writer) -> Refs:
        return stage.restage(workspace.repo, found, updates, session)

    move(workspace, f"import {path}", {path: new}, change, progress=progress)
    word = UNCHANGED if same else ADDED if old is None else MODIFIED
    return Imported(path, word, new, got.fetched, got.resumed, got.notes)


def _is_from(repo: Repository, old: Tracked, url: str) -> bool:
    """Whether a version is recorded as imported from `url`, and not edited since."""
    source = repo.origin(old.checkpoint.origin)
    return isinstance(source, Source) and source.fetched is not None and source.fetched.url == url


def _checkpoint(
    there: Workspace, writer: Writer, path: str, seen: Observation, old: Tracked | None, fetched: Fetched
) -> Checkpoint:
    before = None if old is None else old.checkpoint
    return Checkpoint(
        content=seen.content,
        kind=seen.kind,
        size=seen.size,
        files=seen.files,
        schema=stage.schema_for(there, writer, path, seen, before),
        origin=writer.put(Kind.SOURCE, Source(path, fetched=fetched).encode()),
    )
