"""A watched command is executed like any other; and whatever is killed, nobody is left waiting."""

# mypy: disable-error-code="comparison-overlap"

import os
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from dsv.capture.detect import Captured
from dsv.capture.execute import Command, Execution, Here
from dsv.capture.eyes import Eye
from dsv.errors import NotFound, UserError
from tests.unit.capture.conftest import environment
from tests.unit.capture.terminal_fixtures import on_a_terminal
from tests.unit.capture.witness.conftest import Scene
from tests.waiting import until

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="needs seccomp")

ROOT = Path(__file__).parents[4]


def watch(
    scene: Scene, script: str, meanwhile: Callable[[Eye], object] | None = None
) -> tuple[Execution, Captured]:
    """Run a script of bash; `meanwhile` is called in a thread once there is a file `ready`."""
    with Path(os.devnull).open("r+b") as nothing, Eye(scene.root) as eye:
        sink = nothing.fileno()
        command = Command(
            ["bash", "-c", script], scene.root, environment(), sink, sink, stdin=subprocess.DEVNULL
        )

        def wait_and_act() -> None:
            until((scene.root / "ready").exists)
            assert meanwhile is not None
            meanwhile(eye)

        thread = threading.Thread(target=wait_and_act if meanwhile else lambda: None)
        thread.start()
        done = Here().run(eye.watching(command))
        thread.join()
    return done, eye.captured


def kill_supervisor(eye: Eye) -> None:
    assert eye._watched is not None
    os.kill(eye._watched._supervisor.pid, signal.SIGKILL)
    eye._watched._supervisor.wait()


@pytest.mark.parametrize(
    ("script", "code"), [("exit 0", 0), ("exit 7", 7), ("kill -9 $$", 137), ("kill -TERM $$", 143)]
)
def test_codes_are_those_of_a_shell(scene: Scene, script: str, code: int) -> None:
    assert watch(scene, script)[0].exit_code == code


def test_what_cannot_be_run_is_said(scene: Scene) -> None:
    scene.put("plain")
    scene.put("odd", "echo\n").chmod(0o755)

    def run(*argv: str, cwd: str = ".") -> None:
        with Eye(scene.root) as eye:
            Here().run(eye.watching(Command(argv, scene.root / cwd, environment(), 2, 2)))

    with pytest.raises(NotFound, match="no-such-program: command not found"):
        run("no-such-program")
    with pytest.raises(NotFound, match="no folder gone"):
        run("true", cwd="gone")
    with pytest.raises(UserError, match="cannot be executed"):
        run("./plain")
    with pytest.raises(UserError, match="names no interpreter"):
        run("./odd")


def test_the_environment_and_the_signals_are_the_given_ones(scene: Scene) -> None:
    done, _ = watch(
        scene, "grep -E 'Sig(Blk|Ign|Cgt)|NoNewPrivs' /proc/self/status; env | sort; ls -l /proc/self/fd"
    )
    plain = Here().run(
        Command(
            ["bash", "-c", "grep -E 'Sig(Blk|Ign|Cgt)' /proc/self/status; env | sort; ls -l /proc/self/fd | wc -l"],
            scene.root, environment(), os.open(os.devnull, os.O_WRONLY), 2,
        )
    )  # fmt: skip
    for line in plain.tail.splitlines():
        assert line in done.tail or line.isdigit()
    assert len([line for line in done.tail.splitlines() if "->" in line]) == int(plain.tail.split()[-1]) - 1


def test_a_helper_that_outlives_the_shell_may_finish(scene: Scene) -> None:
    done, found = watch(scene, "(sleep 0.3; cat ready > late) & echo > ready; exit 3")
    assert (done.exit_code, done.left_over) == (3, False)
    assert found.written == {"late", "ready"}


def test_what_does_not_end_is_ended(scene: Scene) -> None:
    done, found = watch(scene, "sleep 300 & echo $!")
    assert done.left_over
    state = Path(f"/proc/{done.tail.strip()}/stat")
    assert not state.exists() or " Z " in state.read_text()
    assert found.complete


def test_a_signal_is_passed_on_and_the_command_decides(scene: Scene) -> None:
    me = os.getpid()
    done, found = watch(
        scene, "trap 'echo tidy > t; exit 9' INT; echo > ready; while :; do sleep 0.05; done",
        lambda _: os.kill(me, signal.SIGINT),
    )  # fmt: skip
    assert (done.exit_code, done.signalled) == (9, signal.SIGINT)
    assert found.written == {"ready", "t"}


def open_files() -> list[str]:
    found = []
    for fd in Path("/proc/self/fd").iterdir():
        with suppress(OSError):  # the one that lists
            found.append(str(fd.readlink()))
    return sorted(found)


def test_nothing_stays_open_and_nobody_stays(scene: Scene) -> None:
    watch(scene, "true")
    before = open_files(), threading.active_count()
    watch(scene, "true")
    assert (open_files(), threading.active_count()) == before
    children = Path(f"/proc/self/task/{os.getpid()}/children").read_text().split()
    assert not any("supervisor" in Path(f"/proc/{pid}/cmdline").read_text() for pid in children)


def test_a_daemon_goes_on_after_the_command(scene: Scene) -> None:
    done, found = watch(
        scene,
        "(setsid bash -c 'exec > /dev/null 2>&1; echo 1 > early; echo $$ > ready; until [ -e over ]; do sleep 0.05; done;"
        " sleep 0.3; echo 2 > late.tmp; mv late.tmp late' &) ; until [ -s ready ]; do sleep 0.05; done",
    )  # fmt: skip
    assert (done.exit_code, done.left_over) == (0, False)
    assert found.blind_spots == ("bash went on after the command, and had written to the workspace",)
    assert not found.complete
    (scene.root / "over").touch()
    until((scene.root / "late").exists)
    assert (scene.root / "late").read_text() == "2\n"


def test_the_command_goes_on_when_its_supervisor_is_killed(scene: Scene) -> None:
    def kill_and_say(eye: Eye) -> None:
        kill_supervisor(eye)
        scene.put("killed")

    done, found = watch(
        scene,
        "echo > ready; for i in {1..2000}; do echo $i > n; done; until [ -e killed ]; do sleep 0.05; done; cat n > out; exit 5",
        kill_and_say,
    )
    assert done.exit_code == 5
    assert (scene.root / "out").read_text() == "2000\n"
    assert not found.complete
    assert found.blind_spots == (
        "the process that watched the command was killed: what it read is not known",
    )
    assert found.written >= {"n", "out"}


def test_many_threads_wait_when_the_supervisor_is_killed(scene: Scene) -> None:
    scene.put(
        "job.py",
        "import os, threading\n"
        "def work(n):\n"
        "    for i in range(300):\n        open(f'f{n}', 'w').close()\n"
        "threads = [threading.Thread(target=work, args=(n,)) for n in range(16)]\n"
        "[t.start() for t in threads]\nopen('ready', 'w')\n[t.join() for t in threads]\nopen('done', 'w')\n",
    )
    done, _ = watch(scene, f"exec {sys.executable} job.py", kill_supervisor)
    assert done.exit_code == 0
    assert (scene.root / "done").exists()


_DSV = """
import os, sys, pathlib, termios
from dsv.capture.execute import Command, Here
from dsv.capture.eyes import Eye
if os.isatty(0):
    mode = termios.tcgetattr(0)
    mode[3] |= termios.NOFLSH  # or Ctrl-C also throws away what the screen has not shown yet
    termios.tcsetattr(0, termios.TCSANOW, mode)
root = pathlib.Path(sys.argv[1])
with Eye(root) as eye:
    done = Here().run(eye.watching(Command(["bash", "-c", sys.argv[2]], root, dict(os.environ))))
print(*eye.captured.blind_spots, sep="\\n")
print("READ", sorted(eye.captured.read), "WRITTEN", sorted(eye.captured.written))
print("code", done.exit_code, "signal", done.signalled, "eye", eye.captured.eye, flush=True)
"""


def alone(scene: Scene, script: str) -> "subprocess.Popen[bytes]":
    """Start a process that runs `script` of bash under watch."""
    return subprocess.Popen(
        [sys.executable, "-c", _DSV, str(scene.root), script],
        env={**environment(), "PYTHONPATH": str(ROOT)},
        cwd=scene.root.parent,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )


def test_the_command_goes_on_when_dsv_is_killed(scene: Scene) -> None:
    script = "exec > /dev/null; echo > ready; until [ -e killed ]; do cat ready; done; sleep 0.5; ls; echo end > t; mv t out"
    with alone(scene, script) as process:
        until((scene.root / "ready").exists)
        process.kill()
        process.wait()
        scene.put("killed")
        until((scene.root / "out").exists)
    assert (scene.root / "out").read_text() == "end\n"


def test_a_witness_in_a_witness_says_who_watches(scene: Scene) -> None:
    scene.put("in.txt")
    found = scene.run([sys.executable, "-c", _DSV, str(scene.root), "cat in.txt"], PYTHONPATH=str(ROOT))
    assert scene.execution is not None
    assert "code 0 signal None eye events" in scene.execution.tail
    assert "could not be watched: another witness watches them already" in scene.execution.tail
    assert found.read == {"in.txt"}


_REFUSES = """
import ctypes, os, struct, sys
number, error = int(sys.argv[1]), int(sys.argv[2])
code = b"".join(struct.pack("=HBBI", *one) for one in (
    (0x20, 0, 0, 0), (0x15, 0, 1, number), (0x06, 0, 0, 0x00050000 | error), (0x06, 0, 0, 0x7FFF0000)))
text = ctypes.create_string_buffer(code)
head = ctypes.create_string_buffer(struct.pack("=H6xQ", 4, ctypes.addressof(text)))
libc = ctypes.CDLL(None, use_errno=True)
assert libc.prctl(38, 1, 0, 0, 0) == 0
assert libc.prctl(22, 2, head, 0, 0) == 0
os.execv(sys.executable, [sys.executable, *sys.argv[3:]])
"""


@pytest.mark.skipif(os.uname().machine != "x86_64", reason="the numbers are those of x86-64")
@pytest.mark.parametrize(
    ("number", "error", "reason"),
    [
        (317, 1, "this container or sandbox forbids it (Operation not permitted)"),
        (317, 22, "this kernel cannot do it"),
        (317, 38, "this kernel cannot do it"),
        (438, 1, "reading another process's memory is forbidden here (Operation not permitted)"),
    ],
)
def test_where_it_is_refused_events_are_watched(scene: Scene, number: int, error: int, reason: str) -> None:
    scene.put("in.txt")
    done = subprocess.run(
        [sys.executable, "-c", _REFUSES, str(number), str(error), "-c", _DSV, str(scene.root), "cat in.txt > out; exit 4"],
        env={**environment(), "PYTHONPATH": str(ROOT)}, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert "code 4 signal None eye events" in done.stdout
    assert f"the command's calls could not be watched: {reason}" in done.stdout


def on_screen(scene: Scene, script: str, keys: bytes) -> str:
    """Run `script` under watch on a terminal of its own, press `keys` once it says ready; return the screen."""
    return on_a_terminal(["-c", _DSV, str(scene.root), script], keys, scene.root)


def test_a_command_on_a_terminal_has_a_terminal(scene: Scene) -> None:
    screen = on_screen(scene, "test -t 1 && test -t 2 && echo ready; read x; echo got $x", b"word\n")
    assert "got word\r\n" in screen
    assert "code 0 signal None eye calls" in screen


def test_ctrl_c_reaches_the_command(scene: Scene) -> None:
    assert "code 130 signal " in on_screen(scene, "echo ready; sleep 100", b"\x03")


@pytest.mark.skipif(
    os.geteuid() != 0 or not shutil.which("setpriv"), reason="needs root, to become another user"
)
def test_an_ordinary_user(scene: Scene, tmp_path: Path) -> None:
    for folder in tmp_path.parents[:-2]:
        if folder.stat().st_uid == os.geteuid():
            folder.chmod(folder.stat().st_mode | 0o055)
    tmp_path.chmod(0o755)
    scene.root.chmod(0o777)
    scene.put("in.txt")
    scene.put("secret").chmod(0o600)
    python = next(
        (one for one in (sys.executable, shutil.which("python3", path="/usr/bin")) if _for_all(one)), None
    )
    if python is None:
        pytest.skip("needs a Python that everybody may run, and that has what dsv needs")
    script = "cat in.txt > out; cat secret 2> /dev/null; echo x 2> /dev/null > secret; true"
    words = [*_AS_NOBODY, python, "-c", _DSV, str(scene.root), script]
    done = subprocess.run(words, env=_reaching(), check=False, **_QUIETLY)
    assert "code 0 signal None eye calls" in done.stdout, done.stderr
    assert "READ ['in.txt'] WRITTEN ['out']" in done.stdout


_AS_NOBODY = ("setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups")
_QUIETLY: dict[str, Any] = {"capture_output": True, "text": True, "cwd": "/"}


def _reaching() -> dict[str, str]:
    """Return an environment in which any Python finds dsv and what it needs."""
    path = [str(ROOT), *(one for one in sys.path if one.endswith("-packages"))]
    return {**environment(), "PYTHONPATH": ":".join(path), "PYTHONDONTWRITEBYTECODE": "1"}


def _for_all(python: str | None) -> bool:
    if python is None:
        return False
    again = "import subprocess, sys; subprocess.run([sys.executable, '-c', 'import dsv.capture.eyes'], check=True)"
    words = [*_AS_NOBODY, python, "-c", again]
    try:
        return subprocess.run(words, env=_reaching(), check=False, **_QUIETLY).returncode == 0
    except OSError:
        return False


def test_where_very_many_files_are_open(scene: Scene) -> None:
    import resource

    scene.put("in.csv")
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, max(soft, 4096)), hard))
    taken: list[int] = []
    try:
        while not taken or taken[-1] < 1100:  # more than select(2) can wait for
            taken.append(os.open(os.devnull, os.O_RDONLY))
        done, captured = watch(scene, "cat in.csv > out.csv")
    finally:
        for fd in taken:
            os.close(fd)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    assert done.exit_code == 0
    assert (captured.read, captured.written, captured.complete) == ({"in.csv"}, {"out.csv"}, True)


def test_it_loads_next_to_nothing() -> None:
    code = (
        f"import sys; sys.path.insert(0, {str(ROOT)!r}); import dsv.capture.witness.supervisor; "
        "print(*sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-c", code], capture_output=True, text=True, check=True
    )
    loaded = set(done.stdout.split())
    assert not loaded & {"typing", "enum", "re", "functools", "contextlib", "signal", "subprocess", "pathlib"}
    assert len({name for name in loaded if name.startswith("dsv")}) <= 20
