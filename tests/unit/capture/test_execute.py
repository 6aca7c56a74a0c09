import gc
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from dsv.capture.execute import Command, Execution, Here
from dsv.capture.passing import Tail
from dsv.errors import NotFound, UserError
from tests.unit.capture.conftest import environment
from tests.unit.capture.terminal_fixtures import on_a_terminal
from tests.waiting import Gate

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="needs process groups")


@pytest.fixture
def sink(tmp_path: Path) -> Iterator[int]:
    fd = os.open(tmp_path / "sink", os.O_CREAT | os.O_RDWR)
    yield fd
    os.close(fd)


def shell(script: str, sink: int, cwd: Path, **more: Any) -> Execution:
    command = Command(
        ["bash", "-c", script], cwd, environment(), sink, sink, stdin=subprocess.DEVNULL, **more
    )
    return Here().run(command)


def written(sink: int) -> bytes:
    return os.pread(sink, 1 << 20, 0)


def test_output_passes_through_and_its_end_is_kept(tmp_path: Path, sink: int) -> None:
    done = shell("seq 1 20000; echo error >&2", sink, tmp_path, tail_bytes=1000)
    text = "".join(f"{n}\n" for n in range(1, 20001)) + "error\n"
    assert written(sink).decode() == text
    assert done.tail == text[-1000:]
    assert done.exit_code == 0
    assert not done.left_over


@pytest.mark.parametrize(
    ("script", "code"), [("exit 0", 0), ("exit 7", 7), ("kill -9 $$", 137), ("kill -TERM $$", 143)]
)
def test_codes_are_those_of_a_shell(tmp_path: Path, sink: int, script: str, code: int) -> None:
    assert shell(script, sink, tmp_path).exit_code == code


def test_the_two_streams_stay_apart(tmp_path: Path, sink: int) -> None:
    other = os.open(tmp_path / "other", os.O_CREAT | os.O_RDWR)
    script = ["bash", "-c", "echo out; echo err >&2"]
    Here().run(Command(script, tmp_path, environment(), sink, other))
    assert (written(sink), written(other)) == (b"out\n", b"err\n")
    os.close(other)


def test_what_cannot_be_run_is_said(tmp_path: Path, sink: int) -> None:
    (tmp_path / "plain").write_text("x")
    (tmp_path / "odd").write_text("echo\n")
    (tmp_path / "odd").chmod(0o755)
    with pytest.raises(NotFound, match="no-such-program: command not found"):
        Here().run(Command(["no-such-program"], tmp_path, environment(), sink, sink))
    with pytest.raises(NotFound, match="no folder gone"):
        Here().run(Command(["true"], tmp_path / "gone", environment(), sink, sink))
    with pytest.raises(UserError, match="cannot be executed"):
        Here().run(Command(["./plain"], tmp_path, environment(), sink, sink))
    with pytest.raises(UserError, match="names no interpreter"):
        Here().run(Command(["./odd"], tmp_path, environment(), sink, sink))


def test_the_environment_is_the_given_one(tmp_path: Path, sink: int) -> None:
    Here().run(Command(["env"], tmp_path, {"PATH": os.environ["PATH"], "A": "ä"}, sink, sink))
    lines = written(sink).decode().splitlines()
    assert "A=ä" in lines
    assert len(lines) == 2


def test_a_helper_that_outlives_the_shell_may_finish(tmp_path: Path, sink: int) -> None:
    done = shell("(sleep 0.3; echo late) & exit 3", sink, tmp_path)
    assert (done.exit_code, done.tail, done.left_over) == (3, "late\n", False)


def test_what_does_not_end_is_ended(tmp_path: Path, sink: int) -> None:
    done = shell("sleep 300 & echo $!", sink, tmp_path)
    assert done.left_over
    state = Path(f"/proc/{done.tail.strip()}/stat")
    assert not state.exists() or " Z " in state.read_text()


def test_a_signal_is_passed_on_and_the_command_decides(tmp_path: Path, sink: int, gate: Gate) -> None:
    me = os.getpid()

    def interrupt() -> None:
        gate.wait()
        os.kill(me, signal.SIGINT)

    thread = threading.Thread(target=interrupt)
    thread.start()
    done = shell(
        f"trap 'echo tidy; exit 9' INT; echo > {gate.path}; while :; do sleep 0.05; done", sink, tmp_path
    )
    thread.join()
    assert (done.exit_code, done.signalled) == (9, signal.SIGINT)
    assert done.tail == "tidy\n"


def test_everything_can_be_stopped(tmp_path: Path, sink: int, gate: Gate) -> None:
    here = Here()
    done: list[Execution] = []
    words = ["sh", "-c", f"echo > {gate.path}; exec sleep 300"]
    thread = threading.Thread(
        target=lambda: done.append(here.run(Command(words, tmp_path, environment(), sink, sink)))
    )
    thread.start()
    gate.wait()
    here.stop()
    thread.join(10)
    assert done[0].exit_code == 143
    with pytest.raises(UserError, match="stopped"):
        here.run(Command(["true"], tmp_path, environment(), sink, sink))


def test_nothing_stays_open(tmp_path: Path, sink: int) -> None:
    gc.collect()  # what tests before this one left open is closed now, and not in the middle
    before = len(list(Path("/proc/self/fd").iterdir()))
    shell("echo", sink, tmp_path)
    with pytest.raises(NotFound):
        Here().run(Command(["no-such-program"], tmp_path, environment(), sink, sink))
    assert len(list(Path("/proc/self/fd").iterdir())) == before


def test_a_tail_is_the_end_of_all() -> None:
    tail = Tail(10)
    for size in range(1, 30):
        tail.feed(b"%d," % size)
    assert tail.text() == ",27,28,29,"
    tail.feed(b"\xff" * 3)
    assert tail.text().endswith("\N{REPLACEMENT CHARACTER}" * 3)


_ON_A_TERMINAL = """
import pathlib, os, sys, termios
from dsv.capture.execute import Command, Here
mode = termios.tcgetattr(0)
mode[3] |= termios.NOFLSH  # or Ctrl-C also throws away what the screen has not shown yet
termios.tcsetattr(0, termios.TCSANOW, mode)
done = Here().run(Command(["bash", "-c", sys.argv[1]], pathlib.Path("."), dict(os.environ)))
print("code", done.exit_code, "signal", done.signalled, flush=True)
"""


def on_screen(script: str, keys: bytes, tmp_path: Path) -> str:
    """Run `script` through dsv on a terminal of its own, press `keys` once it says ready; the screen."""
    return on_a_terminal(["-c", _ON_A_TERMINAL, script], keys, tmp_path)


def test_a_command_on_a_terminal_has_a_terminal(tmp_path: Path) -> None:
    screen = on_screen("test -t 1 && test -t 2 && echo ready; read x; echo got $x", b"word\n", tmp_path)
    assert "got word\r\n" in screen
    assert "code 0 signal None" in screen
    assert "\r\r" not in screen


def test_ctrl_c_reaches_the_command(tmp_path: Path) -> None:
    screen = on_screen("echo ready; sleep 100", b"\x03", tmp_path)
    # On a busy machine it can come before the terminal is the command's; then it was passed on.
    assert "code 130 signal " in screen
