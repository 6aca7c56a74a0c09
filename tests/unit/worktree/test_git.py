import subprocess
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dsv.errors import Refused
from dsv.worktree import git


def run(folder: Path, *arguments: str, check: bool = True) -> subprocess.CompletedProcess[bytes]:
    settings_ = ("-c", "user.name=x", "-c", "user.email=x@x", "-c", "init.defaultBranch=main")
    return subprocess.run(("git", *settings_, *arguments), cwd=folder, check=check, capture_output=True)


@pytest.fixture
def top(tmp_path: Path) -> Path:
    run(tmp_path, "init")
    return tmp_path


def ignored(folder: Path, path: str) -> bool:
    """Return what git itself says."""
    return run(folder, "check-ignore", "-q", "--no-index", "--", f"./{path}", check=False).returncode == 0


ODD = [
    "plain.csv",
    "data/deep/x.parquet",
    "with space",
    " leading",
    "trailing ",
    "trailing  ",
    "#hash",
    "!bang",
    "a[b]c",
    "a*b",
    "a?b",
    "back\\slash",
    "new\nline",
    "cr\rreturn",
    "tab\tbed",
    "emoji \U0001f600",
    "é",
    '"quoted"',
    "a#b!c",
    "-dash",
    "{a,b}",
    "~",
    "**",
    "dir/*.csv",
    "\\",
    "\\ ",
]


@pytest.mark.parametrize("name", ODD)
def test_git_ignores_just_what_is_tracked(top: Path, name: str) -> None:
    (top / "dsv.toml").touch()
    assert git.ignore(top, [name])
    assert ignored(top, name)
    assert ignored(top, ".dsv/refs")
    for other in ("dsv.toml", "dsv.lock", "sub/" + name, name + "x", "x" + name, "axb", "abc", "other"):
        if other != name:
            assert not ignored(top, other), other


def test_all_of_them_at_once(top: Path) -> None:
    git.ignore(top, ODD)
    text = (top / ".gitignore").read_bytes()
    assert not git.ignore(top, list(reversed(ODD)))
    assert (top / ".gitignore").read_bytes() == text
    assert all(ignored(top, name) for name in ODD)


LINES = st.lists(st.sampled_from([b"*.log", b"# mine", b"", b"caf\xe9", b"!x", b"\r"]), max_size=4)


@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(LINES, LINES, st.booleans())
def test_what_the_user_wrote_stays(
    tmp_path: Path, before: list[bytes], after: list[bytes], newline: bool
) -> None:
    path = tmp_path / ".gitignore"
    first = b"\n".join(before) + (b"\n" if newline and before else b"")
    path.write_bytes(first)
    git.ignore(tmp_path, ["a", "b"])
    one = path.read_bytes()
    assert one.startswith(first)
    path.write_bytes(one + b"\n".join(after))
    assert not git.ignore(tmp_path, ["b", "a"])
    assert git.ignore(tmp_path, ["a"])
    assert path.read_bytes() == one.replace(b"/b\n", b"") + b"\n".join(after)
    mine = [line.decode("utf-8", "surrogateescape") for line in (*before, *after)]
    assert [line for line in git.own_ignores(tmp_path) if line.strip()] == [
        line for line in mine if line.strip()
    ]


def test_a_block_whose_end_was_deleted(tmp_path: Path) -> None:
    git.ignore(tmp_path, ["a"])
    path = tmp_path / ".gitignore"
    path.write_text(path.read_text().replace("# <<< dsv\n", "") + "mine\n")
    git.ignore(tmp_path, ["b"])
    assert "mine" in path.read_text().splitlines()
    assert "/b" in path.read_text().splitlines()
    assert not git.ignore(tmp_path, ["b"])


def test_the_branch(top: Path) -> None:
    assert git.find(top) == top
    assert git.branch(top) == "main"
    (top / "sub").mkdir()
    assert git.find(top / "sub") == top
    run(top, "commit", "--allow-empty", "-m", "x")
    run(top, "checkout", "-b", "feature/one")
    assert git.branch(top) == "feature/one"
    run(top, "worktree", "add", "../other", "main")
    assert git.branch(top.parent / "other") == "main"
    run(top, "checkout", "--detach")
    assert git.branch(top) is None


def test_outside_git(tmp_path: Path) -> None:
    assert git.find(tmp_path) is None
    assert git.branch(tmp_path) is None
    assert git.tracked(tmp_path) == frozenset()


def test_what_git_tracks(top: Path) -> None:
    (top / "w" / "sub").mkdir(parents=True)
    for name in ("a", "w/b c", "w/sub/new\nline", "w/é", "w/[x]", "w/x"):
        (top / name).touch()
    run(top, "add", "a", "w/b c", "w/sub", "w/é", "w/[[]x]")
    assert git.tracked(top / "w") == {"b c", "sub/new\nline", "é", "[x]"}
    assert git.tracked(top / "w", ["sub", "x"]) == {"sub/new\nline"}
    assert git.tracked(top / "w", ["[x]"]) == {"[x]"}
    assert git.tracked(top / "w", ["x"]) == frozenset()


def test_what_git_ignores(top: Path) -> None:
    (top / ".gitignore").write_text("*.log\nbuild/\n")
    (top / "sub").mkdir()
    (top / "sub" / ".gitignore").write_text("x y\n")
    (top / "kept.log").touch()
    run(top, "add", "-f", "kept.log")
    asked = ["a.log", "build/x", "sub/x y", "kept.log", "plain.txt", "sub/new\nline"]
    assert git.ignored(top, asked) == {"a.log", "build/x", "sub/x y"}
    assert git.ignored(top, []) == frozenset()


def test_outside_of_git_nothing_is_ignored(tmp_path: Path) -> None:
    (tmp_path / ".gitignore").write_text("*\n")
    assert git.ignored(tmp_path, ["a"]) == frozenset()


def test_what_a_submodule_tracks_is_in_git(tmp_path: Path) -> None:
    for name in ("inner", "outer"):
        (tmp_path / name).mkdir()
        (tmp_path / name / f"{name}.txt").write_text(name)
        run(tmp_path / name, "init")
        run(tmp_path / name, "add", f"{name}.txt")
        run(tmp_path / name, "commit", "-m", name)
    outer = tmp_path / "outer"
    run(outer, "-c", "protocol.file.allow=always", "submodule", "add", "../inner", "part")
    (outer / "part" / "loose.txt").touch()
    assert git.tracked(outer) == {".gitmodules", "outer.txt", "part/inner.txt"}
    assert git.tracked(outer, ["part"]) == {"part/inner.txt"}


def test_a_folder_that_makes_no_repository_is_passed_over(top: Path) -> None:
    inner = top / "inner"
    (inner / ".git").mkdir(parents=True)
    (inner / ".git" / "config").write_text("[core]\n")
    assert git.find(inner) == top


def test_a_damaged_repository_is_not_taken_for_none(tmp_path: Path) -> None:
    (tmp_path / ".git" / "objects").mkdir(parents=True)
    assert git.find(tmp_path) == tmp_path
    with pytest.raises(Refused, match="git does not answer"):
        git.tracked(tmp_path, ["x"])
