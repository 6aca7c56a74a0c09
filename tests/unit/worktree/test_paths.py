import os
from pathlib import Path

import pytest

from dsv.errors import BadConfig, Refused
from dsv.model.node import DIR, FILE, Entry, build
from dsv.worktree.ignore import NOTHING, Ignore, load
from dsv.worktree.paths import (
    FileSystem,
    check_dataset,
    check_names,
    check_tree,
    holds_place_only,
    is_reserved,
    probe,
)
from tests.unit.worktree.worktree_fixtures import MemoryStore


@pytest.mark.parametrize(
    "path", ["a", "a/b c", "\xe9/\U0001f40d", "new\nline", "...", "x/.hidden", "n" * 255]
)
def test_good_paths(tmp_path: Path, path: str) -> None:
    check_dataset(tmp_path, path)


@pytest.mark.parametrize(
    "path",
    [
        "",
        os.fsdecode(b"\xff"),
        "a\0b",
        ".",
        "..",
        "a/..",
        "../a",
        "/a",
        "a//b",
        "a/",
        "a/./b",
        ".dsv",
        ".git/x",
        "a/.git",
        ".GIT",
        "dsv.toml",
    ],
)
def test_bad_paths(tmp_path: Path, path: str) -> None:
    with pytest.raises(Refused):
        check_dataset(tmp_path, path)


def test_links_out_of_the_workspace_are_refused(tmp_path: Path) -> None:
    root = tmp_path / "work"
    (root / "real").mkdir(parents=True)
    (tmp_path / "outside").mkdir()
    (root / "out").symlink_to(tmp_path / "outside")
    (root / "in").symlink_to("real")
    (root / "loop").symlink_to("loop")
    for path in ("out", "out/x"):
        with pytest.raises(Refused, match="out is a link out of the workspace") as caught:
            check_dataset(root, path)
        assert "bind-mount" in (caught.value.hint or "")
    with pytest.raises(Refused, match="in is a link to real"):
        check_dataset(root, "in/x")
    with pytest.raises(Refused):
        check_dataset(root, "loop")


def test_a_workspace_in_a_workspace_is_refused(tmp_path: Path) -> None:
    (tmp_path / "inner").mkdir()
    (tmp_path / "inner" / "dsv.toml").touch()
    with pytest.raises(Refused, match="inner is a workspace"):
        check_dataset(tmp_path, "inner/data")


def test_probing_leaves_nothing(tmp_path: Path) -> None:
    system = probe(tmp_path)
    assert list(tmp_path.iterdir()) == []
    (tmp_path / "a").touch()
    assert system.folds_case == (tmp_path / "A").exists()


@pytest.mark.parametrize(
    ("names", "system"),
    [
        (["a", "A"], FileSystem(folds_case=True)),
        (["stra\xdfe", "STRASSE"], FileSystem(folds_case=True)),
        (["\xe9", "e\u0301"], FileSystem(folds_unicode=True)),
        (["\xc9", "e\u0301"], FileSystem(folds_case=True, folds_unicode=True)),
        (["con.txt"], FileSystem(windows=True)),
        (["a:b"], FileSystem(windows=True)),
    ],
)
def test_names_that_collide(names: list[str], system: FileSystem) -> None:
    check_names(names, FileSystem(), "data")
    with pytest.raises(Refused, match="data"):
        check_names(names, system, "data")
    store = MemoryStore()
    below = build(sorted(Entry(name, FILE, "0" * 64) for name in names), store.put_node)
    root = build([Entry("sub", DIR, below)], store.put_node)
    check_tree("data", root, store.node, FileSystem())
    with pytest.raises(Refused, match="data/sub"):
        check_tree("data", root, store.node, system)


@pytest.mark.parametrize("name", ["nul", "COM1.txt", "a.", "b ", "x?", "tab\t"])
def test_reserved_names(name: str) -> None:
    assert is_reserved(name)
    assert not is_reserved("fine-" + name.strip(" .?\t"))


def test_ignore_files(tmp_path: Path) -> None:
    assert not load(tmp_path)
    assert not NOTHING.matches("x", is_dir=False)
    (tmp_path / ".dsvignore").write_text("# only this\n*.log\n!keep.log\nbuild/\n")
    rules = load(tmp_path, extra=["*.bak"])
    assert rules
    assert [rules.matches(path, is_dir=False) for path in ("a.log", "x/keep.log", "build", "a.bak")] == [
        True,
        False,
        False,
        True,
    ]
    assert rules.matches("x/build", is_dir=True)
    (tmp_path / ".dsvignore").write_bytes(b"\xff\n")
    with pytest.raises(BadConfig, match=r"\.dsvignore"):
        load(tmp_path)
    assert not Ignore(["!"]).matches("x", is_dir=False)


@pytest.mark.parametrize(
    ("names", "only"),
    [
        ((".gitkeep",), True),
        (("a/b/.keep", ".gitkeep"), True),
        ((".gitkeep", "1.pgm"), False),
        ((".gitkeep", "a/.hidden"), False),
        (("a/",), False),
    ],
)
def test_a_folder_that_git_keeps_holds_nothing(tmp_path: Path, names: tuple[str, ...], only: bool) -> None:
    folder = tmp_path / "data"
    folder.mkdir()
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        if not name.endswith("/"):
            (folder / name).touch()
    assert holds_place_only(folder) is only
    (folder / "link").symlink_to(tmp_path)
    assert not holds_place_only(folder)
    assert not holds_place_only(folder / "link")
