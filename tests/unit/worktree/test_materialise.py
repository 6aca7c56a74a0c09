import errno
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dsv.errors import Corrupt, InTheWay, Missing, StorageError
from dsv.hashing import Buffer
from dsv.ids import ObjectId
from dsv.model.checkpoint import Checkpoint
from dsv.model.node import DIR, EXEC, FILE, LINK, Entry, build
from dsv.worktree.ignore import Ignore
from dsv.worktree.materialise import Destination, conflicts, materialise, remove, sweep
from dsv.worktree.observe import Observation, observe
from dsv.worktree.sink import HashSink, Sink
from dsv.worktree.stat_cache import StatCache
from tests.unit.worktree.test_observe import act, make_tree
from tests.unit.worktree.worktree_fixtures import MemoryStore, Source, Step, plain_id, settle

ORIGIN = ObjectId("0" * 64)


class Bench:
    """A workspace with a store in memory."""

    def __init__(self, folder: Path) -> None:
        self.root = folder / "work"
        (self.root / ".dsv").mkdir(parents=True, exist_ok=True)
        self.store = MemoryStore()
        self.cache = StatCache(self.root / ".dsv" / "stat")
        self.place = Destination(
            self.root,
            self.root / ".dsv" / "tmp",
            self.cache,
            Source(self.store.node, self.store.stream),
            epoch=0,
        )

    def look(self, sink: Sink | None = None, dataset: str = "data") -> Observation:
        return observe(self.root, dataset, self.cache, sink or HashSink(self.cache), ignore=self.place.ignore)

    def keep(self, dataset: str = "data") -> Checkpoint:
        seen = self.look(self.store, dataset)
        return Checkpoint(seen.content, seen.kind, seen.size, seen.files, None, ORIGIN)

    def present(self, dataset: str = "data") -> Observation | None:
        return self.look(self.store, dataset) if os.path.lexists(self.root / dataset) else None

    def write(self, wanted: Checkpoint, dataset: str = "data") -> None:
        materialise(self.place, dataset, wanted, self.present(dataset))

    def wanted(self, *entries: Entry) -> Checkpoint:
        return Checkpoint(build(entries, self.store.put_node), DIR, 1, 1, None, ORIGIN)

    def file(self, data: bytes) -> str:
        with tempfile.NamedTemporaryFile() as file:
            file.write(data)
            file.flush()
            os.lseek(file.fileno(), 0, 0)
            return self.store.put_file("", file.fileno(), os.fstat(file.fileno()))

    def is_tidy(self) -> bool:
        return not list((self.root / ".dsv").glob("tmp/*"))


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    made = Bench(tmp_path)
    yield made
    made.cache.close()


def test_a_tree_comes_back_as_it_was(bench: Bench) -> None:
    make_tree(bench.root / "data")
    wanted = bench.keep()
    remove(bench.place, "data")
    assert not (bench.root / "data").exists()
    bench.write(wanted)
    assert plain_id(bench.root / "data", MemoryStore().put_node) == wanted.content
    assert (bench.root / "data" / "sub" / "empty").is_dir()
    assert os.access(bench.root / "data" / "run.sh", os.X_OK)
    assert (bench.root / "data" / "dangling").readlink() == Path("nowhere")
    assert bench.is_tidy()


def test_modes_follow_the_umask(bench: Bench) -> None:
    make_tree(bench.root / "data")
    wanted = bench.keep()
    remove(bench.place, "data")
    old = os.umask(0o027)
    try:
        bench.write(wanted)
    finally:
        os.umask(old)
    assert (bench.root / "data" / "a.txt").stat().st_mode & 0o777 == 0o640
    assert (bench.root / "data" / "run.sh").stat().st_mode & 0o777 == 0o750


def test_nothing_is_read_after_a_checkout_once_times_have_settled(bench: Bench) -> None:
    make_tree(bench.root / "data")
    wanted = bench.keep()
    remove(bench.place, "data")
    original = bench.store.stream

    def slow(oid: ObjectId) -> Iterator[Buffer]:
        yield from original(oid)
        settle()

    place = bench.place._replace(reader=Source(bench.store.node, slow))
    materialise(place, "data", wanted, None)
    seen = bench.look(bench.store)
    assert seen.content == wanted.content
    assert seen.hashed <= 1  # the last one was too young when it was moved into place
    settle()
    bench.look(bench.store)
    assert bench.look(bench.store).hashed == 0


def test_a_file_that_is_edited_right_after_a_checkout_is_seen(bench: Bench) -> None:
    (bench.root / "data").mkdir()
    (bench.root / "data" / "f").write_bytes(b"old")
    wanted = bench.keep()
    for number in range(100):
        remove(bench.place, "data")
        bench.write(wanted)
        with (bench.root / "data" / "f").open("r+b") as file:
            file.write(b"%03d" % number)
        assert bench.look().content != wanted.content


def test_only_what_differs_is_written(bench: Bench) -> None:
    make_tree(bench.root / "data")
    first = bench.keep()
    (bench.root / "data" / "a.txt").write_bytes(b"other")
    (bench.root / "data" / "sub" / "more").write_bytes(b"more")
    (bench.root / "data" / "sub" / "empty" / "now").mkdir()
    (bench.root / "data" / "run.sh").chmod(0o644)
    (bench.root / "data" / "link").unlink()
    (bench.root / "data" / "link").symlink_to("elsewhere")
    second = bench.keep()
    keeps = (bench.root / "data" / "sub" / "zero").stat()
    for wanted in (first, second, first):
        bench.write(wanted)
        assert plain_id(bench.root / "data", MemoryStore().put_node) == wanted.content
        assert bench.look().content == wanted.content
    after = (bench.root / "data" / "sub" / "zero").stat()
    assert (after.st_ino, after.st_ctime_ns) == (keeps.st_ino, keeps.st_ctime_ns)
    assert bench.is_tidy()


def test_a_file_becomes_a_folder_and_back(bench: Bench) -> None:
    (bench.root / "data").write_bytes(b"file")
    file = bench.keep()
    (bench.root / "data").unlink()
    make_tree(bench.root / "data")
    folder = bench.keep()
    for wanted in (file, folder, file):
        bench.write(wanted)
        assert bench.look()[:2] == (wanted.content, wanted.kind)


def test_one_file_is_written_with_its_folders(bench: Bench) -> None:
    (bench.root / "a" / "b").mkdir(parents=True)
    (bench.root / "a" / "b" / "c").write_bytes(b"c")
    (bench.root / "a" / "b" / "c").chmod(0o755)
    wanted = bench.keep("a/b/c")
    assert wanted.kind == EXEC
    remove(bench.place, "a/b/c")
    assert not (bench.root / "a").exists()
    bench.write(wanted, "a/b/c")
    assert bench.look(dataset="a/b/c")[:2] == (wanted.content, EXEC)


def test_ignored_files_stay(bench: Bench) -> None:
    bench.place = bench.place._replace(ignore=Ignore(["*.tmp"]))
    make_tree(bench.root / "data")
    wanted = bench.keep()
    (bench.root / "data" / "sub" / "mine.tmp").write_bytes(b"mine")
    remove(bench.place, "data")
    assert (bench.root / "data" / "sub" / "mine.tmp").read_bytes() == b"mine"
    bench.write(wanted)
    assert bench.look().content == wanted.content
    assert (bench.root / "data" / "sub" / "mine.tmp").read_bytes() == b"mine"


def test_an_ignored_file_in_the_way_is_named_and_kept(bench: Bench) -> None:
    make_tree(bench.root / "data")
    (bench.root / "data" / "x.tmp").write_bytes(b"theirs")
    wanted = bench.keep()
    shutil.rmtree(bench.root / "data")
    bench.place = bench.place._replace(ignore=Ignore(["*.tmp"]))
    (bench.root / "data").mkdir()
    (bench.root / "data" / "x.tmp").write_bytes(b"mine")
    present = bench.present()
    assert list(conflicts(bench.place, "data", present, wanted)) == ["data/x.tmp"]
    with pytest.raises(InTheWay, match=r"data/x\.tmp"):
        materialise(bench.place, "data", wanted, present)
    assert (bench.root / "data" / "x.tmp").read_bytes() == b"mine"
    (bench.root / "data" / "x.tmp").write_bytes(b"theirs")
    assert list(conflicts(bench.place, "data", bench.present(), wanted)) == []
    bench.write(wanted)


def test_what_appeared_meanwhile_is_not_overwritten(bench: Bench) -> None:
    make_tree(bench.root / "data")
    wanted = bench.keep()
    remove(bench.place, "data")
    (bench.root / "data").write_bytes(b"appeared")
    with pytest.raises(InTheWay):
        materialise(bench.place, "data", wanted, None)
    assert (bench.root / "data").read_bytes() == b"appeared"
    assert bench.is_tidy()


def test_nothing_is_written_through_a_link(bench: Bench, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "f").write_bytes(b"outside")
    make_tree(bench.root / "data")
    wanted = bench.keep()
    (bench.root / "data" / "sub" / "zero").write_bytes(b"changed")
    present = bench.present()
    shutil.rmtree(bench.root / "data" / "sub")
    (bench.root / "data" / "sub").symlink_to(outside)
    with pytest.raises(InTheWay):
        materialise(bench.place, "data", wanted, present)
    shutil.rmtree(bench.root / "data")
    (bench.root / "data").symlink_to(outside)
    with pytest.raises(InTheWay):
        materialise(bench.place, "data", wanted, None)
    (bench.root / "up").symlink_to(outside)
    with pytest.raises(InTheWay):
        materialise(bench.place, "up/data", wanted, None)
    assert sorted(path.name for path in outside.iterdir()) == ["f"]


@pytest.mark.parametrize("name", [".git", ".GIT", ".dsv", ".g\u200cit", "GIT~1", ".git ", ".git::$INDEX"])
def test_a_hostile_name_is_refused(bench: Bench, name: str) -> None:
    wanted = bench.wanted(Entry(name, FILE, bench.file(b"evil")))
    with pytest.raises(Corrupt):
        bench.write(wanted)
    (bench.root / "data").mkdir()
    with pytest.raises(Corrupt):
        bench.write(wanted)
    assert list((bench.root / "data").iterdir()) == []
    assert bench.is_tidy()


def test_a_link_in_a_hostile_tree_is_not_followed(bench: Bench, tmp_path: Path) -> None:
    (tmp_path / "outside").mkdir()
    link = bench.wanted(Entry("a", LINK, str(tmp_path / "outside")))
    bench.write(link)
    below = build([Entry("f", FILE, bench.file(b"evil"))], bench.store.put_node)
    bench.write(bench.wanted(Entry("a", DIR, below)))
    assert list((tmp_path / "outside").iterdir()) == []
    assert (bench.root / "data" / "a" / "f").read_bytes() == b"evil"


def test_a_checkpoint_inside_a_folder_is_corrupt(bench: Bench) -> None:
    with pytest.raises(Corrupt):
        bench.write(bench.wanted(Entry("a", "checkpoint", ORIGIN)))


def test_when_content_is_missing_nothing_changes(bench: Bench) -> None:
    make_tree(bench.root / "data")
    before = bench.keep()

    def stream(oid: ObjectId) -> Iterator[Buffer]:
        yield bench.store.read(oid)[:1]
        raise Missing(f"file {oid} is not in the store")

    place = bench.place._replace(reader=Source(bench.store.node, stream))
    for present in (bench.present(), None):
        if present is None:
            shutil.rmtree(bench.root / "data")
        wanted = bench.wanted(Entry("a.txt", FILE, bench.file(b"new")))
        with pytest.raises(Missing):
            materialise(place, "data", wanted, present)
        assert present is None or bench.look().content == before.content
        assert bench.is_tidy()
    assert not (bench.root / "data").exists()


def test_a_disk_that_cannot_take_it_is_told_first(bench: Bench) -> None:
    wanted = bench.wanted(Entry("a", FILE, bench.file(b"x")))
    huge = Checkpoint(wanted.content, DIR, 2**53, 1, None, ORIGIN)
    with pytest.raises(StorageError, match="no space"):
        bench.write(huge)
    assert not (bench.root / "data").exists()


def test_a_disk_that_fills_up_leaves_the_old_or_the_new(bench: Bench) -> None:
    make_tree(bench.root / "data")
    before = bench.keep()
    wanted = bench.wanted(*(Entry(name, FILE, bench.file(name.encode())) for name in ("a.txt", "b.txt")))
    count = 0

    def stream(oid: ObjectId) -> Iterator[Buffer]:
        nonlocal count
        count += 1
        if count > 1:
            raise OSError(errno.ENOSPC, "no space")
        yield from bench.store.stream(oid)

    place = bench.place._replace(reader=Source(bench.store.node, stream))
    with pytest.raises(StorageError, match="data"):
        materialise(place, "data", wanted, bench.present())
    assert (bench.root / "data" / "a.txt").read_bytes() == b"a.txt"
    assert (bench.root / "data" / "sub" / "zero").exists()
    assert bench.is_tidy()
    bench.write(before)
    bench.write(wanted)
    assert bench.look().content == wanted.content


def test_a_scratch_folder_elsewhere(bench: Bench) -> None:
    """Where the store is on another disk, what is new is written beside the dataset."""
    other = Path("/dev/shm")
    if not other.is_dir() or other.stat().st_dev == bench.root.stat().st_dev:
        pytest.skip("there is no second file system")
    make_tree(bench.root / "data")
    wanted = bench.keep()
    remove(bench.place, "data")
    with tempfile.TemporaryDirectory(dir=other) as scratch:
        place = bench.place._replace(scratch=Path(scratch))
        materialise(place, "data", wanted, None)
        (bench.root / "data" / "a.txt").write_bytes(b"new")
        materialise(place, "data", wanted, bench.present())
    assert bench.look().content == wanted.content
    assert sorted(path.name for path in bench.root.iterdir()) == [".dsv", "data"]


_KILLED = """
import sys
from collections.abc import Iterator
from pathlib import Path
from tests.unit.worktree.test_materialise import Bench, numbered
from dsv.worktree.materialise import materialise
from tests.robustness.saboteur import Saboteur
bench = Bench(Path(sys.argv[1]))
wanted = numbered(bench, int(sys.argv[2]))
present = bench.present()
Saboteur(int(sys.argv[3])).install()
materialise(bench.place, "data", wanted, present)
"""


def numbered(bench: Bench, which: int) -> Checkpoint:
    """A folder whose files all differ between versions."""
    entries = [Entry(f"{number:04}", FILE, bench.file(b"%d %d" % (which, number))) for number in range(600)]
    below = build(entries, bench.store.put_node)
    return bench.wanted(
        Entry("sub", DIR, below), *(entry._replace(name=f"t{entry.name}") for entry in entries)
    )


def test_killed_at_any_moment_and_done_again(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    first, second = numbered(bench, 1), numbered(bench, 2)
    allowed = {f"{which} {number}".encode() for which in (1, 2) for number in range(600)}
    for turn in range(6):
        which = 1 + turn % 2
        words = [sys.executable, "-c", _KILLED, str(tmp_path), str(which), str(1 + 150 * turn)]
        assert subprocess.run(words, check=False).returncode == -signal.SIGKILL
        for path in (bench.root / "data").rglob("*"):
            assert path.is_dir() or path.read_bytes() in allowed
    sweep(bench.place)
    assert bench.is_tidy()
    for wanted in (first, second):
        bench.write(wanted)
        assert plain_id(bench.root / "data", MemoryStore().put_node) == wanted.content
    bench.cache.close()


_PATHS = st.lists(st.sampled_from("abc"), min_size=1, max_size=3).map("/".join)
_TREES = st.lists(
    st.tuples(st.sampled_from(["write", "write", "mkdir", "chmod", "link"]), _PATHS, st.binary(max_size=2)),
    max_size=8,
)


@settings(max_examples=60, deadline=None)
@given(st.lists(_TREES, min_size=2, max_size=4))
def test_any_tree_becomes_any_other(trees: list[list[Step]]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        bench = Bench(Path(folder))
        versions = []
        for steps in trees:
            shutil.rmtree(bench.root / "data", ignore_errors=True)
            (bench.root / "data").mkdir()
            for step, path, data in steps:
                act(step, bench.root / "data" / path, data)
            versions.append(bench.keep())
        for wanted in versions + versions[::-1]:
            bench.write(wanted)
            assert plain_id(bench.root / "data", MemoryStore().put_node) == wanted.content
            assert bench.look().content == wanted.content
            assert bench.is_tidy()
        bench.cache.close()
