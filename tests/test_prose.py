"""The sentences that people read: plain words, and one sentence a line."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
WIDEST = 120
GENERATED = ("docs/reference/", "docs/benchmarks.md")

WORSE = {
    "told of": "called with, counts, reported",
    "anew": "again",
    "but for": "except",
    "shut in": "sandboxed",
    "found out": "detected",
    "worth saying": "note",
    "of whom": "",
    "whoever": "anyone who, or who does it: the caller, the reader",
    "whomever": "anyone",
}
"""What nobody says, and what is said instead; `docs/contributing.md` has the list."""

STATUS = "equal but for metadata"
"""What `verify` says; it is the name of a status."""


def _texts() -> list[Path]:
    pages = [ROOT / "README.md", ROOT / "CHANGELOG.md", *ROOT.glob("docs/**/*.md")]
    return sorted([*pages, *ROOT.glob("dsv/**/*.py")])


def _pages() -> list[Path]:
    return [
        path
        for path in _texts()
        if path.suffix == ".md" and not path.relative_to(ROOT).as_posix().startswith(GENERATED)
    ]


@pytest.mark.parametrize("words", sorted(WORSE))
def test_nobody_says(words: str) -> None:
    said = re.compile(rf"\b{words}\b", re.IGNORECASE)
    found = [
        f"{path.relative_to(ROOT)}:{number}: {line.strip()}"
        for path in _texts()
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if said.search(line.replace(STATUS, "")) and f"`{words}`" not in line
    ]
    assert not found, f"say {WORSE[words] or 'it otherwise'}"


@pytest.mark.parametrize("page", _pages(), ids=lambda page: page.relative_to(ROOT).as_posix())
def test_no_line_of_a_page_is_wide(page: Path) -> None:
    wide = [number for number, line in _prose(page) if len(line) > WIDEST]
    assert not wide


def _prose(page: Path) -> Iterator[tuple[int, str]]:
    """Yield the lines that are neither code nor rows of tables."""
    code = False
    for number, line in enumerate(page.read_text(encoding="utf-8").splitlines(), 1):
        if line.lstrip().startswith("```"):
            code = not code
        elif not code and not line.lstrip().startswith(("|", "[", "<")):
            yield number, line
