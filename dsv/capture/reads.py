"""Versions that a run reads through dsv's library, as the library reports them.

They come from the store, so that watching the workspace does not show them. The recording of a run puts the
variable DSV_READS into the environment of its processes: a folder in which each leaves a file of its own, with
one JSON document a line. The same variable tells the library that somebody records already.
"""

import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from dsv.errors import Corrupt
from dsv.model.checkpoint import Checkpoint

VARIABLE = "DSV_READS"


@dataclass(frozen=True, slots=True)
class Read:
    """A version that was read.

    Attributes:
        path: The dataset, relative to the workspace.
        revision: The revision as it was asked for; None: the dataset is not in the working tree, and was
            read as it is staged or committed.
        checkpoint: Which version that was.
    """

    path: str
    revision: str | None
    checkpoint: Checkpoint

    @property
    def name(self) -> str:
        """What the input is called in the record: `PATH`, or `PATH@REV`."""
        return self.path if self.revision is None else f"{self.path}@{self.revision}"


@dataclass(frozen=True, slots=True)
class Reports:
    """What a run reported.

    Attributes:
        reads: The versions that it read.
        steps: The names of the parts of it that would have been recorded by themselves.
        broken: Whether a report could not be understood.
    """

    reads: tuple[Read, ...] = ()
    steps: tuple[str, ...] = ()
    broken: bool = False


def observed(env: Mapping[str, str], reports: Path) -> dict[str, str]:
    """Return the environment `env` for a command that reports what it reads into the folder `reports`."""
    return {**env, VARIABLE: os.fspath(reports)}


def report(reports: Path, read: Read) -> None:
    """Report that a version is being read.

    Raises:
        OSError: It cannot be written.
    """
    found = read.checkpoint
    _append(reports, {"path": read.path, "revision": read.revision, "checkpoint": asdict(found)})


def report_step(reports: Path, name: str) -> None:
    """Report that a part of the run is at work which would be recorded if the run were not.

    Raises:
        OSError: It cannot be written.
    """
    _append(reports, {"step": name})


def read_reports(reports: Path) -> Reports:
    """Return what was reported into the folder `reports`.

    Raises:
        OSError: It cannot be read.
    """
    reads: dict[str, Read] = {}
    steps: dict[str, None] = {}
    broken = False
    for path in sorted(reports.iterdir()):
        for line in path.read_text(encoding="utf-8", errors="replace").splitlines():
            try:
                record = json.loads(line)
                if "step" in record:
                    steps[str(record["step"])] = None
                    continue
                revision = None if record["revision"] is None else str(record["revision"])
                read = Read(str(record["path"]), revision, Checkpoint.parse(record["checkpoint"]))
                reads[read.name] = read
            except (AttributeError, KeyError, TypeError, ValueError, Corrupt):
                broken = True
    return Reports(tuple(reads.values()), tuple(steps), broken)


def _append(reports: Path, record: Mapping[str, object]) -> None:
    line = json.dumps(record).encode() + b"\n"
    fd = os.open(reports / str(os.getpid()), os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    try:
        os.write(fd, line)
    finally:
        os.close(fd)
