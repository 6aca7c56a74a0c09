"""Stage datasets."""

import shlex
from collections.abc import Sequence
from dataclasses import dataclass, field

from dsv.errors import NotFound, Refused
from dsv.imports.resolve_links import replace_links
from dsv.model import tree as trees
from dsv.model.checkpoint import Checkpoint
from dsv.model.dataset_paths import folders_above
from dsv.model.node import DIR
from dsv.progress import SILENT, Progress
from dsv.runs.record.link_report import told_of_links
from dsv.store.refs import Refs
from dsv.store.repository import Datasets, Tracked
from dsv.store.writer import Writer
from dsv.versions import preconditions, stage
from dsv.wording import arguments
from dsv.workspace import Workspace
from dsv.worktree.paths import check_dataset, check_no_link


@dataclass(frozen=True, slots=True)
class Added:
    """One dataset that was staged.

    Attributes:
        path: The dataset.
        change: `added` or `modified`, against what was staged before.
        dataset: What is staged now.
    """

    path: str
    change: str
    dataset: Tracked


@dataclass(frozen=True, slots=True)
class AddResult:
    """What `add` did.

    Attributes:
        staged: What was staged.
        unchanged: Named datasets that were staged as they are already.
        vanished: Tracked datasets that are gone from the working tree.
        untracked: What is in a named folder of datasets and is not tracked.
        notes: Further notes for the user.
    """

    staged: tuple[Added, ...]
    unchanged: tuple[str, ...]
    vanished: tuple[str, ...]
    untracked: tuple[str, ...]
    notes: tuple[str, ...]


@dataclass(slots=True)
class _Plan:
    """What the arguments of one `add` mean.

    Attributes:
        named: The datasets to stage, in the order in which they were named.
        above: Each folder that one of `named` is in, with that one.
        folders: Folders that stand for the datasets in them.
        notes: What is said of the arguments.
    """

    named: dict[str, None] = field(default_factory=dict)
    above: dict[str, str] = field(default_factory=dict)
    folders: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def name(self, path: str) -> None:
        """Have the dataset `path` staged."""
        self.named[path] = None
        for folder in folders_above(path):
            self.above.setdefault(folder, path)


def add(
    workspace: Workspace,
    paths: Sequence[str],
    *,
    rehash: bool = False,
    follow: bool = False,
    progress: Progress = SILENT,
) -> AddResult:
    """Stage the datasets `paths`, which are relative to the workspace.

    A folder that holds tracked datasets stands for those of them that changed; a file inside
    a folder dataset stands for that dataset; anything else becomes a dataset.

    Args:
        workspace: The workspace.
        paths: What to stage.
        rehash: Read every file instead of trusting times and sizes.
        follow: Replace links that lead out of a dataset by what they lead to, in the working tree too.
        progress: Counts the bytes that are read.

    Raises:
        NotFound: A path is not there, or a link that is to be followed leads nowhere.
        Refused: A path cannot be a dataset, or git tracks it.
        Changing: A file kept changing while it was read.
    """
    refs, _ = preconditions.ready_to_commit(workspace)
    before = workspace.repo.datasets(refs.mine.staged)
    followed = [path for path in paths if follow and (workspace.root / path).is_symlink()]
    notes = _follow(workspace, followed, progress)
    plan = _plan(workspace, paths, before)
    plan.notes += notes
    if follow:
        plan.notes += _follow(workspace, [path for path in plan.named if path not in followed], progress)
    stage.refuse_git_tracked(workspace, [path for path in plan.named if path not in before])
    with workspace.repo.writer() as writer:
        updates, vanished = _store(workspace, refs, plan, writer, rehash=rehash, progress=progress)
        workspace.publish(
            f"add {arguments(paths)}",
            lambda found, session: stage.apply(workspace.repo, found, updates, session),
            writer=writer,
        )
    workspace.worktree.cache.commit()
    stage.ignore_in_git(workspace)
    staged = tuple(
        Added(path, "modified" if path in before else "added", updates[path]) for path in sorted(updates)
    )
    unchanged = tuple(path for path in plan.named if path not in updates)
    plan.notes += filter(None, (told_of_links(workspace.root, one.path) for one in staged))
    return AddResult(
        staged, unchanged, tuple(vanished), _untracked(workspace, plan.folders), tuple(plan.notes)
    )


def _follow(workspace: Workspace, paths: Sequence[str], progress: Progress) -> list[str]:
    """Put what links lead to in their place; return what is said of that."""
    said = []
    for path in paths:
        check_no_link(workspace.root, path)
        many = replace_links(workspace.root / path, workspace.scratch(), progress)
        if many:
            links = "1 link" if many == 1 else f"{many:,} links"
            said.append(f"{path}: {links} replaced by what they led to")
    return said


def _plan(workspace: Workspace, paths: Sequence[str], before: Datasets) -> _Plan:
    plan = _Plan()
    holding = {folder for known in before for folder in folders_above(known)}
    for path in paths:
        above = next((folder for folder in folders_above(path) if folder in before), None)
        if path in before:
            plan.name(path)
        elif above is not None:
            _check_inside(workspace, path, above, before[above].checkpoint)
            plan.name(above)
            plan.notes.append(f"{path} is in the dataset {above}, which was staged as a whole")
        elif path == "." or path in holding:
            plan.folders.append(path)
        else:
            _check_new(workspace, path, plan)
            plan.name(path)
    for path in plan.named:
        if not workspace.worktree.holds(path):
            hint = f"dsv rm {path}" if path in before else None
            raise NotFound(f"no such file or folder: {path}", hint=hint)
    return plan


def _check_inside(workspace: Workspace, path: str, dataset: str, checkpoint: Checkpoint) -> None:
    """Refuse a path in a dataset that is neither there nor was before, such as one that is misspelt."""
    file = path.removeprefix(f"{dataset}/")
    known = (
        checkpoint.kind == DIR and trees.find_path(checkpoint.content, file, workspace.repo.node) is not None
    )
    if not known and not workspace.worktree.holds(path):
        raise NotFound(f"no such file or folder: {path}", hint=f"dsv ls {shlex.quote(dataset)}")


def _check_new(workspace: Workspace, path: str, plan: _Plan) -> None:
    check_dataset(workspace.root, path)
    inside = path if path in plan.named else plan.above.get(path)
    other = inside or next((folder for folder in folders_above(path) if folder in plan.named), None)
    if other is not None:
        raise Refused(f"{path} and {other} overlap: a dataset cannot be inside another")


def _store(
    workspace: Workspace, refs: Refs, plan: _Plan, writer: Writer, *, rehash: bool, progress: Progress
) -> tuple[dict[str, Tracked], list[str]]:
    before = workspace.repo.datasets(refs.mine.staged)
    updates: dict[str, Tracked] = {}
    vanished: list[str] = []
    for folder in plan.folders:
        found = stage.tracked_changes(workspace, refs, writer, below=folder, rehash=rehash, progress=progress)
        updates.update({path: new for path, new in found.updates.items() if new is not None})
        vanished.extend(found.vanished)
    for path in plan.named:
        old = before.get(path)
        seen = stage.store(workspace, writer, path, new=old is None, rehash=rehash, progress=progress)
        new = stage.put(
            writer, stage.checkpoint(workspace, writer, path, seen, old.checkpoint if old else None)
        )
        if old is None or new.id != old.id:
            updates[path] = new
    return updates, vanished


def _untracked(workspace: Workspace, folders: Sequence[str]) -> tuple[str, ...]:
    if not folders:
        return ()
    known = workspace.repo.datasets(workspace.repo.refs().mine.staged)
    found, _ = workspace.worktree.untracked(known)
    return tuple(path for path in found if any(stage.within(path.rstrip("/"), folder) for folder in folders))
