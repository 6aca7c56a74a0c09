"""The files outside of the workspace that runs read: whether they are here as they were recorded."""

import os
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from dsv.capture.isolation import Openings
from dsv.model.run import Outside, Run
from dsv.runs.stale.outside_now import OutsideFiles
from dsv.workspace import Workspace


class Outsiders:
    """What runs read outside of the workspace, looked at once.

    Args:
        workspace: The workspace.
        runs: The runs.
        openings: What the user allows commands to read.
    """

    def __init__(self, workspace: Workspace, runs: Iterable[Run], openings: Openings) -> None:
        self._openings = openings
        self._allowed = [place.resolve() for place in openings.allow]
        self._here: dict[Outside, Path] = {}
        files = OutsideFiles(workspace)
        for file in {one for run in runs for one in run.outside}:
            place = files.place(file.path)
            if place is not None and files.content(file.path) == file.content:
                self._here[file] = place
        if self._here:
            workspace.worktree.cache.commit()

    def missing(self, run: Run) -> str:
        """Return the first file that `run` read, and that is neither here as it was nor allowed; "" if there is none."""
        for file in run.outside:
            allowed = not file.path.startswith("~") and self._is_allowed(Path(file.path))
            if file not in self._here and not allowed:
                return file.path
        return ""

    def opened(self, run: Run) -> Openings:
        """Return what `run` may use: what the user allows, and the files that it read and that are as they were."""
        files = tuple(self._here[file] for file in run.outside if file in self._here)
        return replace(self._openings, allow=(*self._openings.allow, *files))

    def _is_allowed(self, place: Path) -> bool:
        found = Path(os.path.realpath(place))
        return any(found.is_relative_to(one) for one in self._allowed)
