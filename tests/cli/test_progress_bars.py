"""Whatever takes long at a terminal shows a bar; nothing of it is seen anywhere else, nor while another command writes."""

import os
import pty
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest

from dsv.cli import output
from dsv.cli.app import COMMANDS
from dsv.runs.record import watching
from dsv.store.refs import Refs
from tests.cli.face_fixtures import Done, Face, Stream, environment

BAR = "\N{BOX DRAWINGS HEAVY HORIZONTAL}"

LONG = {
    "add": ["add", "new.csv"],
    "cat": ["cat", "a.csv"],
    "checkout": ["checkout", "main"],
    "clone": ["clone", "STORE", "elsewhere"],
    "commit": ["commit", "-am", "two"],
    "diff": ["diff"],
    "drop": ["drop", "a.csv"],
    "fetch": ["fetch"],
    "fsck": ["fsck"],
    "fsck of a remote": ["fsck", "--remote", "origin"],
    "gc": ["gc"],
    "gc of a remote": ["gc", "--remote", "origin", "--dry-run"],
    "head": ["head", "a.csv"],
    "import": ["import", "OUTSIDE", "in.csv"],
    "lineage": ["lineage", "b.csv"],
    "log": ["log"],
    "ls": ["ls"],
    "merge": ["merge", "side"],
    "mv": ["mv", "a.csv", "c.csv"],
    "pull": ["pull"],
    "push": ["push"],
    "rebuild": ["rebuild", "b.csv", "--into", "OTHER"],
    "remote check": ["remote", "check", "origin"],
    "restore": ["restore", "a.csv"],
    "rm": ["rm", "b.csv"],
    "schema": ["schema", "a.csv"],
    "show": ["show", "a.csv"],
    "status": ["status"],
    "undo": ["undo"],
    "verify": ["verify", "--level", "hashes"],
    "why": ["why", "b.csv"],
}


@pytest.fixture
def work(dsv: Face) -> Face:
    """A workspace with a dataset, one that a run made of it, another branch and a remote."""
    for name in ("a.csv", "b.csv", "new.csv"):
        (dsv.folder / name).write_text("x\n1\n")
    (dsv.folder.parent / "outside.csv").write_text("x\n1\n")
    dsv.ok("add", "a.csv")
    dsv.ok("run", "--no-exec", "-i", "a.csv", "-o", "b.csv", "--", "cp", "a.csv", "b.csv")
    dsv.ok("commit", "-m", "one")
    dsv.ok("branch", "side")
    dsv.ok("remote", "add", "origin", f"file://{dsv.folder.parent}/store")
    dsv.ok("push")
    return dsv


def arguments(work: Face, words: list[str]) -> list[str]:
    top = work.folder.parent
    places = {"STORE": f"file://{top}/store", "OUTSIDE": f"{top}/outside.csv", "OTHER": f"{top}/other"}
    return [places.get(word, word) for word in words]


def slowly(work: Face, words: list[str], monkeypatch: pytest.MonkeyPatch) -> Done:
    """Run a command whose first look at the refs of a store lasts until there is a bar."""
    seen = threading.Event()
    draw, decode = output.Bars._draw, Refs.decode

    def draw_and_tell(bars: output.Bars) -> None:
        draw(bars)
        seen.set()

    def decode_late(*words: Any, **more: Any) -> Refs:
        seen.wait(10)
        return decode(*words, **more)

    monkeypatch.setattr(output, "BAR_AFTER", 0.01)
    monkeypatch.setattr(output.Bars, "_draw", draw_and_tell)
    monkeypatch.setattr(Refs, "decode", decode_late)
    return work(*words, terminal=True)


@pytest.mark.parametrize("words", LONG.values(), ids=list(LONG))
def test_what_takes_long_shows_a_bar(work: Face, words: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    done = slowly(work, arguments(work, words), monkeypatch)
    assert BAR in done.err, done.err
    assert BAR not in done.out


@pytest.mark.parametrize("words", LONG.values(), ids=list(LONG))
def test_no_bar_where_there_is_no_terminal(
    work: Face, words: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(output, "BAR_AFTER", -1.0)
    done = work(*arguments(work, words))
    assert not {BAR, "\x1b"} & set(done.err + done.out)


def test_every_command_that_can_take_long_is_tried() -> None:
    quick = {"branch", "tag", "config", "init", "oplog", "completion", "version"}  # one small file each
    apart = {"run", "rerun", "demo"}  # another command writes to the terminal while they wait
    assert set(COMMANDS) == {words[0] for words in LONG.values()} | quick | apart


@pytest.mark.parametrize(
    "words",
    [["run", "--no-exec", "-i", "a.csv", "-o", "b.csv", "--", "cp", "new", "b.csv"], ["rerun", "--dry-run"]],
)
def test_reading_before_another_command_shows_a_bar(
    work: Face, words: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    (work.folder / "a.csv").write_text("x\n2\n")
    (work.folder / "b.csv").write_text("x\n2\n")
    monkeypatch.setattr(output, "BAR_AFTER", -1.0)
    assert BAR in work(*words, terminal=True).err


class Told:
    """A terminal in two streams, with what was written to stderr."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("COLUMNS", "80")
        monkeypatch.setattr(output, "BAR_AFTER", -1.0)
        self.err = Stream(terminal=True)
        monkeypatch.setattr(sys, "stderr", self.err)
        self.bars = output.TwoStreams({"TERM": "xterm"}).progress

    def text(self) -> str:
        self.bars.close()
        self.err.flush()
        return self.err.bytes.getvalue().decode()


def test_a_total_that_has_to_be_found_out_is_asked_only_for_a_bar(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = threading.Event()

    def total() -> int:
        asked.set()
        return 4_000_000

    told = Told(monkeypatch)
    told.bars.begin("storing", total, "B")
    assert not asked.is_set()
    told.bars.advance(1_000_000)
    assert asked.wait(10)
    for thread in threading.enumerate():
        if thread is not threading.current_thread() and thread.name.startswith("Thread-"):
            thread.join(0.5)
    assert "1.0/4.0 MB" in told.text()


def test_a_bar_fits_eighty_columns(monkeypatch: pytest.MonkeyPatch) -> None:
    told = Told(monkeypatch)
    told.bars.begin("fetching history", 2_000_000_000, "B")
    for _ in range(3):
        told.bars.advance(123_456_789)
    lines = told.text().replace("\r", "\n").split("\n")
    assert any("GB" in line or "MB" in line for line in lines)
    assert told.err.bytes.getvalue().count(b"\n") <= 2


def test_a_bar_goes_before_a_line_is_written_and_does_not_come_back_by_itself(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    told = Told(monkeypatch)
    told.bars.watch("working")
    told.bars.close()
    assert told.bars._alarm is None
    before = told.text()
    told.bars._appear()
    assert told.text() == before


SLOW = """
import sys, threading
from dsv.cli import output
from dsv.cli.app import COMMANDS
from dsv.cli.app import run
from dsv.runs.record import watching
from dsv.store.refs import Refs
seen = threading.Event()
draw, decode = output.Bars._draw, Refs.decode
output.BAR_AFTER = 0.01
def tell(bars):
    draw(bars); seen.set()
def late(*words, **more):
    seen.wait(10); return decode(*words, **more)
output.Bars._draw, Refs.decode = tell, late
sys.exit(run(sys.argv[1:]))
"""


@pytest.mark.parametrize("to", ["terminal", "file"])
def test_at_a_real_terminal(work: Face, tmp_path: Path, to: str) -> None:
    words = [sys.executable, "-c", SLOW, "cat", "a.csv"]
    ours, theirs = pty.openpty()
    kept = tmp_path / "out"
    with kept.open("wb") as file:
        child = subprocess.Popen(
            words,
            cwd=work.folder,
            stdout=theirs if to == "terminal" else file,
            stderr=theirs,
            env={**environment(), "TERM": "xterm"},
        )
    os.close(theirs)
    said = b""
    try:
        while more := os.read(ours, 4096):
            said += more
    except OSError:
        pass  # the other end is closed
    os.close(ours)
    assert child.wait() == 0
    assert BAR in said.decode()
    assert (b"x\r\n1\r\n" in said) == (to == "terminal")
    assert kept.read_bytes() == (b"" if to == "terminal" else b"x\n1\n")


def test_the_screen_is_the_commands_while_it_runs(work: Face, monkeypatch: pytest.MonkeyPatch) -> None:
    drawn: list[output.Bars] = []
    then: list[bool] = []
    draw, execute = output.Bars._draw, watching.execute

    def draw_and_note(bars: output.Bars) -> None:
        drawn.append(bars)
        draw(bars)

    def look_and_execute(*words: Any, **more: Any) -> Any:
        then.extend(bars._drawn is not None or bars._alarm is not None for bars in drawn)
        return execute(*words, **more)

    monkeypatch.setattr(output, "BAR_AFTER", -1.0)
    monkeypatch.setattr(output.Bars, "_draw", draw_and_note)
    monkeypatch.setattr(watching, "execute", look_and_execute)
    (work.folder / "a.csv").write_text("x\n3\n")
    done = work("run", "-i", "a.csv", "-o", "c.csv", "--", "cp", "a.csv", "c.csv", terminal=True)
    assert done.code == 0, done.err
    assert then, "a bar was drawn before the command began"
    assert not any(then)
