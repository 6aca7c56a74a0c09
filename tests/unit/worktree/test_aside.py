"""Setting datasets aside."""

import os
from pathlib import Path

import pytest

from dsv.worktree.aside import Aside
from dsv.worktree.ignore import Ignore


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "tmp").mkdir()
    root = tmp_path / "w"
    put(root, {"a.csv": "1", "out/x": "2", "out/deep/y": "3", "out/deep/note.txt": "mine", "other": "4"})
    return root


def put(root: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)


def held(root: Path) -> dict[str, str]:
    return {path.relative_to(root).as_posix(): path.read_text() for path in root.rglob("*") if path.is_file()}


def aside(root: Path, *rules: str) -> Aside:
    return Aside(root, root.parent / "tmp", Ignore(rules))


def test_back_as_it_was(root: Path) -> None:
    before = held(root)
    one = aside(root)
    one.take(["a.csv", "out", "not-there"])
    assert held(root) == {"other": "4"}
    assert not (root / "out").exists()
    put(root, {"a.csv": "half", "out/deep/half": "half", "out/x/now/a/folder": "half"})
    one.put_back()
    assert held(root) == before
    assert list((root.parent / "tmp").iterdir()) == []


def test_what_was_made_anew_stays(root: Path) -> None:
    one = aside(root)
    one.take(["a.csv", "out"])
    put(root, {"a.csv": "new", "out/x": "new"})
    assert one.missing() == ()
    one.forget()
    assert held(root) == {"a.csv": "new", "out/x": "new", "other": "4"}
    assert list((root.parent / "tmp").iterdir()) == []


def test_what_was_not_made_goes(root: Path) -> None:
    one = aside(root)
    one.take(["a.csv", "out"])
    put(root, {"a.csv": "new"})
    (root / "out").mkdir()
    assert one.missing() == ("out",)
    one.forget()
    assert held(root) == {"a.csv": "new", "other": "4"}
    assert not (root / "out").exists()
    assert list((root.parent / "tmp").iterdir()) == []


def test_a_folder_that_stands(root: Path) -> None:
    before = held(root)
    one = aside(root)
    one.take(["out"], stand=["out"])
    assert (root / "out").is_dir()
    assert not any((root / "out").iterdir())
    assert (root / "out").stat().st_mtime == 0
    assert one.without() == ()
    one.put_back()
    assert held(root) == before
    other = aside(root)
    other.take(["out", "a.csv"])
    assert other.without() == ("out",)
    other.put_back()
    assert held(root) == before


@pytest.mark.parametrize("fails", [True, False])
def test_ignored_files_never_move(root: Path, *, fails: bool) -> None:
    one = aside(root, "*.txt")
    one.take(["out"])
    assert held(root) == {"a.csv": "1", "other": "4", "out/deep/note.txt": "mine"}
    put(root, {"out/deep/y": "new", "out/new": "new"})
    if fails:
        one.put_back()
        assert held(root)["out/deep/y"] == "3"
        assert "out/new" not in held(root)
        assert held(root)["out/x"] == "2"
    else:
        assert one.missing() == ()
        one.forget()
        assert held(root)["out/deep/y"] == "new"
        assert "out/x" not in held(root)
    assert held(root)["out/deep/note.txt"] == "mine"


@pytest.mark.parametrize("stand", [(), ("out/deep",), None])
def test_folders_in_which_nothing_is_left(root: Path, stand: tuple[str, ...] | None) -> None:
    before = held(root)
    os.utime(root / "out", (1000, 1000))
    one = aside(root)
    one.take(["out/deep/y", "out/deep/note.txt"], stand=stand)
    assert (root / "out/deep").exists() is (stand != ())
    assert one.without() == (("out/deep",) if stand == () else ())
    if stand != ():
        assert (root / "out/deep").stat().st_mtime == 0
    assert (root / "out").stat().st_mtime == 1000  # as if nothing had been taken
    one.put_back()
    assert held(root) == before
    one = aside(root)
    one.take(["out/deep/y", "out/deep/note.txt", "out/x"])
    assert not (root / "out").exists()
    put(root, {"out/deep/y": "new"})
    assert one.without() == ()
    one.put_back()
    assert held(root) == before


def test_a_command_that_removed_the_folder(root: Path) -> None:
    before = held(root)
    one = aside(root)
    one.take(["out"], stand=["out"])
    (root / "out").rmdir()
    put(root, {"out": "a file now"})
    one.put_back()
    assert held(root) == before


def test_a_folder_where_a_file_was(root: Path) -> None:
    before = held(root)
    one = aside(root)
    one.take(["a.csv"])
    put(root, {"a.csv/half": "x"})
    one.put_back()
    assert held(root) == before


def test_links_are_moved_not_followed(root: Path) -> None:
    (root / "link").symlink_to("other")
    (root / "away").symlink_to("out")
    one = aside(root)
    one.take(["link", "away"])
    assert not (root / "link").is_symlink()
    one.put_back()
    assert (root / "link").readlink() == Path("other")
    assert (root / "out" / "x").read_text() == "2"


@pytest.mark.parametrize("rules", [(), ("*.txt",)])
def test_copies(root: Path, rules: tuple[str, ...]) -> None:
    before = held(root)
    one = aside(root, *rules)
    one.take([], copy=["a.csv", "out", "not-there"])
    assert held(root) == before
    put(root, {"a.csv": "half", "out/x": "half", "out/new": "half", "out/deep/note.txt": "half"})
    one.put_back()
    assert held(root) == before
    one = aside(root, *rules)
    one.take([], copy=["a.csv", "out"])
    put(root, {"a.csv": "new", "out/new": "new"})
    one.forget()
    assert held(root) == {**before, "a.csv": "new", "out/new": "new"}
