"""Give datasets other names."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, replace

from dsv.atomic import storing
from dsv.errors import InTheWay, Refused
from dsv.lock import FileLock
from dsv.records import dataset_names
from dsv.store.refs import Refs
from dsv.store.repository import Datasets, Tracked
from dsv.store.writer import Writer
from dsv.versions import preconditions, stage
from dsv.workspace import TreeChange, Workspace
from dsv.worktree.paths import check_dataset
from dsv.worktree.sink import HashSink


@dataclass(frozen=True, slots=True)
class MvResult:
    """What `mv` did.

    Attributes:
        renamed: By the name that a dataset had the one that it has now.
        notes: Further notes for the user.
    """

    renamed: Mapping[str, str]
    notes: tuple[str, ...]


def mv(workspace: Workspace, old: str, new: str) -> MvResult:
    """Rename a dataset in the working tree and in what is staged; it still comes from what it came from.

    Args:
        workspace: The workspace.
        old: A dataset, or a folder of datasets.
        new: The name that it gets; a folder that is there takes it in.

    Raises:
        NotFound: There is no such dataset.
        Refused: The new name can be none of a dataset, overlaps with another one, or git tracks it.
        InTheWay: Something is there already, or the dataset has changes that are not staged.
        Busy: Another process moves the working tree.
    """
    with FileLock(workspace.dot / "tree.lock"):
        refs = preconditions.ready(workspace)
        staged = workspace.repo.datasets(refs.mine.staged)
        renamed = _names(workspace, staged, old, new)
        here = [path for path in renamed if workspace.worktree.holds(path)]
        _check_targets(workspace, staged, renamed)
        _check_clean(workspace, staged, here)
        moved: list[str] = []
        try:
            for path in here:
                _move(workspace, path, renamed[path])
                moved.append(path)
            _publish(workspace, f"mv {old} {new}", renamed, here)
        except BaseException:
            for path in reversed(moved):
                _move(workspace, renamed[path], path)
            raise
        _remove_empty(workspace, here)
    stage.ignore_in_git(workspace)
    return MvResult(renamed, tuple(_notes(workspace, renamed)))


def _names(workspace: Workspace, staged: Datasets, old: str, new: str) -> dict[str, str]:
    """Return by dataset its new name."""
    named = dataset_names.select(staged, [old], "HEAD")
    inside = new not in staged and (workspace.root / new).is_dir() and not (workspace.root / new).is_symlink()
    target = os.path.normpath(f"{new}/{old.rpartition('/')[2]}") if inside else new
    if old == "." or stage.within(target, old):
        raise Refused(f"{old} cannot be moved into itself")
    return {path: target + path.removeprefix(old) for path in named}


def _check_targets(workspace: Workspace, staged: Datasets, renamed: Mapping[str, str]) -> None:
    rest = staged.keys() - renamed.keys()
    for path in renamed.values():
        check_dataset(workspace.root, path)
        if path in staged:
            raise InTheWay(f"{path} is a dataset already", hint=f"dsv rm {path}, if it may go")
        other = next(
            (one for one in sorted(rest) if stage.within(one, path) or stage.within(path, one)), None
        )
        if other is not None:
            raise Refused(f"{path} and {other} overlap: a dataset cannot be inside another")
        if workspace.worktree.holds(path):
            raise InTheWay(f"{path} is there already, and is no dataset", hint="move it away first")
    stage.refuse_git_tracked(workspace, list(renamed.values()))


def _check_clean(workspace: Workspace, staged: Datasets, here: list[str]) -> None:
    for path in here:
        seen = workspace.worktree.look(path, HashSink(workspace.worktree.cache))
        if not staged[path].checkpoint.same_data(seen):
            raise InTheWay(
                f"{path} has changes that are not staged", hint=f"dsv add {path}, or dsv restore {path}"
            )


def _move(workspace: Workspace, old: str, new: str) -> None:
    with storing("move", old):
        (workspace.root / new).parent.mkdir(parents=True, exist_ok=True)
        (workspace.root / old).rename(workspace.root / new)


def _publish(workspace: Workspace, what: str, renamed: Mapping[str, str], here: list[str]) -> None:
    def change(found: Refs, session: Writer) -> Refs:
        staged = workspace.repo.datasets(found.mine.staged)
        updates: dict[str, Tracked | None] = dict.fromkeys(renamed)
        updates.update({new: staged[old] for old, new in renamed.items() if old in staged})
        less = stage.restage(workspace.repo, found, updates, session)
        local = less.mine
        seen = {
            path: one
            for old in renamed
            for path, one in ((old, None), (renamed[old], updates[renamed[old]]))
            if one is None or old in here
        }
        return replace(
            less, local=replace(local, present=stage.edit(workspace.repo, local.present, seen, session))
        )

    workspace.publish(what, change, tree=TreeChange())


def _remove_empty(workspace: Workspace, moved: list[str]) -> None:
    """Remove the folders that nothing is left in."""
    for path in moved:
        folder = (workspace.root / path).parent
        while folder != workspace.root and folder.is_dir() and not any(folder.iterdir()):
            folder.rmdir()
            folder = folder.parent


def _notes(workspace: Workspace, renamed: Mapping[str, str]) -> list[str]:
    """Return what no longer holds for datasets: rules in `dsv.toml` go by their names."""
    return [
        f"{new} is under another rule of dsv.toml than {old} was"
        for old, new in renamed.items()
        if workspace.config.rule_for(old) != workspace.config.rule_for(new)
    ]
