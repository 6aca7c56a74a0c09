"""Recording a piece of the program that records: what it does between two moments, seen from outside."""

import shutil
import tempfile
import time
from collections.abc import Collection, Mapping
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

from dsv.capture.detect import Capture
from dsv.capture.execute import Execution
from dsv.capture.reads import read_reports
from dsv.capture.territory import Territory
from dsv.capture.turns import Turn
from dsv.runs.record import before as befores
from dsv.runs.record.classify import Classified
from dsv.runs.record.recording import conclude
from dsv.runs.record.request import Request
from dsv.runs.record.result import Recorded
from dsv.runs.record.surroundings import AskedInterpreter
from dsv.runs.record.watching import TURNS, SeenRun
from dsv.runs.record.withholding import Withholding
from dsv.workspace import Workspace

_NOTEBOOK = ".ipynb"


class Inside:
    """A run that is a piece of this program, from `begin` to `end` or `abandon`.

    What the program read before it began is not seen, except for the modules that it has loaded.

    Args:
        workspace: The workspace.
        request: What is to be recorded; its command is never executed.
        python: The interpreter that this program is run by.
    """

    def __init__(self, workspace: Workspace, request: Request, python: str) -> None:
        self._workspace = workspace
        self._request = request
        self._python = python
        self._stack = ExitStack()

    def begin(self) -> Path:
        """Store the workspace as it is, and watch it from now on.

        Returns:
            The folder into which the versions are reported that are read from the store.

        Raises:
            Busy: It captures, and so does another run in this workspace.
            NotFound, Refused, Changing: As `dsv.runs.record.before.take`.
        """
        self._request.check()
        self._before = befores.take(self._workspace, self._request)
        folder = Path(tempfile.mkdtemp(prefix="run-", dir=self._workspace.scratch()))
        self._stack.callback(shutil.rmtree, folder, ignore_errors=True)
        try:
            captures = not self._request.declares_all
            self._turn = self._stack.enter_context(Turn(self._workspace.dot / TURNS, captures=captures))
            self._capture = self._stack.enter_context(
                Capture(self._workspace.root, self._workspace.worktree.ignored)
            )
        except BaseException:
            self._stack.pop_all().close()
            raise
        self._reports = folder
        self._started, self._clock = int(time.time()), time.monotonic()
        return folder

    def abandon(self) -> None:
        """Stop watching; nothing is recorded."""
        self._stack.close()

    def end(self, modules: Collection[str], files: Collection[Path], texts: Mapping[str, bytes]) -> Recorded:
        """Stop watching, and stage what was written with the record.

        Args:
            modules: The top names of the modules that the program has loaded.
            files: Where those modules are; those of the workspace are code.
            texts: By path code that is in no file.

        Raises:
            NotFound, Refused: As `dsv.runs.record.recording.record`.
        """
        seconds = time.monotonic() - self._clock
        with self._stack:
            others = self._turn.blind()
            reports = read_reports(self._reports)
        captured = self._capture.captured
        believed = not (others and self._request.declares_all)
        seen = SeenRun(
            Execution(0, self._started, seconds, ""),
            captured if believed else None,
            frozenset(modules),
            (*(captured.blind_spots if believed else ()), *others),
            reports,
        )

        def also(used: Classified) -> None:
            used.code |= self._own(files, used)
            used.texts.update(texts)
            # A notebook is saved while it runs.
            used.outputs = {path for path in used.outputs if not path.endswith(_NOTEBOOK)}

        with AskedInterpreter(self._workspace, replace(self._request, argv=(self._python,))) as asked:
            asked.ended(seen.modules)
            return conclude(self._workspace, self._request, self._before, seen, asked, also=also)

    def _own(self, files: Collection[Path], used: Classified) -> set[str]:
        """Return which of `files` are code of the workspace."""
        root = self._workspace.root.resolve()
        territory = Territory(root, self._workspace.worktree.ignored)
        withholding = Withholding.of(self._workspace)
        found = set()
        for file in files:
            if not file.is_relative_to(root) or not file.is_file():
                continue
            path = file.relative_to(root).as_posix()
            inside = territory.holds(path) and not territory.is_installed(path)
            if not inside or self._before.dataset_of(path) is not None:
                continue
            reason = withholding.reason(path, ignored=False)
            if reason is None:
                found.add(path)
            else:
                used.withheld.add(path)
                used.suspicions[path] = reason
        return found - used.outputs
