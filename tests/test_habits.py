"""What tests do not do."""

import re
from pathlib import Path

TESTS = Path(__file__).parent

SLEEPERS = {
    "waiting.py": "looks again and again for what nobody announces, with an end",
    "remote/seaweedfs.py": "waits for a server that is not ours to write its first object",
    "unit/worktree/worktree_fixtures.py": "the kernel alone sets a ctime, and how old one is is what is tested",
    "unit/capture/prison/attack.py": "the attack is a process that stays",
}
"""The modules that let time pass, each with why nothing can be waited for there; the list only gets shorter."""


def modules() -> list[Path]:
    """Return all modules of the tests but the benchmarks, which measure time."""
    return [path for path in TESTS.rglob("*.py") if not path.is_relative_to(TESTS / "bench")]


def test_nobody_sleeps() -> None:
    sleep = re.compile(r"\btime\.slee[p]\(|\bfrom time import .*\bsleep\b")
    found = {str(path.relative_to(TESTS)) for path in modules() if sleep.search(path.read_text("utf-8"))}
    assert found == set(SLEEPERS)
