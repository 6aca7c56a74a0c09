"""How the workspace is before a command runs: every tracked dataset stored as it will be read."""

import posixpath
import shlex
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import partial

from dsv.capture.portable import fill
from dsv.errors import NotFound, Refused
from dsv.model.attempt import GitState
from dsv.model.checkpoint import Checkpoint
from dsv.progress import SILENT, Progress
from dsv.records import dataset_names
from dsv.runs.record.file_roles import is_hidden
from dsv.runs.record.request import Request
from dsv.runs.record.withholding import Withholding
from dsv.store.refs import Refs
from dsv.store.writer import Writer
from dsv.versions import preconditions, stage
from dsv.versions.survey import survey
from dsv.workspace import Workspace
from dsv.worktree import git
from dsv.worktree.paths import check_dataset

_KEPT_FILES = 100
_KEPT_BYTES = 4 << 20


@dataclass(frozen=True, slots=True)
class Before:
    """The workspace as a command found it.

    Attributes:
        refs: The refs.
        tracked: The paths of all tracked datasets.
        versions: What was in the working tree, by dataset, the declared inputs that were not tracked among them.
        unstaged: The datasets whose version there was not staged.
        in_git: The files that git tracks.
        git: Where git was.
        kept: What some files held that a command is likely to read and then change, such as a notebook.
    """

    refs: Refs
    tracked: frozenset[str]
    versions: Mapping[str, Checkpoint]
    unstaged: frozenset[str]
    in_git: frozenset[str]
    git: GitState | None
    kept: Mapping[str, bytes] = field(default_factory=dict)

    def is_clean(self, path: str) -> bool:
        """Whether git tracks the file at `path`, and it was as git's index has it."""
        return self.git is not None and path in self.in_git and path not in self.git.dirty

    def dataset_of(self, path: str) -> str | None:
        """Return the dataset, tracked or a declared input, that the file at `path` is or is in."""
        while path not in self.tracked and path not in self.versions:
            path = path.rpartition("/")[0]
            if not path:
                return None
        return path


def take(workspace: Workspace, request: Request, progress: Progress = SILENT) -> Before:
    """Store what the datasets in the working tree are now, as far as it is not known to be stored.

    So that an input which the command updates in place is recorded as it was read.

    Raises:
        Busy: Another process moves the working tree.
        NotFound: A declared input is not there.
        Refused: `dsv.lock` names another commit than HEAD, or a declared path can be no dataset.
        Changing: A file kept changing while it was read.
    """
    refs = preconditions.ready(workspace)
    local = refs.mine
    staged = workspace.repo.datasets(
        workspace.repo.snapshot_of(refs.head) if local.staged is None else local.staged
    )
    in_git, state = _of_git(workspace)
    versions: dict[str, Checkpoint] = {}
    unstaged = set()
    for path in (*(request.inputs or ()), *(request.outputs or ())):
        _check(workspace, path, staged)
    for path in request.outputs or ():
        inside = sorted(
            name for name in in_git if stage.within(name, path) and not _is_placeholder(name, path)
        )
        if inside:
            raise Refused(
                f"git tracks {inside[0]}, which cannot be an output", hint=f"git rm -r --cached {path}"
            )
    with workspace.repo.writer() as writer:
        keep = partial(stage.store, workspace, writer, progress=progress)
        for held in survey(workspace, staged, {}, keep):
            path, old = held.path, held.wanted.checkpoint
            if held.seen is not None:
                versions[path] = stage.checkpoint(workspace, writer, path, held.seen, old)
                if versions[path] != old:
                    unstaged.add(path)
        for path in request.inputs or ():
            if not _is_known(path, versions) and dataset_names.version_of(workspace.repo, path) is None:
                versions.update(_declared(workspace, writer, path, in_git, progress))
        workspace.repo.publish(lambda found, _: found, writer=writer)
    workspace.worktree.cache.commit()
    before = Before(refs, frozenset(staged), versions, frozenset(unstaged), in_git, state)
    return replace(before, kept=_keep(workspace, request, before))


def _keep(workspace: Workspace, request: Request, before: Before) -> dict[str, bytes]:
    """Return what the small files hold that the command names, and those that git tracks and that are changed."""
    root, withholding = workspace.root, Withholding.of(workspace)
    here = posixpath.normpath(posixpath.join(request.cwd, "."))
    named = (posixpath.normpath(posixpath.join(here, word)) for word in fill(request.argv, request.params))
    changed = () if before.git is None else (path for path in before.git.dirty if path in before.in_git)
    found: dict[str, bytes] = {}
    for path in (*named, *list(changed)[:_KEPT_FILES]):
        if path.startswith(("/", "..")) or before.dataset_of(path) is not None or withholding.by_name(path):
            continue
        with suppress(OSError, ValueError):
            if (root / path).is_file() and (root / path).stat().st_size <= _KEPT_BYTES:
                found[path] = (root / path).read_bytes()
    return found


def _of_git(workspace: Workspace) -> tuple[frozenset[str], GitState | None]:
    if git.find(workspace.root) is None:
        return frozenset(), None
    from dsv.capture.git_state import state_of

    return git.tracked(workspace.root), state_of(workspace.root)


def _check(workspace: Workspace, path: str, tracked: Mapping[str, object]) -> None:
    if path in tracked:
        return
    check_dataset(workspace.root, path)
    inside = next((known for known in sorted(tracked) if stage.within(known, path)), None)
    if inside is not None:
        raise Refused(f"{path} holds the dataset {inside}", hint="name the datasets in it one by one")
    if Withholding.of(workspace).by_name(path):
        raise Refused(
            f"{path} may hold secrets, which are not recorded",
            hint=f"dsv config secrets allow {shlex.quote(path)}, if it holds none",
        )


def _is_placeholder(name: str, folder: str) -> bool:
    """Whether git's file `name` only keeps `folder` or one in it, as `.gitkeep` does."""
    return name != folder and is_hidden(name.removeprefix(f"{folder}/"))


def _is_known(path: str, versions: Mapping[str, Checkpoint]) -> bool:
    return any(stage.within(path, known) for known in versions)


def _declared(
    workspace: Workspace, writer: Writer, path: str, in_git: frozenset[str], progress: Progress
) -> dict[str, Checkpoint]:
    """Store a declared input that is not tracked; what git tracks is recorded as code instead."""
    if not workspace.worktree.holds(path):
        raise NotFound(f"no such file or folder: {path}")
    if path in in_git or any(stage.within(name, path) for name in in_git):
        return {}
    seen = stage.store(workspace, writer, path, new=True, progress=progress)
    return {path: stage.checkpoint(workspace, writer, path, seen, None)}
