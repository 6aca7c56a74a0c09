"""`dsv run` under its witness, as a user meets it."""

import os
import shutil
import signal
import subprocess
import sys

import pytest

from tests.cli.face_fixtures import Face, environment
from tests.waiting import Gate

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="needs seccomp")


@pytest.mark.skipif(
    sys.platform != "linux" or os.geteuid() != 0, reason="needs root, to make a set-uid program"
)
def test_a_set_uid_program_is_told_how_to_get_its_rights(dsv: Face) -> None:
    (dsv.folder / "in.csv").write_text("a\n1\n")
    tool = dsv.folder / "tool"
    shutil.copy("/bin/false", tool)
    os.chown(tool, 65534, 65534)
    tool.chmod(0o4755)
    done = dsv("run", "--", "./tool")
    assert done.code == 1
    assert "tool gets no rights of another user while its calls are watched" in done.err
    assert "dsv config run.witness events" in done.err
    assert dsv("config", "run.witness", "events").code == 0
    assert "no rights" not in dsv("run", "--", "./tool").err


@pytest.mark.parametrize("eye", ["calls", "files", "events"])
def test_eyes_can_be_chosen(dsv: Face, eye: str) -> None:
    (dsv.folder / "in.csv").write_text("a\n1\n")
    dsv.ok("config", "run.witness", eye)
    dsv.ok("add", "in.csv")
    dsv.ok("run", "--", "sh", "-c", "[ -e nope ] || cp in.csv out.csv")
    seen = dsv("why", "out.csv").err + dsv("why", "out.csv").out
    assert "in.csv" in seen
    assert dsv("config", "run.witness", "nothing").code == 3


def test_a_command_goes_on_when_dsv_is_killed(dsv: Face, gate: Gate) -> None:
    came = f"echo > {gate.path}"
    script = (
        f"exec > /dev/null 2>&1; echo > ready; {came}; until [ -e killed ]; do cat ready; done;"
        f" ls; echo end > t; mv t out.csv; {came}"
    )
    with subprocess.Popen(
        [sys.executable, "-m", "dsv", "run", "--", "sh", "-c", script],
        cwd=dsv.folder, env=environment(), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    ) as process:  # fmt: skip
        gate.wait()
        process.send_signal(signal.SIGKILL)
        process.wait()
        (dsv.folder / "killed").touch()
        gate.wait()
    assert (dsv.folder / "out.csv").read_text() == "end\n"
