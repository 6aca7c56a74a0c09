import subprocess
import sys
import time

import pytest

from dsv.worktree import boot


@pytest.mark.skipif(sys.platform not in {"linux", "darwin"}, reason="no other system tells")
def test_all_processes_see_the_same_run_of_the_machine() -> None:
    code = "from dsv.worktree import boot; print(boot.session())"
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True)
    assert int(told.stdout) == boot.session() != 0


@pytest.mark.skipif(sys.platform != "linux", reason="no other system tells")
def test_the_machine_was_started_before_now() -> None:
    assert 0 < boot.started() < time.time_ns()
