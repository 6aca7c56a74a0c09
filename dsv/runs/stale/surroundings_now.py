"""What was around a run besides data and code: listed folders, names that were not there, links, files outside."""

import os
from collections.abc import Collection, Iterable
from dataclasses import replace

from dsv.ids import ObjectId
from dsv.model.listing import NamesChange
from dsv.model.node import DIR, FILE
from dsv.model.run import Outside
from dsv.runs.stale.links_now import Followed, follow
from dsv.runs.stale.outside_now import OutsideFiles
from dsv.runs.stale.stale_reasons import Reasons
from dsv.runs.stale.step import ListedFolder, Step
from dsv.runs.stale.step_order import Steps
from dsv.workspace import Workspace
from dsv.worktree.folder_names import is_left_out, is_ours, names_in
from dsv.worktree.litter import Litter
from dsv.worktree.scan import under


class AroundRun:
    """Compares what was around runs with what is there now; each folder and file is looked at once.

    Args:
        workspace: The workspace.
        steps: All steps.
        datasets: The paths of all datasets, those too that are not in the working tree by choice.
        tree: Whether the working tree is to be looked at; otherwise only `datasets` tell what is there.
        rehash: Trust no stat.
    """

    def __init__(
        self,
        workspace: Workspace,
        steps: Steps,
        datasets: Collection[str],
        *,
        tree: bool,
        rehash: bool = False,
    ) -> None:
        self._workspace = workspace
        self._steps = steps
        self._tree = tree
        self._below = _by_folder(datasets)
        self._names: dict[str, dict[str, str]] = {}
        self._litter = Litter(workspace.config.leave_out)
        self._made: dict[ObjectId, frozenset[str]] = {}
        self._files = OutsideFiles(workspace, rehash=rehash)

    def add(self, reasons: Reasons, step: Step) -> Reasons:
        """Return `reasons` with what is not as it was around the run `step`.

        What the run wrote does not count, nor what was made from that. A listed folder that is an input,
        or in one, is judged by its content.
        """
        if not (step.listings or step.absent or step.outside or step.links):
            return reasons
        read = {one.path for one in step.inputs}
        listings = [self._compare(one, step) for one in step.listings if not _is_within(one.path, read)]
        appeared = [path for path in step.absent if self._is_there(path) and self._counts(path, step)]
        links = (
            follow(self._workspace.root, step.links, self._workspace.caller.home)
            if self._tree
            else Followed()
        )
        outside, unseen = self._outside(links.through(step.outside))
        return replace(
            reasons,
            listings=tuple(filter(None, listings)),
            appeared=tuple(appeared),
            outside=outside,
            led=links.changed,
            unseen=unseen,
            unled=links.missing,
        )

    def _outside(self, files: Iterable[tuple[Outside, str]]) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Return which files outside have other content now at the path beside each, and which are not here."""
        changed, unseen = [], []
        for one, path in files:
            now = self._files.content(path) if self._tree else None
            if now is None:
                unseen.append(one.path)
            elif now != one.content:
                changed.append(one.path)
        return tuple(changed), tuple(unseen)

    def _compare(self, then: ListedFolder, step: Step) -> NamesChange:
        """Return how a folder differs from what a run listed."""
        was = {one.name: one.kind for one in then.names}
        now = self._now(then.path)

        def counts(name: str) -> bool:
            return self._counts(under(then.path, name), step)

        new = [name for name in now if name not in was and counts(name)]
        gone = [name for name in was if name not in now and counts(name)] if self._tree else []
        other = [name for name in now if name in was and now[name] not in ("", was[name]) and counts(name)]
        return NamesChange.of(then.path, new, gone, other)

    def _counts(self, path: str, step: Step) -> bool:
        """Whether a run did not write what is at `path`, nor was it made of that, nor leads there."""
        if step.run not in self._made:
            self._made[step.run] = self._steps.made_after(step)
        inside = f"{path}/"
        return not any(
            one == path or one.startswith(inside) or path.startswith(f"{one}/")
            for one in self._made[step.run]
        )

    def _now(self, folder: str) -> dict[str, str]:
        """Return what a folder holds, datasets that are not in the working tree by choice among it."""
        if folder not in self._names:
            ignore, litter = self._workspace.worktree.ignored, self._litter
            here = names_in(self._workspace.root, folder, ignore, litter) if self._tree else None
            named = {
                name: kind
                for name, kind in self._below.get(folder, {}).items()
                if not is_left_out(folder, name, kind or FILE, ignore, litter)
            }
            self._names[folder] = {**named, **(here or {})}
        return self._names[folder]

    def _is_there(self, path: str) -> bool:
        folder, _, name = path.rpartition("/")
        if is_ours(folder, name):
            return False
        if name in self._below.get(folder, {}):
            return True
        place = self._workspace.root / path
        return (
            self._tree
            and os.path.lexists(place)
            and not self._workspace.worktree.ignored.matches(path, is_dir=place.is_dir())
        )


def _by_folder(datasets: Iterable[str]) -> dict[str, dict[str, str]]:
    """Return by folder the names in it that datasets are or are below, with the kind as far as it is known."""
    found: dict[str, dict[str, str]] = {}
    for path in datasets:
        folder, _, name = path.rpartition("/")
        found.setdefault(folder, {}).setdefault(name, "")
        while folder:
            folder, _, name = folder.rpartition("/")
            found.setdefault(folder, {})[name] = DIR
    return found


def _is_within(folder: str, paths: Collection[str]) -> bool:
    while folder:
        if folder in paths:
            return True
        folder = folder.rpartition("/")[0]
    return False
