"""A workspace in which commands are really run and recorded, then replayed."""

import os
import sys
from collections.abc import Sequence
from pathlib import Path

from dsv.capture.interpreter import Interpreter, interpreter_at
from dsv.capture.isolation import Isolation, Openings
from dsv.model.verdict import VerdictStatus
from dsv.ops.drop import drop_stored, drop_working
from dsv.ops.gc import gc
from dsv.ops.rebuild import RebuildResult, rebuild
from dsv.ops.run import run
from dsv.ops.verify import Level, Selection, Verified, verify
from dsv.records import dataset_names as places
from dsv.runs.rebuild.checked_dataset import Checked
from dsv.runs.rebuild.consent import NewCommand
from dsv.runs.rebuild.replay import ReplayMeans
from dsv.runs.rebuild.replays import Settings
from dsv.runs.record.request import Request
from dsv.runs.record.result import Recorded
from tests.unit.workspace_fixtures import Workshop

PYTHON: Interpreter = interpreter_at(Path(sys.executable))


def environment() -> dict[str, str]:
    return {"PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}", "LANG": "C.UTF-8"}


class Plant(Workshop):
    """Runs shell commands that are recorded; replays them."""

    def __init__(self, root: Path) -> None:
        super().__init__(root)
        self.trusted = root.parent / "trusted"
        self.rooms = root.parent / "rooms"
        self.asked: list[NewCommand] = []

    def run(self, script: str, *, params: dict[str, str] | None = None, env: dict[str, str] | None = None,
            variables: tuple[str, ...] = (), **request: object) -> Recorded:  # fmt: skip
        """Run a shell script under `dsv run`; it has to succeed."""
        asked = Request(
            argv=("sh", "-c", script), env={**environment(), **(env or {})}, params=params or {},
            variables=variables, stdout=2, **request,  # type: ignore[arg-type]
        )  # fmt: skip
        found = run(self.workspace, asked).recorded
        assert found.exit_code == 0, found
        return found

    def claim(self, script: str, inputs: Sequence[str], outputs: Sequence[str]) -> Recorded:
        asked = Request(
            argv=("sh", "-c", script), env=environment(), inputs=tuple(inputs), outputs=tuple(outputs)
        )
        return run(self.workspace, asked, execute=False).recorded

    def settings(self, *, twice: bool = False, jobs: int = 2, env: dict[str, str] | None = None,
                 openings: Openings | None = None, strongest: Isolation = Isolation.NAMESPACES,
                 timeout: float | None = None) -> Settings:  # fmt: skip
        means = ReplayMeans(
            {**environment(), **(env or {})}, PYTHON, openings or Openings(), strongest, timeout
        )
        self.rooms.mkdir(exist_ok=True)
        return Settings(means, self.rooms, jobs=jobs, twice=twice)

    def agree(self, commands: Sequence[NewCommand]) -> None:
        self.asked += commands

    def verify(self, *paths: str, level: Level = Level.LAST, settings: Settings | None = None,
               **selection: object) -> Verified:  # fmt: skip
        wanted = Selection(paths, **selection)  # type: ignore[arg-type]
        return verify(self.workspace, wanted, level, settings or self.settings(), self.agree, self.trusted)

    def check(self, path: str, level: Level = Level.LAST, settings: Settings | None = None) -> Checked:
        (found,) = self.verify(path, level=level, settings=settings).checks
        return found

    def statuses(self, level: Level = Level.LAST) -> dict[str, VerdictStatus]:
        return {check.path: check.status for check in self.verify(level=level).checks}

    def rebuild(self, target: str, *, from_raw: bool = False, into: Path | None = None) -> RebuildResult:
        workspace = self.workspace
        place = places.place(workspace.repo, target, places.datasets_at(workspace.repo, None))
        return rebuild(
            workspace, place, self.settings(), self.agree, self.trusted, from_raw=from_raw, into=into
        )

    def lose(self, *paths: str) -> None:
        """Give up the bytes of datasets, here and in the store."""
        drop_working(self.workspace, paths)
        for path in paths:
            drop_stored(self.workspace, places.DatasetName(path, "HEAD"), force=True)
        gc(self.workspace, grace=0)

    def scratch(self) -> list[str]:
        """Return what replays left in `.dsv/tmp` and where they are made."""
        places = [*(self.root / ".dsv/tmp").iterdir(), *self.rooms.iterdir()]
        return sorted(path.name for path in places if path.name.startswith("re"))
