import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from dsv import atomic
from dsv.errors import Busy, StorageError
from dsv.lock import FileLock

FULL = Path("/dev/full")


def names(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir()]


def test_replace(tmp_path: Path) -> None:
    path = tmp_path / "file"
    atomic.replace_file(path, b"one")
    atomic.replace_file(path, b"two")
    assert path.read_bytes() == b"two"
    assert names(tmp_path) == ["file"]


def test_create_only_once(tmp_path: Path) -> None:
    path = tmp_path / "file"
    assert atomic.create_file(path, b"one")
    assert not atomic.create_file(path, b"two")
    assert path.read_bytes() == b"one"
    assert names(tmp_path) == ["file"]


def test_create_where_there_are_no_hard_links(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError(1, "no links here")

    monkeypatch.setattr(os, "link", refuse)
    path = tmp_path / "file"
    assert atomic.create_file(path, b"one")
    assert not atomic.create_file(path, b"two")
    assert path.read_bytes() == b"one"
    assert names(tmp_path) == ["file"]


def test_what_cannot_be_written_is_named_and_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match=r"cannot write .*nowhere/file"):
        atomic.replace_file(tmp_path / "nowhere" / "file", b"x")
    (tmp_path / "folder" / "inside").mkdir(parents=True)
    with pytest.raises(StorageError, match="cannot write"):
        atomic.replace_file(tmp_path / "folder", b"x")
    assert names(tmp_path) == ["folder"]


@pytest.mark.skipif(not FULL.exists(), reason="only Linux has a disk that is always full")
def test_a_full_disk_has_its_hint() -> None:
    with (
        pytest.raises(StorageError, match="cannot write /dev/full: no space is left on its disk") as caught,
        atomic.storing("write", "/dev/full"),
        FULL.open("wb", buffering=0) as file,
    ):
        atomic.write_all(file.fileno(), b"x")
    assert (caught.value.hint or "").startswith("free some space")
    assert caught.value.exit_code == 5


def test_make_folder(tmp_path: Path) -> None:
    for _ in range(2):
        atomic.make_folder(tmp_path / "a" / "b" / "c")
    assert (tmp_path / "a" / "b" / "c").is_dir()


def test_a_lock_excludes_and_is_given_back(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    with FileLock(path), pytest.raises(Busy, match="another process holds"), FileLock(path, patience=0.05):
        pass
    with FileLock(path, patience=0):
        pass


def test_a_lock_is_waited_for(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    taken = threading.Event()
    done = threading.Event()

    def hold() -> None:
        with FileLock(path):
            taken.set()
            done.wait(0.1)

    thread = threading.Thread(target=hold)
    thread.start()
    taken.wait()
    with FileLock(path):
        done.set()
    thread.join()


def test_a_lock_dies_with_its_holder(tmp_path: Path) -> None:
    code = (
        "import os,sys;from pathlib import Path;from dsv.lock import FileLock;"
        "FileLock(Path(sys.argv[1])).__enter__();print('held',flush=True);sys.stdin.read()"
    )
    path = tmp_path / "lock"
    with subprocess.Popen(
        [sys.executable, "-c", code, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"held\n"
        with pytest.raises(Busy), FileLock(path, patience=0):
            pass
        holder.kill()
        holder.wait()
        with FileLock(path, patience=5):
            pass
