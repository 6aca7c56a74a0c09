"""Disks that are full, read-only, or allow no large file: exit 5, a message, nothing half-written."""

import subprocess
from collections.abc import Iterator
from pathlib import Path
from random import Random

import pytest

from tests.robustness.lab_fixtures import Lab, Server, tree

STORAGE = 5


def _mount(place: Path, *options: str) -> bool:
    command = ["mount", "-t", "tmpfs", *options, "tmpfs", str(place)]
    try:
        return subprocess.run(command, capture_output=True, check=False).returncode == 0
    except OSError:
        return False


@pytest.fixture
def small(tmp_path: Path, server: Server) -> Iterator[Lab]:
    """A workspace on a disk of 32 MiB."""
    place = tmp_path / "small"
    place.mkdir()
    if not _mount(place, "-o", "size=32m"):
        pytest.skip("this system does not let us mount a small disk")
    try:
        lab = Lab(place, server)
        lab.ok("init")
        lab.write("a.bin", Random(1).randbytes(1 << 20))
        lab.ok("add", "a.bin")
        lab.ok("commit", "-m", "first")
        yield lab
    finally:
        subprocess.run(["umount", "-l", str(place)], check=False)


def _fill(lab: Lab, spare: int = 0) -> Path:
    """Use up the disk except for `spare` bytes."""
    path = lab.folder / "ballast"
    with path.open("wb", buffering=0) as file:
        try:
            while True:
                file.write(bytes(1 << 16))
        except OSError:
            pass
        file.truncate(max(0, file.tell() - spare))
    return path


@pytest.mark.parametrize("spare", [0, 1 << 13, 1 << 16, 1 << 18, 3 << 20])
def test_a_full_disk(small: Lab, spare: int) -> None:
    small.write("a.bin", Random(2).randbytes(4 << 20))
    head = small.json("log")["commits"]
    ballast = _fill(small, spare)
    before = tree(small.folder)
    for words in (("add", "a.bin"), ("commit", "-a", "-m", "second"), ("checkout", "--force", "HEAD")):
        error = small.fails(*words, code=STORAGE)
        assert "space" in error
        assert tree(small.folder) == before
    assert small.json("log")["commits"] == head
    small.ok("status")
    small.sound()
    assert sum(path.stat().st_size for path in (small.dot / "tmp").rglob("*")) == 0
    ballast.unlink()
    small.ok("commit", "-a", "-m", "second")
    small.sound()


def test_only_what_is_new_needs_room(small: Lab) -> None:
    """A large file to which a little was appended can be added on a disk with room for a little."""
    assert _mount(small.folder, "-o", "remount,size=64m")
    content = Random(3).randbytes(18 << 20)
    small.write("a.bin", content)
    small.ok("commit", "-a", "-m", "large")
    _fill(small, spare=5 << 20)
    small.write("a.bin", content + Random(4).randbytes(1 << 20))
    small.ok("commit", "-a", "-m", "appended")
    small.sound()


@pytest.mark.parametrize("spare", [0, 1 << 15, 1 << 20, 4 << 20, 19 << 20])
def test_a_disk_without_room_for_a_pull(small: Lab, tmp_path: Path, spare: int) -> None:
    content = _push_another(small, tmp_path)
    ballast = _fill(small, spare)
    _fails_and_goes_on(small, "space", ballast, content)


@pytest.mark.parametrize("limit", [100, 4_096, 100_000, 2 << 20])
def test_no_room_in_mid_pull(lab: Lab, tmp_path: Path, limit: int) -> None:
    lab.write("a.bin", b"small")
    lab.ok("add", "a.bin")
    lab.ok("commit", "-m", "first")
    content = _push_another(lab, tmp_path)
    _fails_and_goes_on(lab, "cannot write", None, content, file_limit=limit)


def _push_another(lab: Lab, folder: Path) -> bytes:
    """Have a version of `a.bin` pushed by somebody else; return its bytes."""
    url = f"file://{folder}/remote"
    lab.ok("remote", "add", "origin", url)
    lab.ok("push")
    place = folder / "other"
    place.mkdir()
    other = Lab(place, lab.server)
    other.ok("clone", url, ".")
    content = Random(4).randbytes(3 << 20)
    other.write("a.bin", content)
    other.ok("commit", "-a", "-m", "second")
    other.ok("push")
    return content


def _fails_and_goes_on(lab: Lab, why: str, ballast: Path | None, content: bytes, **how: int) -> None:
    before = tree(lab.folder)
    assert why in lab.fails("pull", code=STORAGE, **how)
    assert tree(lab.folder) == before
    lab.ok("status")
    lab.sound()
    if ballast is not None:
        ballast.unlink()
    lab.ok("pull")
    assert lab.read("a.bin") == content
    lab.sound()


def test_a_disk_that_is_read_only(small: Lab) -> None:
    content = small.read("a.bin")
    small.write("b.bin", b"b")
    remount = ["mount", "-o", "remount,ro", str(small.folder)]
    assert subprocess.run(remount, check=False).returncode == 0
    before = tree(small.folder)
    for words in (("add", "b.bin"), ("rm", "a.bin"), ("branch", "other"), ("undo",), ("checkout", "-b", "x")):
        error = small.fails(*words, code=STORAGE)
        assert "read-only" in error
    small.ok("status")
    small.ok("log")
    small.ok("diff")
    assert small("cat", "a.bin@HEAD").raw == content
    small.sound()
    assert tree(small.folder) == before


@pytest.mark.parametrize("limit", [100, 4_096, 100_000, 3 << 20])
def test_a_limit_on_the_size_of_files(lab: Lab, limit: int) -> None:
    lab.write("a.bin", b"small")
    lab.ok("add", "a.bin")
    lab.ok("commit", "-m", "first")
    lab.write("a.bin", Random(3).randbytes(5 << 20))
    before = tree(lab.folder)
    error = lab.fails("add", "a.bin", code=STORAGE, file_limit=limit)
    assert "cannot write" in error
    assert tree(lab.folder) == before
    lab.sound()
    lab.ok("commit", "-a", "-m", "second")
    lab.write("a.bin", b"small")
    lab.ok("commit", "-a", "-m", "third")
    lab.fails("checkout", "HEAD~1", code=STORAGE, file_limit=max(limit, 200_000))
    assert lab.read("a.bin") == b"small"
    lab.ok("checkout", "main")
    assert lab.json("status")["unstaged"] == []
    assert (lab.folder / "a.bin").stat().st_size == 5
