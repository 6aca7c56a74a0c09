"""Files written through a map, and files that change between the look and the moment they would be overwritten."""

import mmap
import os
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from dsv.errors import InTheWay
from dsv.hashing import Buffer
from dsv.ids import ObjectId
from dsv.model.node import Node
from dsv.worktree.mapped import read_maps
from dsv.worktree.materialise import materialise
from dsv.worktree.materialise import remove as take_out
from dsv.worktree.observe import observe
from dsv.worktree.sink import HashSink
from tests.unit.worktree.test_materialise import Bench
from tests.unit.worktree.worktree_fixtures import MemoryStore

SIZE = 20_000


@pytest.fixture(params=["disk", "memory"])
def bench(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Bench]:
    if request.param == "disk":
        yield Bench(tmp_path)
        return
    if not Path("/dev/shm").is_dir():
        pytest.skip("there is no file system in memory")
    with tempfile.TemporaryDirectory(dir="/dev/shm") as folder:
        yield Bench(Path(folder))


def _mapped(path: Path) -> mmap.mmap:
    with path.open("r+b") as file:
        return mmap.mmap(file.fileno(), 0)


def _settled() -> None:
    """Let the file system's clock go on, so that no time is doubted for its youth alone."""
    start = time.time_ns()
    while time.time_ns() < start + 50_000_000:
        pass


@pytest.mark.parametrize("folder", [False, True])
@pytest.mark.parametrize("dated", [None, 946_684_800, 4_102_444_800])
def test_what_is_written_through_a_map_is_seen(bench: Bench, folder: bool, dated: int | None) -> None:
    path = bench.root / ("data/f" if folder else "data")
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(bytes(SIZE))
    with _mapped(path) as held:
        held[0:4] = b"1111"
        if dated is not None:
            os.utime(path, (dated, dated))
        _settled()
        first = bench.look(bench.store).content
        held[0:4] = b"2222"
        if dated is not None:
            os.utime(path, (dated, dated))
        _settled()
        second = bench.look().content
        held[0:4] = b"3333"
    third = bench.look().content
    assert len({first, second, third}) == 3


def test_a_map_that_was_written_and_is_closed(bench: Bench) -> None:
    """After the last look nothing is mapped any more; what was written in between is seen all the same."""
    path = bench.root / "data"
    path.write_bytes(bytes(SIZE))
    held = _mapped(path)
    held[0:1] = b"a"
    _settled()
    before = bench.look().content
    held[1:2] = b"b"
    held.close()
    _settled()
    assert bench.look().content != before
    assert bench.look().content == bench.look(HashSink()).content


def test_only_shared_writable_maps_count(tmp_path: Path) -> None:
    inodes = {}
    kept = []
    for name, access in (("w", mmap.ACCESS_WRITE), ("r", mmap.ACCESS_READ), ("c", mmap.ACCESS_COPY)):
        (tmp_path / name).write_bytes(bytes(SIZE))
        with (tmp_path / name).open("r+b") as file:
            kept.append(mmap.mmap(file.fileno(), 0, access=access))
        inodes[name] = (tmp_path / name).stat().st_ino
    if not Path("/proc/self/maps").exists():
        pytest.skip("this system does not tell of maps")
    found = read_maps().inodes
    assert inodes["w"] in found
    assert not {inodes["r"], inodes["c"]} & found


def test_no_processes_to_look_at(tmp_path: Path) -> None:
    assert read_maps(tmp_path / "no").inodes == frozenset()
    (tmp_path / "12").mkdir()
    (tmp_path / "12" / "maps").write_text(
        "nothing s w\n\n7f-8f rw-s 0 08:01 77 /x y\n7f-8f r--s 0 08:01 78 /x\n"
    )
    assert read_maps(tmp_path).inodes == {77}


class _Trap:
    """A reader that does something once, when the first file is read."""

    def __init__(self, store: MemoryStore, trap: "object") -> None:
        self._store = store
        self._trap = trap

    def node(self, oid: ObjectId) -> Node:
        return self._store.node(oid)

    def stream(self, oid: ObjectId) -> Iterator[Buffer]:
        trap, self._trap = self._trap, None
        if callable(trap):
            trap()
        return self._store.stream(oid)


def _two_versions(bench: Bench, name: str = "data") -> tuple[object, object]:
    (bench.root / name / "sub").mkdir(parents=True)
    for file in ("a", "sub/b", "z"):
        (bench.root / name / file).write_text("old")
    first = bench.keep(name)
    for file in ("a", "sub/b", "z"):
        (bench.root / name / file).write_text("new")
    return first, bench.keep(name)


def test_an_edit_between_look_and_overwriting_is_kept(bench: Bench) -> None:
    first, _ = _two_versions(bench)
    _settled()
    since = time.time_ns()
    present = bench.present()
    late = bench.root / "data" / "z"
    trap = _Trap(bench.store, lambda: late.write_text("mine"))
    with pytest.raises(InTheWay, match="data/z"):
        materialise(bench.place._replace(reader=trap, since=since), "data", first, present)  # type: ignore[arg-type]
    assert late.read_text() == "mine"
    assert (bench.root / "data" / "a").read_text() == "old"


def test_an_edit_between_look_and_removal_is_kept(bench: Bench) -> None:
    _two_versions(bench)
    _settled()
    since = time.time_ns()
    present = bench.present()
    (bench.root / "data" / "z").write_text("mine")
    (bench.root / "data" / "new").write_text("mine too")
    with pytest.raises(InTheWay, match="data/z"):
        take_out(bench.place._replace(since=since), "data", present)
    assert (bench.root / "data" / "z").read_text() == "mine"
    assert (bench.root / "data" / "new").read_text() == "mine too"


def test_a_folder_that_becomes_a_link_is_not_written_through(bench: Bench, tmp_path: Path) -> None:
    first, _ = _two_versions(bench)
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "b").write_text("new")

    def swap() -> None:
        (bench.root / "data" / "sub").rename(bench.root / "moved")
        (bench.root / "data" / "sub").symlink_to(outside)

    place = bench.place._replace(reader=_Trap(bench.store, swap))
    with pytest.raises(InTheWay):
        materialise(place, "data", first, bench.present())  # type: ignore[arg-type]
    assert (outside / "b").read_text() == "new"


@pytest.mark.parametrize("name", ["up/data", "up/er/data"])
def test_a_folder_above_that_becomes_a_link_is_not_written_through(
    bench: Bench, tmp_path: Path, name: str
) -> None:
    first, _ = _two_versions(bench, name)
    outside = tmp_path / "outside"
    (outside / "data" / "sub").mkdir(parents=True)
    (outside / "er" / "data").mkdir(parents=True)
    for place in ("data", "er/data"):
        (outside / place / "a").write_text("theirs")

    def swap() -> None:
        (bench.root / "up").rename(bench.root / "moved")
        (bench.root / "up").symlink_to(outside)

    trap = _Trap(bench.store, swap)
    with pytest.raises(Exception, match="up"):
        materialise(bench.place._replace(reader=trap), name, first, bench.present(name))  # type: ignore[arg-type]
    assert {path.read_text() for path in outside.rglob("a")} == {"theirs"}
    assert not list(outside.rglob("z"))


class _Swapping(HashSink):
    """Swaps a folder for a link while the first file is read."""

    def __init__(self, folder: Path, target: Path) -> None:
        super().__init__()
        self._folder = folder
        self._target = target

    def put_file(self, path: str, fd: int, stat: os.stat_result) -> ObjectId:
        if not self._folder.is_symlink():
            self._folder.rename(self._folder.with_name("moved"))
            self._folder.symlink_to(self._target)
        return super().put_file(path, fd, stat)


def test_a_folder_that_becomes_a_link_is_not_read_through(bench: Bench, tmp_path: Path) -> None:
    _two_versions(bench)
    theirs = tmp_path / "theirs"
    theirs.mkdir()
    for name in ("a", "z", "b"):
        (theirs / name).write_text("secret")
    before = bench.look(HashSink(), "data")
    # What was opened is read to its end where it was, wherever its name leads by now.
    found = observe(bench.root, "data", bench.cache, _Swapping(bench.root / "data", theirs), rehash=True)
    assert found.content == before.content
