"""Kills at every change of the disk."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.robustness.lab_fixtures import KILLED, Lab, Server, tree
from tests.robustness.story_fixtures import Story

POINTS = int(os.environ.get("DSV_KILL_POINTS", "6"))
"""How many of the moments of a command are tried; 0 for all of them."""

USER = b"not dsv's business"


def _nothing(lab: Lab) -> None:
    pass


def _edit(lab: Lab) -> None:
    lab.write("a.bin", b"edited" * 3000)
    lab.write("d/one.txt", b"edited one")
    lab.write("d/sub/new.txt", b"a new file in d")
    (lab.folder / "d/two.txt").unlink()
    (lab.folder / "t.csv").unlink()


def _stage(lab: Lab) -> None:
    _edit(lab)
    lab.write("n.txt", b"a new dataset")
    lab.ok("add", "a.bin", "d", "n.txt")


def _forced(lab: Lab) -> None:
    _edit(lab)
    lab.ok("checkout", "--force", "dev")


def _waste(lab: Lab) -> None:
    lab.write("w.bin", os.urandom(50_000))
    lab.ok("add", "w.bin")
    lab.ok("rm", "--keep", "w.bin")
    (lab.folder / "w.bin").unlink()


def _emptied(lab: Lab) -> None:
    for path in ("a.bin", "d", "t.csv", "e.txt"):
        lab.ok("drop", path)


def _loose(lab: Lab) -> None:
    lab.write("loose.csv", b"x,y\n5,6\n")
    lab.write("d/one.txt", b"edited one")


STORIES = {
    "add": Story(("add", "a.bin", "d", "e.txt"), _edit),
    "commit": Story(("commit", "-m", "next"), _stage, (1,)),
    "commit all": Story(("commit", "-a", "-m", "next"), _edit, (1,)),
    "checkout": Story(("checkout", "dev"), _nothing),
    "checkout fresh": Story(("checkout", "HEAD", "."), _emptied),
    "checkout force": Story(("checkout", "--force", "dev"), _edit),
    "merge": Story(("merge", "dev", "-m", "both"), _nothing),
    "undo": Story(("undo",), _forced),
    "gc": Story(("gc", "--now", "--keep", "0"), _waste),
    "run": Story(("run", "--", "sh", "-c", "cat loose.csv t.csv d/one.txt > made.csv"), _loose),
    "rm": Story(("rm", "d", "a.bin"), _nothing, (3,)),
    "restore": Story(("restore", "."), _edit),
}


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory, server: Server) -> Lab:
    """Two branches that differ in a file, a folder and what there is at all."""
    folder = tmp_path_factory.mktemp("kill") / "home"
    folder.mkdir()
    lab = Lab(folder, server)
    lab.ok("init")
    lab.write("user.txt", USER)
    lab.write("a.bin", b"a in the first version" * 1000)
    lab.write("t.csv", b"x,y\n1,2\n3,4\n")
    lab.write("d/one.txt", b"one")
    lab.write("d/two.txt", b"two")
    lab.write("d/sub/run.sh", b"#!/bin/sh\n").chmod(0o755)
    lab.write("d/deep/er/file", b"deep")
    (lab.folder / "d/empty").mkdir()
    (lab.folder / "d/link").symlink_to("one.txt")
    lab.ok("add", "a.bin", "t.csv", "d")
    lab.ok("commit", "-m", "first")
    lab.ok("checkout", "-b", "dev")
    lab.write("d/one.txt", b"one on dev")
    lab.write("d/sub/dev.txt", b"only on dev")
    (lab.folder / "d/deep/er/file").unlink()
    lab.write("f/g.txt", b"a dataset of dev")
    lab.ok("add", ".", "f/g.txt")
    lab.ok("commit", "-m", "dev")
    lab.ok("checkout", "main")
    lab.write("a.bin", b"a in the second version" * 1100)
    lab.write("e.txt", b"e")
    lab.ok("add", "a.bin", "e.txt")
    lab.ok("commit", "-m", "second")
    return lab


def _moments(count: int) -> list[int]:
    if not POINTS or count <= POINTS:
        return list(range(1, count + 1))
    return sorted({1 + round(number * (count - 1) / (POINTS - 1)) for number in range(POINTS)})


def _same_path(path: str, trees: list[dict[str, bytes]]) -> Iterator[bytes]:
    for one in trees:
        if path in one:
            yield one[path]


@pytest.mark.parametrize("name", STORIES)
def test_the_next_command_just_works(home: Lab, tmp_path: Path, name: str) -> None:
    story = STORIES[name]
    ready = home.twin(tmp_path / "ready")
    story.before(ready)
    start = tree(ready.folder)
    committed = ready.history()
    whole = ready.twin(tmp_path / "whole")
    done = whole(*story.words, count=True)
    assert done.code == 0, done.err
    end = tree(whole.folder)
    moments = _moments(done.calls)
    for moment in moments:
        lab = ready.twin(tmp_path / f"at-{moment}")
        killed = lab(*story.words, kill=moment)
        if killed.code != KILLED:
            assert killed.code == 0, killed.err  # threads made one call less
            continue
        where = f"{name}, killed at {moment} of {done.calls}"
        left = tree(lab.folder)
        for path, content in left.items():
            assert content in _same_path(path, [start, end]), f"{where}: {path} is neither old nor new"
        for path in start.keys() & end.keys():
            assert path in left, f"{where}: {path} is lost"
        _check_after(lab, story, where, start, end)
        assert committed <= lab.history(), where


def _check_after(lab: Lab, story: Story, where: str, start: dict[str, bytes], end: dict[str, bytes]) -> None:
    for words in (("status",), ("fsck",)):
        done = lab(*words)
        assert done.code == 0, f"{where}, then {words[0]}: {done.out}{done.err}"
    again = lab(*story.words)
    assert again.code in {0, *story.codes}, f"{where}, then again: {again.code} {again.err}"
    after = tree(lab.folder)
    if story.words == ("undo",):
        assert after in (start, end), f"{where}, then again: the tree is neither"
    else:
        assert after == end, f"{where}, then again: the tree is another"
    assert after["user.txt"] == b" " + USER
    for path, content in start.items():
        if not path.endswith("/") and path != "user.txt" and not content.startswith(b"-> "):
            # What was there is there still, or the store has it.
            known = after.get(path) == content or lab.stored(content[1:])
            assert known, f"{where}: the bytes of {path} are gone"
    lab.sound()
    assert lab("status").code == 0
