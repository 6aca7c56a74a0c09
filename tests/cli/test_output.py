import sys
from pathlib import Path

import pytest

from dsv.cli import output
from dsv.cli.app import COMPLETE, run
from dsv.cli.output import TwoStreams
from tests.cli.face_fixtures import Face, Stream


def terminal(monkeypatch: pytest.MonkeyPatch) -> tuple[Stream, Stream]:
    pair = Stream(terminal=True), Stream(terminal=True)
    monkeypatch.setattr(sys, "stdout", pair[0])
    monkeypatch.setattr(sys, "stderr", pair[1])
    return pair


def told(stream: Stream) -> str:
    stream.flush()
    return stream.bytes.getvalue().decode()


def test_a_bar_shows_on_stderr_once_work_takes_long(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    streams = terminal(monkeypatch)
    monkeypatch.setattr(output, "BAR_AFTER", -1.0)
    out = TwoStreams({"TERM": "xterm"})
    for unit in ("B", "files"):
        out.progress.begin("read\x1b[2Jing", 100, unit)
        out.progress.advance(10)
        out.progress.advance(20)
    out.line("done")
    out.finish()
    assert told(streams[0]) == "done\n"
    assert "\\x1b[2J" in told(streams[1])


def test_no_bar_for_short_work_nor_when_quiet_nor_on_dumb_terminals(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    streams = terminal(monkeypatch)
    out = TwoStreams({"TERM": "xterm"})
    out.progress.begin("reading", 100, "B")
    out.progress.advance(10)
    monkeypatch.setattr(output, "BAR_AFTER", -1.0)
    for quiet, term in ((True, "xterm"), (False, "dumb")):
        out = TwoStreams({"TERM": term})
        out.quiet = quiet
        out.progress.begin("reading", None, "B")
        out.progress.advance(10)
        out.finish()
    assert told(streams[1]) == ""


def test_quiet_leaves_results_and_errors(dsv: Face) -> None:
    (dsv.folder / "a.csv").write_text("a\n", encoding="utf-8")
    done = dsv("-q", "add", "a.csv")
    assert (done.code, done.out, done.err) == (0, "", "")
    done = dsv("-q", "status")
    assert "a.csv" in done.out
    assert done.err == ""
    assert dsv("-q", "cat", "nothing").err.startswith("error: ")


def test_the_tab_key_offers_names(dsv: Face, monkeypatch: pytest.MonkeyPatch) -> None:
    (dsv.folder / "trips.csv").write_text("a\n1\n", encoding="utf-8")
    dsv.ok("add", "trips.csv")
    dsv.ok("commit", "-m", "first")
    dsv.ok("tag", "v1")
    dsv.ok("branch", "fix")

    def offered(*words: str) -> list[str]:
        monkeypatch.setenv(COMPLETE, "bash_complete")
        monkeypatch.setenv("COMP_WORDS", " ".join(("dsv", *words)))
        monkeypatch.setenv("COMP_CWORD", str(len(words)))
        found = dsv().out.split()
        monkeypatch.delenv(COMPLETE)
        return [line.partition(",")[2] for line in found]

    assert "checkout" in offered("che")
    assert offered("checkout", "f") == ["fix"]
    assert offered("show", "v") == ["v1"]
    assert offered("cat", "tr") == ["trips.csv"]
    assert offered("cat", "trips.csv@v") == ["trips.csv@v1"]
    assert offered("tag", "-d", "v") == ["v1"]
    assert offered("config", "git") == ["git.follow"]


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_tab_key_offers_files_for_a_command_to_run(
    dsv: Face, monkeypatch: pytest.MonkeyPatch, shell: str
) -> None:
    monkeypatch.setenv(COMPLETE, f"{shell}_complete")
    monkeypatch.setenv("COMP_WORDS", "dsv run -- python pipe")
    monkeypatch.setenv("COMP_CWORD", "pipe" if shell == "fish" else "4")
    assert dsv().out.replace("\n", ",").split(",")[:2] == ["file", "pipe"]


def test_the_tab_key_is_silent_outside_a_workspace(outside: Face, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(COMPLETE, "bash_complete")
    monkeypatch.setenv("COMP_WORDS", "dsv checkout x")
    monkeypatch.setenv("COMP_CWORD", "2")
    done = outside()
    assert (done.out.strip(), done.err) == ("", "")


def test_a_folder_that_is_gone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    gone = tmp_path / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    gone.rmdir()
    err = Stream(terminal=False)
    monkeypatch.setattr(sys, "stderr", err)
    assert run(["status"]) == 3
    assert told(err).startswith("error: ")
    monkeypatch.undo()
