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


LIMITS = {
    "cli/test_looking.py": {"SHORT": "how short ids are everywhere: a command has no way to it"},
    "cli/test_output.py": {"BAR_AFTER": "of the process of a command, which makes its bars itself"},
    "cli/test_pipes_for_git.py": {"_PATIENCE": "git is met by way of a whole command"},
    "cli/test_progress_bars.py": {"BAR_AFTER": "of the process of a command, which makes its bars itself"},
    "unit/lineage/test_graph_memory.py": {"BUSY_SECONDS": "the ledger is opened where lineage is asked for"},
    "unit/records/test_revisions.py": {"_PREFIX": "which prefixes are ids is a rule of the whole process"},
    "unit/store/test_holdings.py": {"_KEYED": "a kind that only a test knows is made known for a moment"},
    "unit/tables/compare/test_compare_tables.py": {
        "PART_ROWS": "below a comparison, which hands no limits down",
        "HELD_BYTES": "below a comparison, which hands no limits down",
    },
    "unit/tables/formats/test_bounds.py": {
        "_FREE_VALUES": "each reader of a format makes its own budget",
        "_VALUES_A_BYTE": "each reader of a format makes its own budget",
        "_FREE_TEXT": "each reader of a format makes its own budget",
        "_TEXT_A_BYTE": "each reader of a format makes its own budget",
    },
    "unit/tables/formats/test_text.py": {"LIMIT": "below a reader that is chosen by the name of a file"},
    "unit/tables/write/test_convert.py": {"GROUP_ROWS": "one writer of several that are called alike"},
    "unit/tables/write/test_stable.py": {"GROUP_BYTES": "two calls below the one face of all forms"},
}
"""The limits that tests set from outside, each with why no parameter leads to it; the list only gets shorter."""


def test_limits_are_parameters() -> None:
    patched = re.compile(r"setattr\(\s*(?:\w+, \"|f?\"[\w.{}]+\.)(_?[A-Z][A-Z_]+)\"")
    found = {
        str(path.relative_to(TESTS)): set(patched.findall(path.read_text("utf-8"))) for path in modules()
    }
    assert {name: limits for name, limits in found.items() if limits} == {
        name: set(limits) for name, limits in LIMITS.items()
    }
