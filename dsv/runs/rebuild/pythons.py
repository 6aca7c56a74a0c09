"""Which interpreter a replay is made with: the recorded one, if it is here and can be believed."""

import threading
from pathlib import Path

from dsv.capture.former_python import former_python
from dsv.capture.interpreter import Interpreter, interpreter_at, is_python
from dsv.errors import DsvError
from dsv.ids import ObjectId
from dsv.runs.rebuild.limits import attempt_of
from dsv.runs.rebuild.replay import ReplayMeans
from dsv.workspace import Workspace
from dsv.worktree import git


class Pythons:
    """The interpreters of runs, each asked once what it is.

    Args:
        workspace: The workspace.
    """

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._known: dict[Path, Interpreter | None] = {}
        self._guard = threading.Lock()
        self._tracked = tuple(workspace.repo.datasets(workspace.repo.refs().mine.present))

    def of(self, run: ObjectId, means: ReplayMeans) -> Interpreter | None:
        """Return the interpreter for `run`: the one asked for, else the recorded one, else the present one."""
        attempt = None if means.asked else attempt_of(self._workspace.repo, run)
        recorded = None if attempt is None else attempt.interpreter
        place = former_python(recorded, self._workspace.root, self._workspace.caller.home)
        if place is None or not is_python(place.name):
            return means.python
        return self._at(place) or means.python

    def _at(self, place: Path) -> Interpreter | None:
        with self._guard:
            if place not in self._known:
                self._known[place] = self._ask(place)
            return self._known[place]

    def _ask(self, place: Path) -> Interpreter | None:
        if self._is_brought(place):
            return None
        try:
            return interpreter_at(place)
        except DsvError:
            return None

    def _is_brought(self, place: Path) -> bool:
        """Whether a program of the workspace came with its data or its code: it would run before the walls stand."""
        if not place.is_relative_to(self._workspace.root):
            return False
        path = place.parent.parent.relative_to(self._workspace.root).as_posix()
        if any(_is_in(path, one) or _is_in(one, path) for one in self._tracked):
            return True
        return bool(git.tracked(self._workspace.root, [path]))


def _is_in(path: str, folder: str) -> bool:
    return path == folder or path.startswith(f"{folder}/")
