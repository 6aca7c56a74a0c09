"""The parts of a capture by themselves, and what makes it incomplete."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dsv.capture import inotify
from dsv.capture.changed_on_disk import mark
from dsv.capture.file_events import FileEvents
from dsv.capture.file_systems import Mount, mounts_of
from dsv.capture.growth import has_grown
from dsv.capture.inotify import Event, Inotify
from dsv.capture.territory import Territory, source_of
from dsv.capture.turns import Turn
from dsv.capture.watch import FolderWatch
from dsv.errors import Busy
from dsv.hashing import file_id
from tests.unit.capture.conftest import environment

linux = pytest.mark.skipif(sys.platform != "linux", reason="needs inotify")

ROOT = Path(__file__).parents[3]

READ = [inotify.OPEN, inotify.ACCESS, inotify.CLOSE_NOWRITE]
MAP = [inotify.OPEN, inotify.CLOSE_NOWRITE]
WRITE = [inotify.OPEN, inotify.MODIFY, inotify.CLOSE_WRITE]
UPDATE = [inotify.OPEN, inotify.ACCESS, inotify.MODIFY, inotify.CLOSE_WRITE]
MAKE = [inotify.CREATE, *WRITE]
REPLACE = [inotify.MOVED_TO]


def after(*masks: int, fresh: bool = False) -> FileEvents:
    uses = FileEvents()
    for mask in masks:
        uses.happened("x", mask, fresh=fresh)
    return uses


@pytest.mark.parametrize(
    ("masks", "read", "changed", "overwritten"),
    [
        (READ, True, False, False),
        (MAP, True, False, False),
        (WRITE, False, True, True),
        (UPDATE, True, True, False),
        (MAKE, False, True, False),
        (REPLACE, False, True, False),
        ([*READ, *WRITE], True, True, False),
        ([*WRITE, *READ], False, True, True),
        ([*MAKE, *READ], False, True, False),
        ([*READ, *REPLACE, *READ], True, True, False),
        # a mapping that is held while the file is replaced, and closed afterwards
        ([inotify.OPEN, inotify.MOVED_TO, inotify.CLOSE_NOWRITE], True, True, False),
        # its opening came together with that of the writer
        ([inotify.OPEN, inotify.MODIFY, inotify.CLOSE_WRITE, inotify.CLOSE_NOWRITE], True, True, False),
        ([inotify.OPEN], True, False, False),
        ([inotify.ATTRIB], False, False, False),
        ([inotify.DELETE, *MAKE], False, True, False),
        ([inotify.MOVED_FROM], True, True, False),
    ],
)
def test_what_events_are_taken_for(masks: list[int], read: bool, changed: bool, overwritten: bool) -> None:
    uses = after(*masks)
    assert ("x" in uses.read, "x" in uses.changed, "x" in uses.overwritten) == (read, changed, overwritten)


@given(st.lists(st.sampled_from([READ, MAP, WRITE, UPDATE, REPLACE, MAKE])))
def test_what_appears_in_a_run_is_never_an_input(steps: list[list[int]]) -> None:
    masks = [mask for step in steps for mask in step]
    assert after(*masks, fresh=True).read == frozenset()
    assert after(inotify.CREATE, *masks).read == frozenset()


@given(st.lists(st.sampled_from([READ, MAP, WRITE, UPDATE, REPLACE]), min_size=1))
def test_only_reading_before_the_first_change_counts(steps: list[list[int]]) -> None:
    uses = after(*(mask for step in steps for mask in step))
    assert ("x" in uses.read) == (steps[0] in (READ, MAP, UPDATE))
    assert ("x" in uses.changed) == any(step in (WRITE, UPDATE, REPLACE) for step in steps)


@linux
def test_the_queue_says_when_it_overflowed(tmp_path: Path) -> None:
    queue = Inotify()
    queue.add(str(tmp_path))
    for number in range((inotify.limit("max_queued_events") or 0) + 10):
        (tmp_path / str(number % 50)).touch()
    masks: set[int] = set()
    while data := queue.read():
        masks.update(event.mask for event in inotify.parse(data))
    queue.close()
    assert inotify.OVERFLOW in masks
    watch = FolderWatch(Territory(tmp_path))
    watch._take(Event(-1, inotify.OVERFLOW, 0, ""))
    watch._take(Event(-1, inotify.OVERFLOW, 0, ""))
    assert watch.blind == ["more happened than the system's queue holds (fs.inotify.max_queued_events)"]


@linux
def test_too_few_watches_are_named(tmp_path: Path) -> None:
    for number in range(20):
        (tmp_path / str(number)).mkdir()
    script = (
        "import pathlib, sys\nfrom dsv.capture.detect import Capture\n"
        "with Capture(pathlib.Path(sys.argv[1])) as c: pass\nprint(c.captured.complete, c.captured.blind_spots)"
    )
    done = subprocess.run(
        ["unshare", "-Ur", "sh", "-c",
         'echo 5 > /proc/sys/user/max_inotify_watches || exit 99; exec "$@"', "sh",
         sys.executable, "-c", script, str(tmp_path)],
        env={**environment(), "PYTHONPATH": str(ROOT)}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    if "unshare" in done.stderr or done.returncode == 99:
        pytest.skip("no user namespaces here")
    assert done.stderr == ""
    assert done.stdout.startswith("False")
    assert "max_user_watches" in done.stdout


TABLE = r"""22 27 0:21 / /proc rw - proc proc rw
27 1 254:0 / / rw,relatime shared:1 - ext4 /dev/vda rw
40 27 0:50 / /home rw - nfs4 server:/home rw
41 40 0:51 / /home/me/w/big\040data rw - fuse.sshfs x rw
42 27 0:52 / /srv rw - ext4 x rw
43 42 0:53 / /srv rw - 9p x rw
44 27 0:54 / /home/me/wide rw - tmpfs x rw
"""


@pytest.mark.parametrize(
    ("root", "mounts"),
    [
        ("/var/x", [Mount("/", "ext4")]),
        ("/home/me/w", [Mount("/home", "nfs4"), Mount("/home/me/w/big data", "fuse.sshfs")]),
        ("/srv/x", [Mount("/srv", "9p")]),
    ],
)
def test_mounts(root: str, mounts: list[Mount]) -> None:
    assert mounts_of(Path(root), TABLE) == mounts
    assert [mount.is_blind for mount in mounts] == [mount.kind != "ext4" for mount in mounts]


@pytest.mark.parametrize(
    ("path", "source"),
    [
        ("__pycache__/m.cpython-311.pyc", "m.py"),
        ("a/b/__pycache__/m.cpython-313.opt-2.pyc", "a/b/m.py"),
        ("a/__pycache__/m.cpython-311.pyc.1404", None),
        ("a/m.pyc", None),
        ("a/__pycache__/notes.txt", None),
        ("a/__pycache__/test_a.cpython-311-pytest-8.4.pyc", "a/test_a.py"),
    ],
)
def test_the_source_of_a_cache(path: str, source: str | None) -> None:
    assert source_of(path) == source


def test_files_are_older_or_not_than_a_mark(tmp_path: Path) -> None:
    file = tmp_path / "x"
    for _ in range(20):
        file.write_text("a")
        since = mark()
        assert file.stat().st_mtime_ns < since
        file.write_text("b")
        assert file.stat().st_mtime_ns >= since


def test_growing(tmp_path: Path) -> None:
    file = tmp_path / "x"
    file.write_bytes(b"one two")
    assert has_grown(file, 3, file_id(b"one"))
    assert not has_grown(file, 3, file_id(b"two"))
    assert not has_grown(file, 7, file_id(b"one two"))
    assert not has_grown(file, 0, file_id(b""))


@linux
def test_one_captures_at_a_time_and_learns_of_others(tmp_path: Path) -> None:
    with Turn(tmp_path / "t", captures=True) as first:
        assert first.blind() == ()
        with pytest.raises(Busy, match="captures"), Turn(tmp_path / "t", captures=True):
            pass
        assert first.blind() == ()
        with Turn(tmp_path / "t", captures=False):
            pass
        assert first.blind() == ("another run was at work in the workspace",)
    with Turn(tmp_path / "t", captures=False), Turn(tmp_path / "t", captures=True) as second:
        assert second.blind() == ("another run was at work in the workspace",)
    with Turn(tmp_path / "t", captures=True) as third:
        assert third.blind() == ()
    assert os.listdir(tmp_path) == ["t"]  # noqa: PTH208
