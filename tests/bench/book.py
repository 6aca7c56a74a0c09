"""What was measured, kept apart from how it is shown; can be written to a file and read again."""

import json
import statistics
from pathlib import Path
from typing import NamedTuple

from tests.bench.measure import Sample


class Cell(NamedTuple):
    """The result of one tool at one piece of work.

    Attributes:
        value: Median seconds, or for sizes the median ratio; None if it failed or cannot be asked.
        cpu: Median seconds of processor time; 0 for sizes.
        peak: Bytes of the largest resident set in any run; 0 for sizes.
        runs: How many runs the medians are of.
        note: Why there is no value.
    """

    value: float | None
    cpu: float = 0.0
    peak: int = 0
    runs: int = 0
    note: str = ""


class Book:
    """Samples by metric and by tool, and the medians of earlier sittings."""

    def __init__(self) -> None:
        self._samples: dict[tuple[str, str], list[Sample]] = {}
        self._notes: dict[tuple[str, str], str] = {}
        self._earlier: dict[tuple[str, str], Cell] = {}
        self.versions: dict[str, str] = {}

    def add(self, metric: str, who: str, sample: Sample) -> None:
        """Record one run."""
        self._samples.setdefault((metric, who), []).append(sample)

    def note(self, metric: str, who: str, why: str) -> None:
        """Record why there is no value."""
        self._notes[metric, who] = why

    def cell(self, metric: str, who: str) -> Cell | None:
        """Return the result of `who` at `metric`, or None if it was never tried.

        A failure in any run hides the other runs: half a result would look like a whole one.
        """
        key = (metric, who)
        if key in self._notes:
            return Cell(None, note=self._notes[key])
        samples = self._samples.get(key)
        if not samples:
            return self._earlier.get(key)
        return Cell(
            statistics.median(s.wall for s in samples),
            statistics.median(s.cpu for s in samples),
            max(s.peak for s in samples),
            len(samples),
        )

    def entries(self) -> list[tuple[str, str]]:
        """Return every (metric, tool) that has a result or a note."""
        return sorted({*self._samples, *self._notes, *self._earlier})

    def save(self, path: Path) -> None:
        """Write all medians, so that a later sitting can add to them."""
        cells = [[*key, *cell] for key in self.entries() if (cell := self.cell(*key)) is not None]
        path.write_text(json.dumps({"versions": self.versions, "cells": cells}, indent=0) + "\n")

    def load(self, path: Path) -> None:
        """Take the medians of an earlier sitting for whatever is not measured in this one."""
        document = json.loads(path.read_text())
        self.versions = document["versions"] | self.versions
        self._earlier = {(row[0], row[1]): Cell(*row[2:]) for row in document["cells"]}
