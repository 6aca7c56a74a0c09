"""Lines of `.dsvignore` mean what they mean to git, and none of them takes long."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dsv.worktree.ignore import Ignore
from dsv.worktree.wildmatch import pattern_of

TOKENS = [
    "a", "b", "A", ".", "-", " ", "#", "!", "/", "?", "*", "**", "**/", "/**", "/**/", "*a", "a*", "[ab]", "[!a]", "[^b]",
    "[a-b]", "[b-a]", "[]a]", "[a-]", "[--b]", "[\\]]", "[a-\\b]", "[[:alpha:]]", "[[:foo:]]", "[[:alpha", "[", "]", "\\a",
    "\\*", "\\ ", "\\", "é",
]  # fmt: skip
LINES = st.lists(
    st.lists(st.sampled_from(TOKENS), min_size=1, max_size=7).map("".join), min_size=1, max_size=4
)
PART = st.text(alphabet="aabA.*-] é", min_size=1, max_size=4).filter(lambda part: part not in {".", ".."})
NAMES = st.lists(st.lists(PART, min_size=1, max_size=4).map("/".join), min_size=1, max_size=30)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    if shutil.which("git") is None:
        pytest.skip("git is what this is compared with")
    made = tmp_path_factory.mktemp("git")
    subprocess.run(["git", "init", "-q", made], check=True)
    return made


def as_git(folder: Path, lines: list[str], names: set[str]) -> set[str]:
    (folder / ".gitignore").write_text("\n".join(lines) + "\n", encoding="utf-8")
    done = subprocess.run(
        ["git", "-C", folder, "check-ignore", "--no-index", "-z", "--stdin"],
        input="".join(f"{name}\0" for name in names).encode(),
        capture_output=True,
        check=False,
        env={**os.environ, "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"},
    )
    assert done.returncode in (0, 1), done.stderr
    return set(done.stdout.decode().split("\0")) - {""}


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(lines=LINES, names=NAMES)
def test_a_line_means_what_it_means_to_git(folder: Path, lines: list[str], names: list[str]) -> None:
    rules = Ignore(lines)
    assert {name for name in names if rules.matches(name, is_dir=False)} == as_git(folder, lines, set(names))


@pytest.mark.parametrize(
    ("line", "yes", "no"),
    [
        ("*.log", ["a.log", "x/b.log", "a.log/x"], ["a.log2", "log"]),
        ("/build", ["build", "build/x"], ["x/build"]),
        ("build/", ["build/x", "a/build/x"], ["build"]),
        ("a/**/b", ["a/b", "a/x/b", "a/x/y/b"], ["ab", "x/a/b"]),
        ("a/**", ["a/x", "a/x/y"], ["a", "b/a/x"]),
        ("**/b", ["b", "a/b", "a/b/c"], ["ab"]),
        ("a/*/b", ["a/x/b"], ["a/b", "a/x/y/b"]),
        ("a*b*c", ["abc", "axbxc", "abbcc"], ["ab", "acb"]),
        ("trail  ", ["trail"], ["trail  "]),
        (r"trail\ ", ["trail "], ["trail"]),
        (r"\#a", ["#a"], ["a"]),
        (r"\!a", ["!a"], ["a"]),
        ("a\r", ["a"], ["a\r"]),
        ("[0-9][!0-9]", ["1a"], ["11", "a1", "1/"]),
        ("??", ["ab", "é"], ["a", "abc"]),
    ],
)
def test_lines(line: str, yes: list[str], no: list[str]) -> None:
    rules = Ignore([line])
    assert all(rules.matches(path, is_dir=False) for path in yes)
    assert not any(rules.matches(path, is_dir=False) for path in no)


@pytest.mark.parametrize("line", ["", "# a", "   ", "\r"])
def test_what_says_nothing(line: str) -> None:
    assert pattern_of(line) is None
    assert not Ignore([line])


def test_what_is_in_a_folder_that_is_left_out_cannot_be_kept() -> None:
    rules = Ignore(["data", "!data/kept.csv", "!data"])
    assert not rules.matches("data/kept.csv", is_dir=False)
    assert Ignore(["data", "!data/kept.csv"]).matches("data/kept.csv", is_dir=False)
    assert Ignore(["data", "!data/kept.csv"]).rule_of("data/kept.csv") == "data"


def test_a_folder_that_is_kept_keeps_what_is_in_it() -> None:
    rules = Ignore(["!logs/", "*.tmp"])
    assert rules.rule_of("logs/x/a.log") == "!logs/"
    assert rules.rule_of("logs/a.tmp") == "*.tmp"
    assert rules.rule_of("a.log") is None


@pytest.mark.parametrize(
    "line",
    [
        "a*" * 40 + "b", "*a" * 40 + "b", "**/a*" * 40 + "/b", "**/" * 60 + "c", "*?" * 100 + "b", "[ab]*" * 100 + "c",
        "**/" + "a*" * 50 + "/" + "a*" * 50 + "/b", "x/" + "*a*/" * 100 + "b", "**/a/" * 100 + "b", "/**/a" * 100 + "/**/b/**",
        "?*" * 100 + "b", "**/*a*" * 30 + "**", "a" + "***/" * 40 + "b", "[!b]*" * 80 + "b" + "[[:alpha:]]*" * 80,
    ],
)  # fmt: skip
def test_no_pattern_takes_long(line: str) -> None:
    """Each of these has more ways to match than there is time to try."""
    rules = Ignore([line, f"!{line}/"])
    for name in (
        "a" * 255,
        "/".join(["a" * 255] * 15),
        "a/" * 1000 + "a",
        "x/" + "aaa/" * 500 + "a",
        "ab" * 100 + "/c",
    ):
        rules.matches(name, is_dir=False)
        rules.rule_of(name)


def test_a_deep_folder_is_no_trouble() -> None:
    assert Ignore(["x"]).matches("a/" * 2000 + "x", is_dir=False)
