import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from dsv.capture import landlock
from dsv.capture.execute import Here
from dsv.capture.interpreter import Interpreter, interpreter_at
from dsv.capture.isolation import Isolation, Openings
from dsv.capture.sandbox import Confined, Sandbox
from dsv.errors import NotFound
from tests.unit.capture.conftest import environment

confined = pytest.mark.skipif(landlock.abi() < 4, reason="needs Landlock with rules for TCP")
LANDLOCK, FOLDER = Isolation.LANDLOCK, Isolation.FOLDER

SHUT = Openings()


@pytest.fixture(scope="module")
def python() -> Interpreter:
    return interpreter_at(Path(sys.executable))


class Cell:
    """A sandbox, and what its last command printed."""

    def __init__(self, root: Path, sink: int, python: Interpreter) -> None:
        self.root = root / "clean"
        self.scratch = root / "scratch"
        self.root.mkdir()
        self.scratch.mkdir()
        self.sink = sink
        self.python = python

    def run(self, argv: list[str], *, declared: dict[str, str] | None = None, wall: Isolation = LANDLOCK,
            openings: Openings = SHUT) -> Confined:  # fmt: skip
        sandbox = Sandbox(
            self.root, self.scratch, {**environment(), "SECRET": "s", "TZ": "UTC", "LC_ALL": "C"}, declared or {},
            [self.python], openings=openings, strongest=wall,
        )  # fmt: skip
        return sandbox.run(Here(), argv, stdout=self.sink, stderr=self.sink, stdin=subprocess.DEVNULL)

    def script(self, text: str, openings: Openings = SHUT) -> Confined:
        (self.root / "job.py").write_text(text)
        return self.run(["python", "job.py"], openings=openings)


@pytest.fixture
def cell(tmp_path: Path, python: Interpreter) -> Iterator[Cell]:
    sink = os.open(tmp_path / "sink", os.O_CREAT | os.O_RDWR)
    yield Cell(tmp_path, sink, python)
    os.close(sink)


def test_the_environment_holds_only_what_is_named(cell: Cell) -> None:
    done = cell.run(["env"], declared={"MODE": "fast"})
    lines = dict(line.split("=", 1) for line in done.execution.tail.splitlines())
    private = str(cell.scratch)
    assert {name for name, value in lines.items() if value.startswith(private)} == {
        "HOME",
        "TMPDIR",
        *(f"XDG_{name}" for name in ("CACHE_HOME", "CONFIG_HOME", "DATA_HOME", "RUNTIME_DIR", "STATE_HOME")),
    }
    assert lines["MODE"] == "fast"
    assert (lines["TZ"], lines["LC_ALL"], lines["LANG"]) == ("UTC", "C", "C.UTF-8")
    assert "SECRET" not in lines


def test_a_command_that_is_not_there(cell: Cell) -> None:
    with pytest.raises(NotFound, match="command not found"):
        cell.run(["no-such-program"])
    with pytest.raises(NotFound, match="command not found"):
        cell.run(["./no-such-program"])


def test_without_landlock_the_result_says_so(cell: Cell) -> None:
    done = cell.run(["true"], wall=FOLDER)
    assert (done.isolation, done.execution.exit_code) == ("folder", 0)


@confined
def test_codes_and_signals_come_through(cell: Cell) -> None:
    done = cell.run(["bash", "-c", "exit 5"])
    assert (done.isolation, done.execution.exit_code) == ("landlock", 5)
    assert cell.run(["bash", "-c", "kill -9 $$"]).execution.exit_code == 137


@confined
def test_the_folder_may_be_used_in_any_way(cell: Cell) -> None:
    done = cell.script(
        "import os, tempfile, pathlib\n"
        "os.makedirs('a/b'); open('a/b/x', 'w').write('1'); os.rename('a/b/x', 'y'); os.symlink('y', 'z')\n"
        "os.link('y', 'w'); open('y', 'r+').truncate(0); os.remove('z'); os.rmdir('a/b')\n"
        "pathlib.Path.home().joinpath('.rc').write_text('x')\n"
        "tempfile.NamedTemporaryFile().write(b'x'); os.mkfifo('p')\n"
    )
    assert (done.execution.exit_code, done.execution.tail) == (0, "")


@confined
@pytest.mark.parametrize("how", ["python", "shell", "child of a child"])
def test_a_file_outside_cannot_be_read(cell: Cell, tmp_path: Path, how: str) -> None:
    secret = tmp_path / "secret.csv"
    secret.write_text("hidden")
    if how == "python":
        done = cell.script(f"open({str(secret)!r}).read()")
    elif how == "shell":
        done = cell.run(["cat", str(secret)])
    else:
        (cell.root / "child.py").write_text(f"print(open({str(secret)!r}).read())")
        done = cell.script(
            "import subprocess, sys\n"
            "sys.exit(subprocess.run(['bash', '-c', 'python child.py || exit 3']).returncode)"
        )
    assert done.execution.exit_code != 0
    assert "Permission denied" in done.execution.tail
    assert "hidden" not in done.execution.tail


@confined
def test_nothing_outside_can_be_written_or_listed(cell: Cell, tmp_path: Path) -> None:
    for script in (
        f"echo > {tmp_path}/x",
        f"ls {tmp_path}",
        "ls /root",
        "echo > /etc/dsv-test",
        f"rm -r {tmp_path}",
    ):
        done = cell.run(["bash", "-c", script])
        assert done.execution.exit_code != 0
        assert "Permission denied" in done.execution.tail
    assert (tmp_path / "sink").exists()


@confined
def test_what_is_allowed_can_be_read_and_not_written(cell: Cell, tmp_path: Path) -> None:
    (tmp_path / "more").mkdir()
    (tmp_path / "more/x").write_text("given")
    openings = Openings(allow=(tmp_path / "more", tmp_path / "gone"))
    done = cell.script(
        f"print(open('{tmp_path}/more/x').read())\nopen('{tmp_path}/more/y', 'w')", openings=openings
    )
    assert "given" in done.execution.tail
    assert "PermissionError" in done.execution.tail


@confined
def test_tcp_is_refused_unless_allowed(cell: Cell) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        script = (
            f"import socket\nsocket.create_connection(('127.0.0.1', {server.getsockname()[1]}), 5).close()"
        )
        done = cell.script(script)
        assert "PermissionError" in done.execution.tail
        assert cell.script(script, openings=Openings(network=True)).execution.exit_code == 0
    assert (
        "PermissionError"
        in cell.script("import socket\nsocket.create_server(('127.0.0.1', 0))").execution.tail
    )


@confined
def test_the_tools_of_the_trade_still_work(cell: Cell) -> None:
    (cell.root / "in.csv").write_text("a,b\n1,2\n")
    done = cell.script(
        "import pandas as pd, duckdb, polars as pl, pyarrow.parquet as pq\n"
        "from concurrent.futures import ProcessPoolExecutor\n"
        "if __name__ == '__main__':\n"
        "    pd.read_csv('in.csv').to_parquet('a.parquet')\n"
        "    duckdb.sql(\"copy (from 'a.parquet') to 'b.parquet'\")\n"
        "    pl.scan_parquet('b.parquet').sink_parquet('c.parquet')\n"
        "    pq.read_table('c.parquet', memory_map=True)\n"
        "    with ProcessPoolExecutor(2) as pool:\n        print(sum(pool.map(abs, [-1, -2])))\n"
    )
    assert (done.execution.tail, done.execution.exit_code) == ("3\n", 0)


def test_a_package_installed_for_editing_is_taken_from_the_clean_folder(cell: Cell, tmp_path: Path) -> None:
    workspace = tmp_path / "original"
    own = cell.python
    cell.python = Interpreter(own.executable, own.prefixes, (*own.search, f"{workspace}/src"), own.facts)
    sandbox = Sandbox(cell.root, cell.scratch, environment(), {}, [cell.python], workspace)
    env = sandbox.environment(room=False)
    assert env["PYTHONPATH"] == f"{cell.root}/src"
    assert not any(path.startswith(str(workspace)) for path in sandbox.policy().read)
    assert env["PATH"].startswith(str(Path(own.executable).parent))


def test_programs_of_the_workspace_are_those_of_the_clean_folder(cell: Cell, tmp_path: Path) -> None:
    workspace = tmp_path / "original"
    path = f"{workspace}/bin:{workspace}:{tmp_path}:/:/usr/bin"
    sandbox = Sandbox(cell.root, cell.scratch, {"PATH": path}, {}, [cell.python], workspace)
    ours = str(Path(cell.python.executable).parent)
    assert (
        sandbox.environment(room=False)["PATH"] == f"{ours}:{cell.root}/bin:{cell.root}:{tmp_path}:/:/usr/bin"
    )
    assert not {"/", str(tmp_path), str(workspace), f"{workspace}/bin"} & set(sandbox.policy().read)


@confined
def test_a_declared_variable_opens_no_folder(cell: Cell, tmp_path: Path) -> None:
    (tmp_path / "private").mkdir()
    (tmp_path / "private/key").write_text("secret")
    declared = {"PATH": f"/usr/bin:/bin:{tmp_path}/private"}
    done = cell.run(["cat", f"{tmp_path}/private/key"], declared=declared)
    assert (done.execution.exit_code, "secret" in done.execution.tail) == (1, False)
