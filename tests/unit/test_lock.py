import subprocess
import sys
from pathlib import Path

import pytest

from dsv.errors import Busy, StorageError
from dsv.lock import FileLock

HOLD = """
import sys
from pathlib import Path
from dsv.lock import FileLock
with FileLock(Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.read()
"""


def test_one_at_a_time_and_again_afterwards(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    with FileLock(path), pytest.raises(Busy, match="another process holds"), FileLock(path, patience=0):
        pass
    with FileLock(path, patience=0):
        assert path.exists()


def test_it_dies_with_its_holder(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    words = [sys.executable, "-c", HOLD, str(path)]
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        with pytest.raises(Busy), FileLock(path, patience=0):
            pass
        holder.kill()
    with FileLock(path, patience=0):
        pass


def test_where_no_file_can_be_made(tmp_path: Path) -> None:
    with pytest.raises(StorageError), FileLock(tmp_path / "missing" / "lock"):
        pass
