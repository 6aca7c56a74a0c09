"""Laying out a clean folder for a run: the recorded inputs and code, and nothing else."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from dsv.atomic import storing
from dsv.capture import marker
from dsv.errors import Corrupt, Missing
from dsv.hashing import Buffer, Kind
from dsv.ids import ObjectId, short
from dsv.model import node as nodes
from dsv.model import tree as trees
from dsv.model.attempt import Attempt
from dsv.model.checkpoint import Checkpoint
from dsv.model.dataset_paths import NEVER_DATA
from dsv.model.node import Node
from dsv.model.origin import Source
from dsv.model.run import Input, Output, Run
from dsv.progress import SILENT, Progress
from dsv.records import needs
from dsv.runs.rebuild import scenery
from dsv.runs.rebuild.rebuild_plan import ReplayStep
from dsv.store.repository import Repository
from dsv.workspace import Workspace
from dsv.worktree.build import Builder, ContentReader, write_file
from dsv.worktree.materialise import check_space

_PIECE = 1 << 20


@dataclass(frozen=True, slots=True)
class Result:
    """What a replay gave for one dataset, as it lies in a folder.

    Attributes:
        view: The workspace, with that folder for its working tree; it knows the nodes of the result.
        path: The dataset.
        checkpoint: What was found there: the schema is the recorded one, the origin is the run.
    """

    view: Workspace
    path: str
    checkpoint: Checkpoint

    @property
    def place(self) -> Path:
        """Where it lies."""
        return self.view.root / self.path


class FoundFolders(Enum):
    """Which folders of its outputs a command finds. No record tells which it found and which it made."""

    NONE = "none"
    ABOVE = "above"
    ALL = "all"


def lay_out(
    workspace: Workspace,
    step: ReplayStep,
    made: Mapping[str, Result],
    folder: Path,
    around: FoundFolders = FoundFolders.ABOVE,
    *,
    attempt: Attempt | None = None,
    progress: Progress = SILENT,
) -> None:
    """Put into the empty `folder` what a run needs: its inputs as they were recorded, its code, and folders.

    Args:
        workspace: The workspace.
        step: The run.
        made: By path the inputs that come from replays.
        folder: Where.
        around: Which folders there are besides: `ABOVE`: those above outputs; `ALL`: those that are outputs, too,
            empty, with the folders in them.
        attempt: How the run happened; None if that is not known.
        progress: Counts the bytes.

    Raises:
        Missing, Corrupt: The store cannot give all of it, or the record names a path outside of the workspace.
        StorageError: The disk is full or fails.
    """
    run = step.run
    named = [one.path for one in run.inputs]
    named += [one.path for one in run.outputs]
    named += [file.path for file in step.code]
    for path in [*named, *([run.cwd] if run.cwd else [])]:
        check_inside(path)
    reader = workspace.place(progress).reader
    with storing("write", folder):
        check_space(folder, sum(one.checkpoint.size for one in run.inputs))
        for one in run.inputs:
            result = made.get(one.path)
            if result is not None:
                write(folder, one.path, result.checkpoint, Rebuilt(result))
                continue
            with _naming(f"its input {one.path}", _imported(workspace.repo, one)):
                needs.bring_version(workspace.repo, one.checkpoint, progress=progress)
                write(folder, one.path, one.checkpoint, reader)
        for file in step.code:
            place = _above(folder, file.path)
            if not place.exists():  # a data set may hold it
                with _naming(f"its code {file.path}"):
                    write_file(str(place), file.file, file.kind, reader)
        marker.put(folder, _schemas(workspace.repo, run))
        if run.cwd:
            _above(folder, run.cwd).mkdir(exist_ok=True)
        for output in run.outputs:
            if around is not FoundFolders.NONE:
                _above(folder, output.path)
            if around is FoundFolders.ALL and output.kind == nodes.DIR:
                _make_folders(workspace.repo, output, folder)
        scenery.furnish(workspace.repo, run, attempt, folder)


def check_inside(path: str) -> None:
    """Check a path of a record that is about to be written.

    Raises:
        Corrupt: It leads out of the folder, or into the store or git: no dsv records it.
    """
    parts = path.split("/")
    odd = {"", ".", ".."} & set(parts) or any(part.casefold() in NEVER_DATA for part in parts)
    if odd or "\0" in path:
        raise Corrupt(f"a run names the path {path!r}, which dsv never records")


class Rebuilt:
    """The content of a result, read from where it lies (a `ContentReader` of `dsv.worktree.build`).

    Args:
        result: The result.
    """

    def __init__(self, result: Result) -> None:
        self._result = result
        root, found = result.place, result.checkpoint
        if found.is_dir:
            files = trees.files(found.content, result.view.repo.node)
            self._places = {ObjectId(entry.target): root / name for name, entry in files}
        else:
            self._places = {found.content: root}

    @property
    def node(self) -> Callable[[ObjectId], Node]:
        """Gives a node."""
        return self._result.view.repo.node

    def stream(self, oid: ObjectId) -> Iterator[Buffer]:
        """Yield the bytes of a file.

        Raises:
            Missing: It is gone.
        """
        try:
            with self._places[oid].open("rb") as file:
                while data := file.read(_PIECE):
                    yield data
        except (KeyError, FileNotFoundError) as error:
            raise Missing(f"{short(oid)}, which was just rebuilt, is gone") from error


def write_result(result: Result, place: Path) -> None:
    """Copy a result to `place`, where nothing is.

    Raises:
        StorageError: It cannot be written.
    """
    with storing("write", place):
        place.parent.mkdir(parents=True, exist_ok=True)
        write(place.parent, place.name, result.checkpoint, Rebuilt(result))


def write(folder: Path, path: str, wanted: Checkpoint, reader: ContentReader) -> None:
    """Write a version of the dataset `path` into `folder`, where nothing is; raises as `lay_out`, and OSError."""
    place = _above(folder, path)
    if wanted.is_dir:
        Builder(reader).folder(str(place), wanted.content, path)
    else:
        write_file(str(place), wanted.content, wanted.kind, reader)


def _schemas(repo: Repository, run: Run) -> dict[str, str]:
    """Return by path the schemas under which the run read text."""
    known = {one.path: one.checkpoint.schema for one in run.inputs}
    return {
        path: bytes(repo.objects.get_record(Kind.SCHEMA, oid)).decode()
        for path, oid in known.items()
        if oid is not None
    }


def _imported(repo: Repository, one: Input) -> str:
    """Return what brings the bytes of an input that was imported; "" if it was not."""
    try:
        source = repo.origin(one.checkpoint.origin)
    except Missing:
        return ""
    imported = isinstance(source, Source) and source.fetched is not None
    return f"dsv import --update {one.path}, or dsv pull" if imported else ""


@contextmanager
def _naming(what: str, help_: str = "") -> Iterator[None]:
    try:
        yield
    except Missing as error:
        words = f"the bytes of {what} are not here, and no run can give them"
        # Only the message gets into a report.
        raise Missing(f"{words}: {help_}" if help_ else words, hint=help_ or error.hint) from error


def _above(folder: Path, path: str) -> Path:
    """Make the folders above `path` and return where it is.

    Raises:
        Corrupt: One of them is a link, which might lead out of `folder`.
    """
    if has_link(folder, path):
        raise Corrupt(f"a run names {path}, which is behind a link in one of its inputs")
    place = folder / path
    place.parent.mkdir(parents=True, exist_ok=True)
    return place


def has_link(folder: Path, path: str) -> bool:
    """Whether a folder above `path` in `folder` is a link."""
    parts = path.split("/")
    return any(folder.joinpath(*parts[:end]).is_symlink() for end in range(1, len(parts)))


def _make_folders(repo: Repository, output: Output, folder: Path) -> None:
    try:
        inner = list(_folders(output.content, repo.node))
    except Missing:  # then only the folder itself
        inner = []
    for name in ("", *inner):
        (folder / output.path / name).mkdir(parents=True, exist_ok=True)


def _folders(content: ObjectId, get: Callable[[ObjectId], Node], above: str = "") -> Iterator[str]:
    for entry in trees.walk(content, get):
        if entry.kind == nodes.DIR:
            yield above + entry.name
            yield from _folders(ObjectId(entry.target), get, f"{above}{entry.name}/")
