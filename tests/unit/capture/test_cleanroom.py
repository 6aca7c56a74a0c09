"""Clean rooms, from inside: what is impossible there, and what works."""

import array
import fcntl
import json
import os
import pty
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest

from dsv.capture import landlock
from tests.system_walls import needs_namespaces

HERE = Path(__file__).parent / "prison"
NOBODY = 65534
USERS = ["root", "nobody"] if os.geteuid() == 0 else ["ourselves"]

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="needs Linux")
namespaces = needs_namespaces


class Prison:
    """A workspace and a clean folder, and somebody who runs commands in it."""

    def __init__(self, place: Path, user: str) -> None:
        self.place = place
        self.user = user
        self.python = _python(user)
        self.workspace, self.clean, self.scratch = place / "w", place / "c", place / "s"
        for folder in (self.workspace, self.clean, self.scratch):
            folder.mkdir()
            self.give(folder)

    @property
    def identity(self) -> dict[str, Any]:
        if self.user != "nobody":
            return {}
        if not all(folder.stat().st_mode & 0o005 == 0o005 for folder in HERE.parents):
            pytest.skip("another user may not read this checkout")
        return {"user": NOBODY, "group": NOBODY, "extra_groups": []}

    def give(self, path: Path) -> None:
        if self.user == "nobody":
            os.chown(path, NOBODY, NOBODY)

    def write(self, name: str, text: str) -> None:
        (self.clean / name).write_text(text)
        self.give(self.clean / name)

    def run(self, *argv: str, wall: str = "namespaces", env: dict[str, str] | None = None,
            **options: object) -> dict[str, Any]:  # fmt: skip
        shutil.rmtree(self.scratch)
        self.scratch.mkdir()
        self.give(self.scratch)
        given = {
            "clean": str(self.clean), "scratch": str(self.scratch), "workspace": str(self.workspace),
            "wall": wall, "argv": argv, "search": [path for path in sys.path if path], **options,
        }  # fmt: skip
        home = self.place / "home"
        home.mkdir(exist_ok=True)
        self.give(home)
        environment = {"PATH": os.environ["PATH"], "HOME": str(home), "LANG": "C.UTF-8", **(env or {})}
        done = subprocess.run(
            [self.python, "-I", str(HERE / "enter.py"), json.dumps(given)],
            env=environment, capture_output=True, text=True, check=False, **self.identity,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
        return found

    def script(self, text: str, **options: Any) -> dict[str, Any]:
        self.write("job.py", text)
        return self.run("python3", "job.py", **options)


def _python(user: str) -> str:
    """Return a Python that the user may execute."""
    for python in (sys.executable, "/usr/bin/python3"):
        identity: dict[str, Any] = (
            {"user": NOBODY, "group": NOBODY, "extra_groups": []} if user == "nobody" else {}
        )
        try:
            subprocess.run(
                [python, "-I", "-c", "import sys; assert sys.version_info >= (3, 11)"], check=True, **identity
            )
        except (OSError, subprocess.CalledProcessError):
            continue
        return python
    pytest.skip(f"no Python that {user} may execute")


@pytest.fixture(params=USERS)
def prison(request: pytest.FixtureRequest) -> Iterator[Prison]:
    with tempfile.TemporaryDirectory() as place:
        Path(place).chmod(0o755)
        yield Prison(Path(place), request.param)


def _terminal() -> tuple[int, int]:
    """Return a terminal that is the user's: the controlling terminal of a process; and that process."""
    pid, terminal = pty.fork()
    if pid == 0:
        os.execv("/bin/sleep", ["sleep", "600"])
    return terminal, pid


def _name_of(terminal: int) -> str:
    """Return what the other end of a pseudo terminal is called."""
    number = array.array("i", [0])
    fcntl.ioctl(terminal, 0x80045430, number)
    return f"/dev/pts/{number[0]}"


@contextmanager
def targets(prison: Prison) -> Iterator[dict[str, Any]]:
    """Give what there is outside to attack, all of it the user's own."""
    with ExitStack() as stack:
        file = prison.place / "mine.txt"
        file.write_text("hidden")
        prison.give(file)
        allowed = prison.place / "allowed"
        allowed.mkdir()
        tcp = stack.enter_context(socket.create_server(("127.0.0.1", 0)))
        udp = stack.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
        udp.bind(("127.0.0.1", 0))
        udp.setblocking(False)
        named = [prison.place / "named", allowed / "named"]
        for path in named:
            server = stack.enter_context(socket.socket(socket.AF_UNIX))
            server.bind(str(path))
            server.listen()
            prison.give(path)
        abstract = stack.enter_context(socket.socket(socket.AF_UNIX))
        abstract.bind(f"\0dsv-test-{os.getpid()}")
        abstract.listen()
        terminal, shell = _terminal()
        stack.callback(os.waitpid, shell, 0)
        stack.callback(os.close, terminal)  # hangs up
        shm = Path("/dev/shm", f"dsv-test-{os.getpid()}")
        shm.write_text("hidden")
        prison.give(shm)
        stack.callback(shm.unlink)
        process = subprocess.Popen(["sleep", "600"], env={"SECRET_OF_THE_USER": "1"}, **prison.identity)
        stack.callback(process.wait)
        stack.callback(process.kill)
        yield {
            "file": str(file), "terminal": _name_of(terminal), "process": process.pid, "shm": shm.name,
            "tcp": tcp.getsockname()[1], "udp": udp.getsockname()[1], "named": str(named[0]),
            "named_in_allowed": str(named[1]), "abstract": f"dsv-test-{os.getpid()}", "key": "dsv-test",
            "sockets": {"udp": udp}, "allowed": str(allowed),
        }  # fmt: skip


def attack(prison: Prison, names: list[str], **options: Any) -> tuple[dict[str, str], dict[str, Any]]:
    shutil.copy(HERE / "attack.py", prison.clean / "attack.py")
    prison.give(prison.clean / "attack.py")
    with targets(prison) as outside:
        udp = outside.pop("sockets")["udp"]
        allowed = outside["allowed"]
        before = Path(outside["file"]).stat()
        found = prison.run(
            "python3", "attack.py", json.dumps(outside), ",".join(names), allow=[allowed], **options
        )
        assert found["code"] == 0, found
        after = Path(outside["file"]).stat()
        said: dict[str, str] = json.loads(found["tail"].splitlines()[-1])
        with pytest.raises(BlockingIOError):
            udp.recv(10)
        assert (before.st_mode, before.st_mtime) == (after.st_mode, after.st_mtime)
        assert Path(outside["file"]).read_text() == "hidden"
    return said, found


ATTACKS = [
    "use_what_was_inherited",
    "type_into_terminal", "steal_terminal", "change_mode", "change_time", "write_outside", "write_system",
    "touch_system", "read_outside", "read_environments", "signal_others", "trace_first", "read_first",
    "shared_memory", "connect_tcp", "connect_out", "send_udp", "connect_named", "connect_named_in_allowed",
    "connect_abstract", "mount_something", "remount_system", "make_device", "write_kernel_settings",
    "read_passwords", "gain_by_sudo", "undo_covers_in_own_namespace",
]  # fmt: skip


@namespaces
def test_nothing_gets_out_of_a_room(prison: Prison) -> None:
    said, found = attack(prison, ATTACKS)
    assert found["isolation"] == "namespaces"
    assert set(said) == set(ATTACKS)
    assert {name: words for name, words in said.items() if words.startswith("OPEN")} == {}


@pytest.mark.skipif(landlock.abi() < 6, reason="needs a Landlock that covers signals")
def test_what_landlock_alone_keeps_in(prison: Prison) -> None:
    names = ["type_into_terminal", "steal_terminal", "write_outside", "write_system", "read_outside",
             "signal_others", "connect_tcp", "connect_abstract", "mount_something", "make_device",
             "gain_by_sudo"]  # fmt: skip
    said, found = attack(prison, names, wall="landlock")
    assert found["isolation"] == "landlock"
    assert {name: words for name, words in said.items() if words.startswith("OPEN")} == {}


def test_in_a_folder_alone_there_are_no_privileges_and_no_terminal(prison: Prison) -> None:
    said, found = attack(
        prison, ["type_into_terminal", "steal_terminal", "mount_something", "gain_by_sudo"], wall="folder"
    )
    assert found["isolation"] == "folder"
    assert {name: words for name, words in said.items() if words.startswith("OPEN")} == {}


@namespaces
def test_the_attacks_are_possible_where_nothing_is_in_the_way(prison: Prison) -> None:
    names = ["change_mode", "read_outside", "read_environments", "shared_memory", "connect_tcp", "connect_named",
             "connect_abstract", "signal_others"]  # fmt: skip
    shutil.copy(HERE / "attack.py", prison.place / "attack.py")
    with targets(prison) as outside:
        outside.pop("sockets")
        done = subprocess.run(
            [prison.python, str(prison.place / "attack.py"), json.dumps(outside), ",".join(names)],
            capture_output=True, text=True, check=True, **prison.identity,
        )  # fmt: skip
    said = json.loads(done.stdout)
    assert {name: words for name, words in said.items() if not words.startswith("OPEN")} == {}


KEYS = """
import ctypes, os, sys
libc = ctypes.CDLL(None, use_errno=True)
libc.syscall.restype = ctypes.c_long
arm = os.uname().machine == "aarch64"
if sys.argv[1] == "add":
    libc.syscall(ctypes.c_long(219 if arm else 250), ctypes.c_long(1), None)
    key = libc.syscall(ctypes.c_long(217 if arm else 248), b"user", b"dsv-test", b"hidden", ctypes.c_long(6), ctypes.c_long(-3))
    if key < 0:
        sys.exit(77)
    os.execv(sys.executable, [sys.executable, *sys.argv[2:]])
"""


@namespaces
def test_the_users_keys_stay_outside(prison: Prison) -> None:
    shutil.copy(HERE / "attack.py", prison.clean / "attack.py")
    shutil.copy(HERE / "attack.py", prison.place / "attack.py")
    (prison.place / "keys.py").write_text(KEYS)
    outside = json.dumps({"key": "dsv-test"})
    adding = [prison.python, str(prison.place / "keys.py"), "add"]
    plain = subprocess.run(
        [*adding, str(prison.place / "attack.py"), outside, "read_keyring"],
        capture_output=True, text=True, check=False, **prison.identity,
    )  # fmt: skip
    if plain.returncode == 77:
        pytest.skip("no keyrings here")
    assert json.loads(plain.stdout)["read_keyring"].startswith("OPEN")
    given = {
        "clean": str(prison.clean), "scratch": str(prison.scratch), "workspace": str(prison.workspace),
        "wall": "namespaces", "argv": ["python3", "attack.py", outside, "read_keyring"],
        "search": [path for path in sys.path if path],
    }  # fmt: skip
    done = subprocess.run(
        [*adding, str(HERE / "enter.py"), json.dumps(given)],
        env={"PATH": os.environ["PATH"]}, capture_output=True, text=True, check=True, **prison.identity,
    )  # fmt: skip
    said = json.loads(json.loads(done.stdout)["tail"])
    assert said["read_keyring"].startswith("refused")


def alive(mark: str) -> list[str]:
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            if mark.encode() in path.read_bytes():
                found.append(path.parent.name)
        except OSError:
            continue
    return found


@namespaces
def test_a_daemon_ends_with_the_room(prison: Prison) -> None:
    mark = f"daemon-{os.getpid()}-{prison.user}"
    shutil.copy(HERE / "attack.py", prison.clean / "attack.py")
    found = prison.run("python3", "attack.py", json.dumps({"mark": mark}), "leave_daemon")
    assert "started" in found["tail"]
    assert alive(mark) == []


@namespaces
def test_a_command_that_takes_too_long_ends_with_all_its_processes(prison: Prison) -> None:
    mark = f"{os.getpid()}{600 if prison.user == 'root' else 601}"
    found = prison.run(
        "sh", "-c", f"(trap '' TERM; setsid sleep {mark} & setsid sleep {mark}); sleep {mark}", timeout=1
    )
    assert found["timed_out"]
    assert alive(f"sleep\0{mark}") == []


@namespaces
def test_the_room_looks_like_the_place(prison: Prison) -> None:
    prison.write("in.csv", "x\n")
    home = prison.place / "home"
    home.mkdir()
    (home / ".netrc").write_text("secret")
    prison.give(home)
    (prison.workspace / "only-outside.csv").write_text("x")
    found = prison.run(
        "sh", "-c", "pwd; ls -a; ls -a ~; ls -a /tmp; echo $HOME $TMPDIR; id -u; echo 1 > out.csv"
    )
    here, *rest = found["tail"].splitlines()
    assert here == str(prison.workspace)
    uid = NOBODY if prison.user == "nobody" else os.getuid()
    # The workspace of this test is in /tmp, so the room's /tmp has the way to it; to an interpreter there as well.
    ways = {Path(path).parts[2] for path in (prison.place, sys.prefix, HERE) if str(path).startswith("/tmp/")}
    assert rest[:7] == [".", "..", "in.csv", ".", "..", ".", ".."]
    assert prison.place.name in rest[7:-2]
    assert set(rest[7:-2]) <= ways
    assert rest[-2:] == [f"{home} /tmp", str(uid)]
    assert (prison.clean / "out.csv").read_text() == "1\n"
    assert not (prison.workspace / "out.csv").exists()


@namespaces
def test_what_happens_in_a_room_is_seen(prison: Prison) -> None:
    prison.write("in.csv", "x\n")
    (prison.clean / "d").mkdir()
    prison.give(prison.clean / "d")
    found = prison.script(
        "import os, socket\n"
        "open('out.csv', 'w').write(open('in.csv').read()); os.listdir('d'); os.path.exists('absent.csv')\n"
        "try:\n    socket.create_connection(('192.0.2.1', 80), 1)\nexcept OSError: pass\n"
    )
    seen = found["captured"]
    assert "in.csv" in seen["read"]
    assert seen["written"] == ["out.csv"]
    assert seen["listed"] == ["d"]
    assert seen["absent"] == ["absent.csv"]
    assert [contact[1] for contact in seen["contacts"]] == ["192.0.2.1:80"]


WORKS = {
    "a manager and pools": """
import multiprocessing as mp
from concurrent.futures import ProcessPoolExecutor
if __name__ == "__main__":
    with mp.Manager() as manager, ProcessPoolExecutor(2) as pool:
        found = manager.list(list(pool.map(abs, [-1, -2])))
        assert list(found) == [1, 2]
    for way in ("fork", "spawn", "forkserver"):
        with mp.get_context(way).Pool(2) as pool:
            assert pool.map(abs, [-3]) == [3]
""",
    "shared memory": """
from multiprocessing import shared_memory
one = shared_memory.SharedMemory(create=True, size=16)
other = shared_memory.SharedMemory(one.name)
one.buf[0] = 7
assert other.buf[0] == 7
other.close(); one.close(); one.unlink()
""",
    "a database": """
import sqlite3
with sqlite3.connect("x.db") as db:
    db.execute("pragma journal_mode = wal"); db.execute("create table t (n)"); db.execute("insert into t values (1)")
assert sqlite3.connect("x.db").execute("select n from t").fetchall() == [(1,)]
""",
    "a server on this machine": """
import http.server, threading, urllib.request
http.server.SimpleHTTPRequestHandler.log_message = lambda *_: None
server = http.server.HTTPServer(("127.0.0.1", 0), http.server.SimpleHTTPRequestHandler)
threading.Thread(target=server.serve_forever, daemon=True).start()
with urllib.request.urlopen("http://localhost:%d/" % server.server_port) as answer:
    assert answer.status == 200
""",
    "temporary files": """
import os, tempfile, pathlib
with tempfile.NamedTemporaryFile() as one, tempfile.TemporaryDirectory() as two:
    one.write(b"x"); pathlib.Path(two, "y").touch()
pathlib.Path.home().joinpath(".cache").mkdir(); open("/var/tmp/x", "w").close()
os.rename("/tmp/" + os.path.basename(tempfile.mkdtemp()), "/tmp/moved")
""",
    "a pseudo terminal": """
import os, pty
ours, theirs = pty.openpty()
os.write(theirs, b"x"); assert os.read(ours, 1) == b"x"
""",
    "joblib": """
from joblib import Parallel, delayed
if __name__ == "__main__":
    assert Parallel(2)(delayed(abs)(n) for n in (-1, -2)) == [1, 2]
""",
}


@namespaces
@pytest.mark.parametrize("name", WORKS)
def test_what_works_in_a_room(prison: Prison, name: str) -> None:
    if name == "joblib":
        has = subprocess.run([prison.python, "-c", "import joblib"], check=False, capture_output=True)
        if has.returncode:
            pytest.skip("needs joblib")
    found = prison.script(WORKS[name])
    assert (found["tail"], found["code"], found["isolation"]) == ("", 0, "namespaces")


@namespaces
@pytest.mark.parametrize(
    "script",
    [
        "git init -q . && git add a.c && git -c user.name=a -c user.email=a@b commit -qm x && git status --short",
        "make -s a && ./a",
        "yes | head -n 1 > /dev/null; tar cf a.tar a.c && tar xf a.tar; seq 100000 | sort -R | wc -l > n",
    ],
)
def test_tools_work_in_a_room(prison: Prison, script: str) -> None:
    for program in ("git", "make", "cc"):
        if program in script and shutil.which(program) is None:
            pytest.skip(f"needs {program}")
    prison.write("a.c", "int main(void) { return 0; }\n")
    found = prison.run("sh", "-e", "-c", script)
    assert (found["tail"], found["code"]) == ("", 0)


@namespaces
def test_endings_come_through(prison: Prison) -> None:
    assert prison.run("sh", "-c", "exit 5")["code"] == 5
    assert prison.run("sh", "-c", "kill -9 $$")["code"] == 137
    assert prison.run("sh", "-c", "no-such-program")["code"] == 127
    assert prison.run("sh", "-c", "sleep 0.3; echo late > late & exit 3")["code"] == 3
    assert (prison.clean / "late").read_text() == "late\n"


@namespaces
def test_a_link_in_the_clean_folder_leads_nothing_out(prison: Prison) -> None:
    """A mount point is made where a link of a hostile record is, but never through it."""
    aim = prison.place / "aim"
    aim.mkdir()
    prison.give(aim)
    (prison.workspace / "env").mkdir()
    (prison.workspace / "env/deep").mkdir()
    (prison.clean / "env").symlink_to(aim)
    found = prison.run("true", allow=[str(prison.workspace / "env/deep")])
    assert found["code"] == 0
    assert list(aim.iterdir()) == []


@namespaces
def test_the_network_if_allowed(prison: Prison) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        text = f"import socket\nsocket.create_connection(('127.0.0.1', {server.getsockname()[1]}), 5).close()"
        assert "refused" in prison.script(text)["tail"]
        assert prison.script(text, network=True)["code"] == 0


@namespaces
@pytest.mark.parametrize("place", ["/proc/self"])
def test_where_there_can_be_no_room_there_are_weaker_walls(prison: Prison, place: str) -> None:
    prison.workspace = Path(place)
    found = prison.run("true")
    assert found["isolation"] == ("landlock" if landlock.abi() else "folder")
    assert found["why"].startswith("no namespaces: ")
