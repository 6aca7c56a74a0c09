"""Every change of the disk fails once, with EIO or ENOSPC: nothing is lost, and the next command just works."""

import os
import shutil
from pathlib import Path

import pytest

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

POINTS = int(os.environ.get("DSV_FAULT_POINTS", "1"))
"""How many of the moments of a command are tried; 0 for all of them."""

FAULTS = ("EIO", "ENOSPC", "")  # the last is a kill


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory, server: Server) -> Lab:
    """A workspace with two branches, a recorded run and a remote."""
    return make_home(tmp_path_factory.mktemp("faults") / "home", server)


@pytest.fixture(scope="module")
def rehearsals(home: Lab, tmp_path_factory: pytest.TempPathFactory) -> Rehearsals:
    return Rehearsals(home, tmp_path_factory.mktemp("rehearsals"))


@pytest.mark.parametrize("fault", FAULTS, ids=["EIO", "ENOSPC", "kill"])
@pytest.mark.parametrize("name", STORIES)
def test_no_fault_loses_anything(rehearsals: Rehearsals, tmp_path: Path, name: str, fault: str) -> None:
    story = STORIES[name]
    ready, whole, calls, committed = rehearsals.of(name)
    start, end = data(ready), data(whole)
    for moment in moments(calls, POINTS):
        lab = settle(ready.twin(tmp_path / f"at-{moment}"))
        hit = lab(*words_of(lab, story), kill=moment, fail=fault)
        where = f"{name}, {fault or 'killed'} at {moment} of {calls}"
        if not fault and hit.code != KILLED:
            assert hit.code == 0, f"{where}: {hit.err}"  # threads made one call less
            continue
        assert hit.code == KILLED or hit.code in {0, 5, *story.fault}, f"{where}: {hit.code} {hit.err}"
        assert "Traceback" not in hit.err, f"{where}: {hit.err}"
        _check_data(lab, where, start, end)
        _check_after(lab, story, where, start, end)
        assert committed <= lab.history(), where
        shutil.rmtree(lab.folder)


def _check_data(lab: Lab, where: str, start: dict[str, bytes], end: dict[str, bytes]) -> None:
    left = data(lab)
    for path, content in left.items():
        assert content in (start.get(path), end.get(path)), f"{where}: {path} is neither old nor new"
    for path in start.keys() & end.keys():
        assert path in left, f"{where}: {path} is lost"


def _check_after(lab: Lab, story: Story, where: str, start: dict[str, bytes], end: dict[str, bytes]) -> None:
    assert lab("status").code == 0, where
    if story.words[0] != "fsck":
        checked = lab("fsck")
        assert checked.code == 0, f"{where}, then fsck: {checked.out}{checked.err}"
    again = lab(*words_of(lab, story))
    if again.code == 3 and story.words[0] == "rerun":  # the program was killed when it had written
        lab.ok("restore", "made.csv")
        again = lab(*words_of(lab, story))
    assert again.code in {0, *story.codes}, f"{where}, then again: {again.code} {again.err}"
    after = data(lab)
    assert after in ((start, end) if story.words == ("undo",) else (end,)), (
        f"{where}, then again: another tree"
    )
    for path, content in start.items():
        if not path.endswith("/") and story.words[0] != "drop":
            assert after.get(path) == content or lab.stored(content[1:]), f"{where}: {path} is gone"
    lab.sound()
    remote = lab("fsck", "--remote", "origin", "--full")
    assert remote.code == 0, f"{where}, then fsck --remote: {remote.out}"
