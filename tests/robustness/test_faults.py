"""Every change of the disk fails once, with EIO or ENOSPC: nothing is lost, and the next command just works."""

import os
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.robustness.lab import KILLED, Lab, Server, tree

POINTS = int(os.environ.get("DSV_FAULT_POINTS", "1"))
"""How many of the moments of a command are tried; 0 for all of them."""

FAULTS = ("EIO", "ENOSPC", "")  # the last is a kill

BIG = b"".join(b"%d\n" % number for number in range(40_000))
SCRIPT = "import sys\nopen('made.csv', 'w').write(open('t.csv').read().upper() + 'end\\n')\n"


class Story(NamedTuple):
    """A command that meets a fault.

    Attributes:
        words: The command; `URL` stands for that of the remote.
        before: Makes the workspace what the command finds.
        codes: How it may end when it is run again, besides 0.
        fault: How it may end at the fault, besides 0 and 5.
    """

    words: tuple[str, ...]
    before: Callable[[Lab], None]
    codes: tuple[int, ...] = ()
    fault: tuple[int, ...] = ()


def _nothing(_: Lab) -> None:
    pass


def _edit(lab: Lab) -> None:
    lab.write("a.bin", b"edited" * 9000)
    lab.write("d/new.txt", b"new")
    (lab.folder / "d/one.txt").unlink()


def _stage(lab: Lab) -> None:
    _edit(lab)
    lab.ok("add", ".")


def _committed(lab: Lab) -> None:
    _edit(lab)
    lab.ok("commit", "-a", "-m", "more")


def _forced(lab: Lab) -> None:
    _edit(lab)
    lab.ok("checkout", "--force", "dev")


def _waste(lab: Lab) -> None:
    lab.write("w.bin", os.urandom(90_000))
    lab.ok("add", "w.bin")
    lab.ok("rm", "--keep", "w.bin")
    (lab.folder / "w.bin").unlink()


def _changed_input(lab: Lab) -> None:
    lab.write("t.csv", b"x,y\n7,8\n")
    lab.ok("commit", "-a", "-m", "input")


def _pushed(lab: Lab) -> None:
    """Have somebody else push a commit that follows HEAD."""
    other = lab.folder / "other"
    lab.ok("clone", url(lab), str(other))
    them = Lab(other, lab.server)
    them.write("a.bin", b"theirs" * 5000)
    them.ok("pull", ".")
    them.write("a.bin", b"theirs" * 5000)
    them.ok("commit", "-a", "-m", "theirs")
    them.ok("push")
    shutil.rmtree(other)


def _damaged(lab: Lab) -> None:
    path = lab.blobs("packs")[0]
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.chmod(0o644)
    path.write_bytes(data)


STORIES = {
    "add": Story(("add", "a.bin", "d"), _edit),
    "commit": Story(("commit", "-m", "next"), _stage, (1,)),
    "checkout": Story(("checkout", "dev"), _nothing),
    "merge": Story(("merge", "dev", "-m", "both"), _nothing),
    "undo": Story(("undo",), _forced),
    "drop": Story(("drop", "a.bin", "d"), _nothing, (3,)),
    "drop stored": Story(("drop", "a.bin@dev", "--force"), _nothing),
    "gc": Story(("gc", "--now", "--keep", "0"), _waste),
    "run": Story(("run", "--", sys.executable, "make.py"), _nothing, fault=(1, 3)),
    "rerun": Story(("rerun", "made.csv"), _changed_input, (3,), fault=(1, 3)),
    "rebuild": Story(("rebuild", "made.csv", "--yes"), _nothing, fault=(1, 3)),
    "verify": Story(("verify", "made.csv", "--yes"), _nothing, fault=(1, 3)),
    "push": Story(("push",), _committed),
    "pull": Story(("pull",), _pushed),
    "clone": Story(("clone", "URL", "copy"), _nothing, (3,)),
    "fsck": Story(("fsck", "--repair"), _damaged),
    "config store": Story(("config", "store", "packs-elsewhere"), _nothing),
}


def url(lab: Lab) -> str:
    return f"file://{lab.folder}/remote"


def _settle(lab: Lab) -> Lab:
    """Have the copy of a workspace use its own copy of the remote."""
    text = (lab.folder / "dsv.toml").read_text()
    start = text.index("file://")
    (lab.folder / "dsv.toml").write_text(text[:start] + url(lab) + text[text.index('"', start) :])
    return lab


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory, server: Server) -> Lab:
    """Two branches, a recorded run and a remote inside the workspace."""
    folder = tmp_path_factory.mktemp("faults") / "home"
    folder.mkdir()
    lab = Lab(folder, server)
    lab.ok("init")
    lab.write("make.py", SCRIPT.encode())
    lab.write("a.bin", BIG)
    lab.write("t.csv", b"x,y\n1,2\n")
    lab.write("d/one.txt", b"one")
    lab.write("d/two.txt", b"two")
    lab.ok("add", "a.bin", "t.csv", "d")
    lab.ok("commit", "-m", "first")
    lab.ok("checkout", "-b", "dev")
    lab.write("d/one.txt", b"one on dev")
    lab.ok("commit", "-a", "-m", "dev")
    lab.ok("checkout", "main")
    lab.ok("run", "--", sys.executable, "make.py")
    lab.ok("commit", "-m", "made")
    lab.ok("remote", "add", "origin", url(lab))
    lab.ok("push", "--all")
    return lab


def _words(lab: Lab, story: Story) -> list[str]:
    return [url(lab) if word == "URL" else word for word in story.words]


def _moments(count: int) -> list[int]:
    if not POINTS or count <= POINTS:
        return list(range(1, count + 1))
    step = count / POINTS
    return [1 + int(step * number + step / 2) for number in range(POINTS)]


def _data(lab: Lab) -> dict[str, bytes]:
    """Return the datasets and the user's files; not the remote, nor what is beside them."""
    beside = ("remote", "copy", "packs-elsewhere", "dsv.toml")
    return {
        path: content for path, content in tree(lab.folder).items() if path.partition("/")[0] not in beside
    }


@pytest.mark.parametrize("fault", FAULTS, ids=["EIO", "ENOSPC", "kill"])
@pytest.mark.parametrize("name", STORIES)
def test_no_fault_loses_anything(home: Lab, tmp_path: Path, name: str, fault: str) -> None:
    story = STORIES[name]
    ready = _settle(home.twin(tmp_path / "ready"))
    story.before(ready)
    start, committed = _data(ready), ready.history()
    whole = _settle(ready.twin(tmp_path / "whole"))
    done = whole(*_words(whole, story), count=True)
    assert done.code == 0, done.err
    end = _data(whole)
    for moment in _moments(done.calls):
        lab = _settle(ready.twin(tmp_path / f"at-{moment}"))
        hit = lab(*_words(lab, story), kill=moment, fail=fault)
        where = f"{name}, {fault or 'killed'} at {moment} of {done.calls}"
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
    left = _data(lab)
    for path, content in left.items():
        assert content in (start.get(path), end.get(path)), f"{where}: {path} is neither old nor new"
    for path in start.keys() & end.keys():
        assert path in left, f"{where}: {path} is lost"


def _check_after(lab: Lab, story: Story, where: str, start: dict[str, bytes], end: dict[str, bytes]) -> None:
    assert lab("status").code == 0, where
    if story.words[0] != "fsck":
        checked = lab("fsck")
        assert checked.code == 0, f"{where}, then fsck: {checked.out}{checked.err}"
    again = lab(*_words(lab, story))
    if again.code == 3 and story.words[0] == "rerun":  # the program was killed when it had written
        lab.ok("restore", "made.csv")
        again = lab(*_words(lab, story))
    assert again.code in {0, *story.codes}, f"{where}, then again: {again.code} {again.err}"
    after = _data(lab)
    assert after in ((start, end) if story.words == ("undo",) else (end,)), (
        f"{where}, then again: another tree"
    )
    for path, content in start.items():
        if not path.endswith("/") and story.words[0] != "drop":
            assert after.get(path) == content or lab.stored(content[1:]), f"{where}: {path} is gone"
    lab.sound()
    remote = lab("fsck", "--remote", "origin", "--full")
    assert remote.code == 0, f"{where}, then fsck --remote: {remote.out}"
