"""`with dsv.run(...)`: a piece of a program, recorded as a run."""

import os
import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from dsv.api import around, texts
from dsv.api import program as session
from dsv.api.program import ThisProgram
from dsv.capture import reads
from dsv.errors import StorageError
from dsv.ids import ObjectId
from dsv.runs.record.inside import Inside
from dsv.runs.record.request import PARAMETER, Request
from dsv.runs.record.result import Recorded

Paths = Sequence[str | os.PathLike[str]]


def run(
    name: str | None = None,
    *,
    inputs: Paths | None = None,
    outputs: Paths | None = None,
    params: Mapping[str, object] | None = None,
) -> "Running":
    """Record what the block under `with` reads and writes, as `dsv run` does for a command.

    At its end the outputs are staged with the record. If the block raises, nothing is. What the program reads
    before the block is not seen: read the data inside of it. A replay runs the whole program again.

    Inside of a run that is being recorded, and in a replay, the block only runs.

    Args:
        name: A label.
        inputs: Datasets that it reads; None: find out.
        outputs: Datasets that it writes; None: find out.
        params: Parameters: text, numbers, and what JSON has. `run.params` has the values to be used:
            `dsv rerun -p` gives others.

    Raises:
        NotFound: The current folder is in no workspace, or a declared dataset is not there.
        Busy: Another run captures in this workspace.
        UsageFault: A parameter cannot be recorded as text.
        DsvError: At the end of the block: it cannot be recorded; see `dsv run`.
    """
    return Running(name, inputs, outputs, params or {}, None)


class Running:
    """A piece of this program that is a run.

    Attributes:
        params: The parameters, as they are to be used.
        recorded: What came of it; None before the end of the block, and where somebody else records.
    """

    def __init__(
        self,
        name: str | None,
        inputs: Paths | None,
        outputs: Paths | None,
        params: Mapping[str, object],
        program: ThisProgram | None,
    ) -> None:
        self.params: dict[str, Any] = dict(params)
        self.recorded: Recorded | None = None
        self._name = name
        self._inputs = inputs
        self._outputs = outputs
        self._texts = texts.texts_of(params)
        self._program = program
        self._inside: Inside | None = None

    @property
    def id(self) -> ObjectId | None:
        """Id of the record; None if there is none, as when nothing was written."""
        return None if self.recorded is None else self.recorded.id

    def __enter__(self) -> Self:
        """Begin."""
        folder = around.reports()
        if around.replayed() is not None or folder is not None:
            self._take_over()
            if folder is not None:
                reads.report_step(folder, self._name or "without a name")
            return self
        workspace = around.workspace()
        self._program = self._program or session.program()
        here = around.here()
        root = workspace.root if here.is_relative_to(workspace.root) else workspace.root.resolve()
        request = Request(
            argv=self._program.argv,
            env=around.variables(),
            cwd="" if here == root else here.relative_to(root).as_posix(),
            name=self._name,
            inputs=_relative(self._inputs, root),
            outputs=_relative(self._outputs, root),
            params=self._texts,
        )
        self._inside = Inside(workspace, request, session.interpreter())
        around.set_reports(self._inside.begin())
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End, and record what was done; an error goes on its way, and nothing is staged."""
        inside, self._inside = self._inside, None
        if inside is None:
            return
        around.set_reports(None)
        if kind is not None:
            inside.abandon()
            return
        assert self._program is not None
        names, files = session.modules()
        self.recorded = inside.end(names, files, self._program.texts)
        _trust(self.recorded)
        for text in self.recorded.warnings:
            warnings.warn(f"dsv: {text}", stacklevel=2)

    def _take_over(self) -> None:
        """Use the parameters that the one who repeats this program has set."""
        given = around.variables()
        for key in self.params:
            text = given.get(f"{PARAMETER}{key}")
            if text is not None:
                self.params[key] = texts.value_of(text)


def _relative(paths: Paths | None, root: Path) -> tuple[str, ...] | None:
    return None if paths is None else tuple(around.relative(path, root) for path in paths)


def _trust(recorded: Recorded) -> None:
    """Trust a run that this user has just made; without a place to keep that, it is asked for later."""
    from dsv.runs.rebuild import agreed_commands

    if recorded.id is None:
        return
    git = None if recorded.attempt is None else recorded.attempt.git
    try:
        agreed_commands.add_own(around.trusted_file(), recorded.id, None if git is None else git.commit)
    except StorageError as error:
        warnings.warn(f"dsv: {error.message}", stacklevel=3)
