"""Commands of every kind that changes something, each with the workspace that it finds."""

import os
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from dsv.ids import ObjectId
from tests.robustness.lab_fixtures import Lab, Server, tree

BIG = b"".join(b"%d\n" % number for number in range(40_000))
SCRIPT = "import sys\nopen('made.csv', 'w').write(open('t.csv').read().upper() + 'end\\n')\n"


class Story(NamedTuple):
    """A command that is ill-treated.

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


def _dropped(lab: Lab) -> None:
    lab.ok("drop", "a.bin", "d", "t.csv")


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
    them = Lab(other, lab.server, quick=True)
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
    "restore": Story(("restore", "."), _edit),
    "checkout by force": Story(("checkout", "--force", "dev"), _edit),
    "checkout of what was dropped": Story(("checkout", "HEAD", "."), _dropped),
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


def settle(lab: Lab) -> Lab:
    """Have the copy of a workspace use its own copy of the remote."""
    text = (lab.folder / "dsv.toml").read_text()
    start = text.index("file://")
    (lab.folder / "dsv.toml").write_text(text[:start] + url(lab) + text[text.index('"', start) :])
    return lab


def make_home(folder: Path, server: Server) -> Lab:
    """Make a workspace with two branches, a recorded run and a remote inside it."""
    folder.mkdir()
    lab = Lab(folder, server, quick=True)
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


class Rehearsal(NamedTuple):
    """A story as it goes when nothing goes wrong.

    Attributes:
        ready: The workspace that the command finds; only copied from.
        whole: The one in which the command ended.
        calls: How often it changed the disk.
        committed: Every commit that there was before.
    """

    ready: Lab
    whole: Lab
    calls: int
    committed: set[ObjectId]


class Rehearsals:
    """The stories, each rehearsed once, for all the ways in which it is then made to fail.

    Args:
        home: What stories begin with.
        folder: Where their workspaces are made.
        looked: Whether the stat cache knows all files when the command begins.
    """

    def __init__(self, home: Lab, folder: Path, *, looked: bool = False) -> None:
        self._home = home
        self._folder = folder
        self._looked = looked
        self._known: dict[str, Rehearsal] = {}

    def of(self, name: str) -> Rehearsal:
        """Return the rehearsal of a story, made by the first who asks."""
        if name not in self._known:
            self._known[name] = self._rehearse(STORIES[name], self._folder / str(len(self._known)))
        return self._known[name]

    def _rehearse(self, story: Story, folder: Path) -> Rehearsal:
        folder.mkdir()
        ready = settle(self._home.twin(folder / "ready"))
        story.before(ready)
        whole = settle(ready.twin(folder / "whole"))
        if self._looked:
            whole.ok("status")
        done = whole(*words_of(whole, story), count=True)
        assert done.code == 0, done.err
        return Rehearsal(ready, whole, done.calls, ready.history())


def words_of(lab: Lab, story: Story) -> list[str]:
    """Return the command of a story, in this workspace."""
    return [url(lab) if word == "URL" else word for word in story.words]


def moments(count: int, points: int) -> list[int]:
    """Return `points` of the numbers up to `count`, evenly spread; all of them for 0."""
    if not points or count <= points:
        return list(range(1, count + 1))
    step = count / points
    return [1 + int(step * number + step / 2) for number in range(points)]


def data(lab: Lab) -> dict[str, bytes]:
    """Return the datasets and the user's files; not the remote, nor what is beside them."""
    beside = ("remote", "copy", "packs-elsewhere", "dsv.toml")
    return {
        path: content for path, content in tree(lab.folder).items() if path.partition("/")[0] not in beside
    }
