"""The power fails at every change of the disk: nothing that was said is lost, and nothing false is shown as true."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from dsv.worktree import lockfile
from tests.robustness.disk import MODES
from tests.robustness.lab_fixtures import KILLED, Lab, Server
from tests.robustness.story_fixtures import (
    STORIES,
    Rehearsals,
    Story,
    data,
    make_home,
    moments,
    settle,
    words_of,
)

POINTS = int(os.environ.get("DSV_POWER_POINTS", "1"))
"""How many of the moments of a command are tried, besides its end; 0 for all of them."""

SEED = int(os.environ.get("DSV_POWER_SEED", "0"))
"""Decides what of all that was not synced is lost."""

CLEANED_BY_DSV = {"undo"}
"""Stories whose files dsv wrote itself: they are on the disk when the command begins."""


BY_OTHERS = {"run", "rerun"}
"""Commands that have other programs write files."""


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory, server: Server) -> Lab:
    """A workspace with two branches, a recorded run and a remote."""
    return make_home(tmp_path_factory.mktemp("power") / "home", server)


@pytest.fixture(scope="module")
def rehearsals(home: Lab, tmp_path_factory: pytest.TempPathFactory) -> Rehearsals:
    return Rehearsals(home, tmp_path_factory.mktemp("rehearsals"), looked=True)


@pytest.mark.parametrize("edits", ["synced", "unsynced"])
@pytest.mark.parametrize("name", STORIES)
def test_no_power_cut_loses_or_hides_anything(
    home: Lab, rehearsals: Rehearsals, tmp_path: Path, name: str, edits: str
) -> None:
    story = STORIES[name]
    if edits == "unsynced" and (name in CLEANED_BY_DSV or story.before.__name__ == "_nothing"):
        pytest.skip("the user edits nothing in this story")
    ready, whole, calls, committed = rehearsals.of(name)
    for moment, mode in _cuts(calls, edits):
        lab = settle(ready.twin(tmp_path / f"at-{moment}-{mode}"))
        lab.ok("status")  # the stat cache knows all files
        before = home.folder if edits == "unsynced" else None
        hit = lab.cut(*words_of(lab, story), at=moment, mode=mode, seed=SEED * 1000 + moment, before=before)
        assert hit.code == KILLED, hit.err
        where = f"{name}, the power cut at {moment} of {calls}, seed {SEED}, edits {edits}, {mode}"
        _check_settings(lab, ready, whole, where)
        _check_words(lab, where)
        assert committed <= lab.history(), where
        if moment > calls and edits == "synced":
            _check_done(lab, whole, where, tree=story.words[0] not in BY_OTHERS)
        sure = edits == "synced" and story.words[0] not in BY_OTHERS  # nobody synced what others wrote
        _check_again(lab, story, where, data(whole) if sure else None, data(ready))
        shutil.rmtree(lab.folder)


def _cuts(calls: int, edits: str) -> Iterator[tuple[int, str]]:
    """Yield the moments at which the power is cut, and what is lost then."""
    for moment in moments(calls, POINTS):
        yield moment, MODES[(moment + SEED) % len(MODES)]
    worst = "nothing" if edits == "synced" else "tree"
    for mode in (worst,) if POINTS else MODES:
        yield calls + 1, mode


def _check_settings(lab: Lab, ready: Lab, whole: Lab, where: str) -> None:
    """`dsv.toml` and `dsv.lock` are the old ones or the new ones."""
    texts = [
        settle(one).read("dsv.toml").replace(os.fsencode(one.folder), b"") for one in (ready, whole, lab)
    ]
    assert texts[2] in texts[:2], f"{where}: dsv.toml"
    old, new = (one.folder / lockfile.NAME for one in (ready, lab))
    if not new.exists() or not old.exists():
        assert new.exists() == old.exists(), f"{where}: dsv.lock"
    elif new.read_bytes() != old.read_bytes():
        pinned = lockfile.read(lab.folder)
        assert pinned is not None, f"{where}: dsv.lock"
        assert pinned.commit in lab.history(), f"{where}: dsv.lock"


def _check_done(lab: Lab, whole: Lab, where: str, *, tree: bool) -> None:
    """What a command that has ended did is there: commits, what is staged, and `tree`, the files."""
    assert len(lab.history()) == len(whole.history()), f"{where}: a commit is lost"
    staged = [[one["path"] for one in each.json("status")["staged"]] for each in (lab, whole)]
    assert staged[0] == staged[1], f"{where}: what was staged is lost"
    assert not tree or data(lab) == data(whole), f"{where}: files are lost"


def _check_words(lab: Lab, where: str) -> None:
    """What `status` says on the word of its cache is what it says after reading everything."""
    quick, slow = lab("status", "--json"), lab("status", "--rehash", "--json")
    assert (quick.code, slow.code) == (0, 0), f"{where}: {quick.err}{slow.err}"
    said, true = quick.document, slow.document
    for part in ("staged", "unstaged", "untracked"):
        assert said[part] == true[part], (
            f"{where}: status says of what is {part}: {said[part]}, not {true[part]}"
        )


def _check_again(
    lab: Lab, story: Story, where: str, end: dict[str, bytes] | None, start: dict[str, bytes]
) -> None:
    if story.words[0] != "fsck":
        checked = lab("fsck")
        assert checked.code == 0, f"{where}, then fsck: {checked.out}{checked.err}"
    again = lab(*words_of(lab, story))
    if again.code == 3 and story.words[0] == "rerun":  # the program had written
        lab.ok("restore", "made.csv")
        again = lab(*words_of(lab, story))
    if end is None:  # what the user had not synced may be lost, and is a change like any other then
        assert again.code in {0, 1, 3}, f"{where}, then again: {again.code} {again.err}"
        assert "Traceback" not in again.err, where
    else:
        assert again.code in {0, *story.codes}, f"{where}, then again: {again.code} {again.err}"
        left = data(lab)
        assert left in ((start, end) if story.words == ("undo",) else (end,)), (
            f"{where}, then again: {sorted(path for path in {*left, *end} if left.get(path) != end.get(path))}"
        )
    _check_words(lab, f"{where}, then again")
    lab.sound()
    remote = lab("fsck", "--remote", "origin", "--full")
    assert remote.code == 0, f"{where}, then fsck --remote: {remote.out}"


def test_what_a_cut_left_of_a_checkout_is_put_back_and_never_committed(home: Lab, tmp_path: Path) -> None:
    story = STORIES["checkout of what was dropped"]
    ready = home.twin(tmp_path / "ready")
    story.before(ready)
    whole = ready.twin(tmp_path / "whole")
    done = whole(*story.words, count=True)
    assert done.code == 0, done.err
    torn = 0
    for moment in range(done.calls, 0, -1):
        lab = ready.twin(tmp_path / f"at-{moment}")
        lab.cut(*story.words, at=moment, mode="names", seed=moment)
        if data(lab) in (data(ready), data(whole)):
            if torn:
                break
            continue
        torn += (lab.folder / "a.bin").exists() and not lab.read("a.bin")
        head = lab.json("log")["commits"]
        lab("commit", "-a", "-m", "by mistake")
        assert lab.json("log")["commits"] == head, f"cut at {moment}: a part of a file was committed"
        assert data(lab) == data(whole), f"cut at {moment}"
    assert torn, "no cut left an empty file"


def test_an_edit_after_the_cut_is_no_part_of_it(home: Lab, tmp_path: Path) -> None:
    """What the user emptied after the machine was started again is an edit."""
    story = STORIES["checkout of what was dropped"]
    ready = home.twin(tmp_path / "ready")
    story.before(ready)
    done = ready.twin(tmp_path / "whole")(*story.words, count=True)
    for moment in range(done.calls, 0, -1):
        lab = ready.twin(tmp_path / f"at-{moment}")
        lab.cut(*story.words, at=moment, mode="names", seed=moment)
        if (lab.folder / "a.bin").exists() and not lab.read("a.bin"):
            break
    lab.write("a.bin", b"")
    lab("commit", "-a", "-m", "emptied")
    assert lab.read("a.bin") == b""
