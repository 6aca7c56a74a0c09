"""Which files a run executed, and which Python that was."""

from pathlib import Path

import pytest

from dsv.capture.detect import ExecutedProgram
from dsv.runs.record.executed_files import executed_files, python_of, script_of
from dsv.runs.record.request import Request


def program(path: str, *words: str, resolved: str | None = None) -> ExecutedProgram:
    return ExecutedProgram(path, resolved or path, (path.rpartition("/")[2], *words))


@pytest.mark.parametrize(
    ("words", "script"),
    [
        (["python3", "-u", "job", "x.txt"], "job"),
        (["python", "-m", "json.tool", "x.txt"], None),
        (["sh", "-c", "cat x.txt"], None),
        (["bash", "steps", "x.txt"], "steps"),
        (["cat", "x.txt"], None),
        (["awk", "-f", "prog", "x.txt"], "prog"),
        (["make", "-f", "rules"], "rules"),
    ],
)
def test_the_script_of_an_interpreter(words: list[str], script: str | None) -> None:
    assert script_of(words[0], words) == script


def test_programs_and_scripts_of_the_workspace_were_executed(tmp_path: Path) -> None:
    for name in ("tool", "steps", "x.txt", "build/prog"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("x")
    seen = [program(f"{tmp_path}/build/prog", "x.txt"), program("/bin/sh", "steps")]
    request = Request(argv=("./tool", "x.txt"), env={})
    assert executed_files(tmp_path, request, seen) == {"tool", "steps", "build/prog"}


def test_the_python_is_the_one_that_did_the_work(tmp_path: Path) -> None:
    (tmp_path / "job.py").write_text("")
    poetry = program("/opt/poetry/bin/python", "/opt/poetry/bin/poetry", "run", "python", "job.py")
    ours = program(f"{tmp_path}/.venv/bin/python", "job.py", resolved="/usr/bin/python3.11")
    assert (
        python_of([program("/bin/uv", "run", "job.py"), poetry, ours], tmp_path)
        == tmp_path / ".venv/bin/python"
    )
    assert python_of([program("/bin/make"), program("/usr/bin/python3", "-c", "1")], tmp_path) == Path(
        "/usr/bin/python3"
    )
    assert python_of([program("/bin/sh", "-c", "x")], tmp_path) is None


def test_a_console_script_names_its_python(tmp_path: Path) -> None:
    folder = tmp_path / ".venv" / "bin"
    folder.mkdir(parents=True)
    (folder / "python").symlink_to("/bin/sh")
    (folder / "prep").write_text(f"#!{folder}/python\n")
    seen = [ExecutedProgram(f"{folder}/prep", "/usr/bin/python3.11", (f"{folder}/prep",))]
    assert python_of(seen, tmp_path) == folder / "python"
