"""Real text to fill tables and files with: passages of the running Python's own standard library."""

import bisect
import sysconfig
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np


class Passage(NamedTuple):
    """Some neighbouring lines of one real file."""

    source: str
    text: str


class Corpus:
    """The standard library's sources as one text, sampled in passages of whole lines.

    Sources are prose and code as people wrote them: a compressor finds in them what it finds in the text
    columns of real datasets, which random bytes or random words would not show.
    """

    def __init__(self) -> None:
        root = Path(sysconfig.get_paths()["stdlib"])
        files = sorted(p for p in root.rglob("*.py") if not {"site-packages", "dist-packages"} & set(p.parts))
        self._names: list[str] = []
        self._first: list[int] = []
        self._lines: list[str] = []
        for file in files:
            self._names.append(file.relative_to(root).as_posix())
            self._first.append(len(self._lines))
            text = file.read_bytes().decode("utf-8", errors="replace")
            self._lines += [line for line in text.splitlines() if line.strip()]

    def passages(self, rng: np.random.Generator, count: int, lines: int) -> Iterator[Passage]:
        """Yield `count` passages of about `lines` lines each (geometric, so most are short)."""
        starts = rng.integers(0, len(self._lines), count)
        lengths = np.minimum(rng.geometric(1 / lines, count), 200)
        for start, length in zip(starts.tolist(), lengths.tolist(), strict=True):
            file = bisect.bisect_right(self._first, start) - 1
            yield Passage(self._names[file], "\n".join(self._lines[start : start + length]))

    def slices(self, rng: np.random.Generator, sizes: list[int]) -> Iterator[bytes]:
        """Yield one stretch of real text for each size in bytes, cut wherever it ends."""
        whole = "\n".join(self._lines).encode()
        starts = rng.integers(0, len(whole) - max(sizes), len(sizes))
        for start, size in zip(starts.tolist(), sizes, strict=True):
            yield whole[start : start + size]
