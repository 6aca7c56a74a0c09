import os
import shutil
import socket
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dsv.errors import Changing, Refused, UserError
from dsv.hashing import file_id
from dsv.ids import ObjectId
from dsv.model.node import DIR, EXEC, FILE, LINK, Node, decode, is_boundary
from dsv.model.tree import MAX_DEPTH, compare
from dsv.worktree.ignore import Ignore
from dsv.worktree.observe import observe
from dsv.worktree.sink import HashSink
from dsv.worktree.stat_cache import StatCache
from dsv.worktree.stat_pages import FRESH_NS, LASTING
from tests.unit.worktree.worktree_fixtures import MemoryStore, Step, entries_at, plain_id, settle


@pytest.fixture
def cache(tmp_path: Path) -> Iterator[StatCache]:
    with StatCache(tmp_path / "stat") as opened:
        yield opened


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = tmp_path / "work"
    folder.mkdir()
    return folder


def make_tree(folder: Path) -> None:
    (folder / "sub" / "empty").mkdir(parents=True)
    (folder / "a.txt").write_bytes(b"alpha")
    (folder / "run.sh").write_bytes(b"#!/bin/sh\n")
    (folder / "run.sh").chmod(0o755)
    (folder / "sub" / "zero").write_bytes(b"")
    (folder / "sub" / "new\nline").write_bytes(b"newline")
    (folder / "sub" / "\U0001f40d").write_bytes(b"snake")
    (folder / "sub" / ("n" * 255)).write_bytes(b"long")
    (folder / "link").symlink_to("sub/zero")
    (folder / "dangling").symlink_to("nowhere")
    (folder / "dirlink").symlink_to("sub")


def test_a_tree_has_the_id_that_the_model_gives_it(root: Path, cache: StatCache) -> None:
    make_tree(root / "data")
    store = MemoryStore()
    seen = observe(root, "data", cache, store)
    assert seen.content == plain_id(root / "data", store.put_node)
    assert (seen.kind, seen.files, seen.hashed) == (DIR, 6, 6)
    assert seen.size == 5 + 10 + 0 + 7 + 5 + 4


def test_links_are_kept_and_not_followed(root: Path, cache: StatCache) -> None:
    make_tree(root / "data")
    store = MemoryStore()
    seen = observe(root, "data", cache, store)
    entries = {entry.name: entry for entry in entries_at(store, seen.content)}
    assert entries["link"].target == "sub/zero"
    assert entries["dirlink"].kind == entries["dangling"].kind == LINK
    assert entries["run.sh"].kind == EXEC


@pytest.mark.parametrize(("mode", "kind"), [(0o644, FILE), (0o755, EXEC), (0o610, EXEC)])
def test_a_dataset_of_one_file(root: Path, cache: StatCache, mode: int, kind: str) -> None:
    path = root / "one.csv"
    path.write_bytes(b"a,b\n")
    path.chmod(mode)
    seen = observe(root, "one.csv", cache, HashSink(cache))
    assert seen == (file_id(b"a,b\n"), kind, 4, 1, 1)
    settle()
    observe(root, "one.csv", cache, HashSink(cache))
    assert observe(root, "one.csv", cache, HashSink(cache)) == (file_id(b"a,b\n"), kind, 4, 1, 0)


def test_a_file_in_a_folder_of_the_workspace(root: Path, cache: StatCache) -> None:
    (root / "a" / "b").mkdir(parents=True)
    (root / "a" / "b" / "c").write_bytes(b"c")
    assert observe(root, "a/b/c", cache, HashSink()).content == file_id(b"c")


def test_nothing_is_read_twice(root: Path, cache: StatCache) -> None:
    make_tree(root / "data")
    settle()
    store = MemoryStore()
    first = observe(root, "data", cache, store)
    store.read_paths.clear()
    store.put_nodes = 0
    again = observe(root, "data", cache, store)
    assert again == first._replace(hashed=0)
    assert (store.read_paths, store.put_nodes) == ([], 0)
    cache.commit()


def test_only_what_changed_is_read(root: Path, cache: StatCache) -> None:
    make_tree(root / "data")
    settle()
    store = MemoryStore()
    observe(root, "data", cache, store)
    (root / "data" / "a.txt").write_bytes(b"beta")
    (root / "data" / "sub" / "new").write_bytes(b"new")
    store.read_paths.clear()
    seen = observe(root, "data", cache, store)
    assert sorted(Path(path).name for path in store.read_paths) == ["a.txt", "new"]
    assert seen.content == plain_id(root / "data", store.put_node)


def test_rehash_reads_everything(root: Path, cache: StatCache) -> None:
    make_tree(root / "data")
    settle()
    observe(root, "data", cache, HashSink())
    assert observe(root, "data", cache, HashSink(), rehash=True).hashed == 6


def test_edits_of_the_same_size_in_the_same_tick_are_seen(root: Path, cache: StatCache) -> None:
    (root / "data").mkdir()
    path = root / "data" / "f"
    for number in range(200):
        data = b"%04d" % number
        with path.open("r+b" if number else "wb") as file:
            file.write(data)
        seen = observe(root, "data", cache, HashSink())
        store = MemoryStore()
        assert seen.content == plain_id(root / "data", store.put_node)


def test_an_edit_that_keeps_the_mtime_is_seen(root: Path, cache: StatCache) -> None:
    (root / "data").mkdir()
    path = root / "data" / "f"
    path.write_bytes(b"one")
    settle()
    found = path.stat()
    before = observe(root, "data", cache, HashSink())
    path.write_bytes(b"two")
    os.utime(path, ns=(found.st_atime_ns, found.st_mtime_ns))
    assert observe(root, "data", cache, HashSink()).content != before.content


@pytest.mark.parametrize("mtime", [-(10**18), 0, 4 * 10**18])
def test_odd_times_are_safe(root: Path, cache: StatCache, mtime: int) -> None:
    (root / "data").mkdir()
    path = root / "data" / "f"
    path.write_bytes(b"one")
    os.utime(path, ns=(mtime, mtime))
    settle()
    first = observe(root, "data", cache, HashSink())
    assert observe(root, "data", cache, HashSink()).content == first.content
    path.write_bytes(b"two")
    os.utime(path, ns=(mtime, mtime))
    assert observe(root, "data", cache, HashSink()).content != first.content


def test_a_storing_sink_gets_what_is_not_known_to_be_stored(root: Path, cache: StatCache) -> None:
    make_tree(root / "data")
    settle()
    observe(root, "data", cache, HashSink())
    store = MemoryStore()
    seen = observe(root, "data", cache, store)
    assert seen.hashed == 6
    assert plain_id(root / "data", lambda data: MemoryStore().put_node(data)) == seen.content
    assert set(store.nodes) >= {seen.content}


def test_a_status_between_two_adds_does_not_make_the_second_read_all(root: Path, cache: StatCache) -> None:
    make_tree(root / "data")
    settle()
    store = MemoryStore()
    observe(root, "data", cache, store)
    (root / "data" / "a.txt").write_bytes(b"beta")
    settle()
    observe(root, "data", cache, HashSink())
    store.read_paths.clear()
    seen = observe(root, "data", cache, store)
    assert [Path(path).name for path in store.read_paths] == ["a.txt"]
    assert seen.content in store.nodes


def test_after_gc_everything_is_put_again(root: Path, cache: StatCache) -> None:
    make_tree(root / "data")
    settle()
    observe(root, "data", cache, MemoryStore(epoch=3))
    store = MemoryStore(epoch=4)
    seen = observe(root, "data", cache, store)
    assert seen.hashed == 6
    assert seen.content in store.nodes
    assert observe(root, "data", cache, store).hashed == 0


def test_a_status_can_compare_file_by_file_what_an_earlier_status_hashed(
    root: Path, cache: StatCache
) -> None:
    make_tree(root / "data")
    settle()
    store = MemoryStore()
    before = observe(root, "data", cache, store)
    (root / "data" / "sub" / "zero").write_bytes(b"more")
    settle()
    for _ in range(3):
        sink = HashSink(cache)
        after = observe(root, "data", cache, sink)

    def get(oid: ObjectId) -> Node:
        data = sink.node(oid)
        return store.node(oid) if data is None else decode(data, oid)

    ((was, now),) = compare(before.content, after.content, get)
    assert was
    assert now
    assert was.name == now.name == "sub"
    ((old, new),) = compare(ObjectId(was.target), ObjectId(now.target), get)
    assert old
    assert new
    assert (old.target, new.target) == (file_id(b""), file_id(b"more"))


def test_a_page_is_rewritten_alone(root: Path, cache: StatCache) -> None:
    folder = root / "data"
    folder.mkdir()
    for number in range(10_000):
        (folder / f"{number:05}").write_bytes(b"%d" % number)
    settle()
    store = MemoryStore()
    observe(root, "data", cache, store)
    heads = dict(cache.rows("data", ""))
    assert len(heads) > 1
    assert all(is_boundary(last) for last in sorted(heads)[:-1])
    (folder / "00000").write_bytes(b"x")
    store.put_nodes = 0
    store.read_paths.clear()
    seen = observe(root, "data", cache, store)
    assert seen.content == plain_id(folder, MemoryStore().put_node)
    assert store.put_nodes == 2  # the page, and the list of pages
    changed = {last for last, head in cache.rows("data", "") if heads.get(last) != head}
    assert changed == {min(heads)}


def test_pages_come_and_go_with_their_last_names(root: Path, cache: StatCache) -> None:
    folder = root / "data"
    folder.mkdir()
    for number in range(4090):
        (folder / f"{number:05}").touch()
    store = MemoryStore()

    def check() -> None:
        assert observe(root, "data", cache, store).content == plain_id(folder, MemoryStore().put_node)

    check()
    for number in range(4090, 9000):
        (folder / f"{number:05}").touch()
    check()
    lasts = [last for last, _ in cache.rows("data", "")]
    (folder / lasts[0]).unlink()
    check()
    (folder / lasts[0]).touch()
    (folder / "99999").touch()
    check()
    for number in range(3000, 9000):
        (folder / f"{number:05}").unlink()
    check()
    assert len(cache.rows("data", "")) == 1


def test_names_that_are_not_utf8_are_refused(root: Path, cache: StatCache) -> None:
    (root / "data").mkdir()
    (root / "data" / os.fsdecode(b"\xff\xfe")).touch()
    with pytest.raises(Refused, match="UTF-8"):
        observe(root, "data", cache, HashSink())


def test_links_to_what_is_not_utf8_are_refused(root: Path, cache: StatCache) -> None:
    (root / "data").mkdir()
    (root / "data" / "link").symlink_to(os.fsdecode(b"\xff"))
    with pytest.raises(Refused, match="UTF-8"):
        observe(root, "data", cache, HashSink())


def test_special_files_are_refused_by_name(root: Path, cache: StatCache) -> None:
    (root / "data").mkdir()
    os.mkfifo(root / "data" / "pipe")
    with pytest.raises(Refused, match="data/pipe is a named pipe"):
        observe(root, "data", cache, HashSink())
    with pytest.raises(Refused, match="data/pipe is a named pipe"):
        observe(root, "data/pipe", cache, HashSink())
    (root / "data" / "pipe").unlink()
    with tempfile.TemporaryDirectory() as short, socket.socket(socket.AF_UNIX) as sock:
        sock.bind(f"{short}/s")
        Path(short, "s").rename(root / "data" / "sock")
        with pytest.raises(Refused, match="is a socket"):
            observe(root, "data", cache, HashSink())


def test_a_dataset_that_is_a_link_is_refused(root: Path, cache: StatCache) -> None:
    (root / "real").mkdir()
    (root / "data").symlink_to("real")
    with pytest.raises(Refused, match="is a link"):
        observe(root, "data", cache, HashSink())


def test_a_dataset_that_is_not_there(root: Path, cache: StatCache) -> None:
    with pytest.raises(UserError, match="data vanished"):
        observe(root, "data", cache, HashSink())


def test_folders_without_end_are_refused(root: Path, cache: StatCache) -> None:
    deep = "/".join(["d"] * (MAX_DEPTH + 2))
    (root / "data" / deep).mkdir(parents=True)
    with pytest.raises(Refused, match="folders deep"):
        observe(root, "data", cache, HashSink())


def test_store_and_git_are_no_data(root: Path, cache: StatCache) -> None:
    for name in (".git", ".dsv", ".hidden"):
        (root / "data" / name).mkdir(parents=True)
        (root / "data" / name / "file").touch()
    store = MemoryStore()
    seen = observe(root, "data", cache, store)
    assert [entry.name for entry in entries_at(store, seen.content)] == [".hidden"]
    (root / "data" / ".GIT").mkdir()
    with pytest.raises(Refused, match=r"\.GIT"):
        observe(root, "data", cache, store)


def test_ignored_files_are_left_out(root: Path, cache: StatCache) -> None:
    make_tree(root / "data")
    (root / "data" / "x.tmp").touch()
    (root / "data" / "cache" / "deep").mkdir(parents=True)
    rules = Ignore(["*.tmp", "/data/cache/"])
    with_rules = observe(root, "data", cache, HashSink(), ignore=rules)
    (root / "data" / "x.tmp").unlink()
    shutil.rmtree(root / "data" / "cache")
    assert observe(root, "data", cache, HashSink()).content == with_rules.content


class Meddler(HashSink):
    """Changes each file while it is read, so many times."""

    def __init__(self, times: int) -> None:
        super().__init__()
        self.times = times

    def put_file(self, path: str, fd: int, stat: os.stat_result) -> ObjectId:
        oid = super().put_file(path, fd, stat)
        if self.times:
            self.times -= 1
            with Path(path).open("ab") as file:
                file.write(b"more")
        return oid


def test_a_file_that_changes_once_is_read_again(root: Path, cache: StatCache) -> None:
    (root / "f").write_bytes(b"one")
    assert observe(root, "f", cache, Meddler(1)).content == file_id(b"onemore")


def test_a_file_that_keeps_changing_is_refused(root: Path, cache: StatCache) -> None:
    (root / "f").write_bytes(b"one")
    with pytest.raises(Changing, match="f changed"):
        observe(root, "f", cache, Meddler(2))


def test_a_file_under_a_busy_writer_is_refused_or_whole(root: Path, cache: StatCache) -> None:
    path = root / "f"
    path.write_bytes(b"x" * 5_000_000)
    stop = threading.Event()

    def write() -> None:
        number = 0
        while not stop.is_set():
            number += 1
            with path.open("r+b") as file:
                file.write(b"%d" % number * 1000)

    writer = threading.Thread(target=write)
    writer.start()
    try:
        for _ in range(5):
            try:
                observe(root, "f", cache, HashSink())
            except Changing:
                break
    finally:
        stop.set()
        writer.join()
    assert observe(root, "f", cache, HashSink()).content == file_id(path.read_bytes())


def test_a_store_that_cannot_be_written_is_used_without_the_cache(root: Path) -> None:
    make_tree(root / "data")
    with StatCache(None) as cache:
        first = observe(root, "data", cache, HashSink(cache))
        assert observe(root, "data", cache, HashSink(cache)) == first


_NAMES = st.sampled_from(["a", "b", "c", "d", "\xe9"])
_PATHS = st.lists(_NAMES, min_size=1, max_size=3).map("/".join)
_STEPS = st.lists(
    st.tuples(
        st.sampled_from(["write", "mkdir", "remove", "chmod", "link", "look"]), _PATHS, st.binary(max_size=3)
    ),
    max_size=25,
)


def act(step: object, path: Path, data: bytes) -> None:
    try:
        if step == "write":
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)
        elif step == "mkdir":
            path.mkdir(parents=True)
        elif step == "chmod":
            path.chmod(0o755)
        elif step == "link":
            path.symlink_to("a" + data.hex())
        elif path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink()
    except OSError:
        pass


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=_STEPS, storing=st.lists(st.booleans(), min_size=25, max_size=25))
def test_any_edits_look_the_same_as_from_scratch(steps: list[Step], storing: list[bool]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        (root / "data").mkdir()
        store = MemoryStore()
        with StatCache(root / "stat") as cache:
            for (step, path, data), stores in zip(
                [*steps, ("look", "a", b"")], [*storing, True], strict=False
            ):
                if step != "look":
                    act(step, root / "data" / path, data)
                    continue
                seen = observe(root, "data", cache, store if stores else HashSink(cache))
                assert seen.content == plain_id(root / "data", MemoryStore().put_node)
                assert not stores or seen.content in store.nodes


def _age(cache: StatCache, number: int) -> None:
    """Have the cache say that it saw everything in another run of the machine."""
    for row in cache.rows("data", ""):
        body = cache.body("data", "", row.last)
        assert body is not None
        cache.put("data", "", row.last, row.head._replace(boot=number), body)


def test_what_was_young_before_a_restart_is_read_again_once(root: Path, cache: StatCache) -> None:
    (root / "data").mkdir()
    for name in ("one", "two"):
        (root / "data" / name).write_text(name)
    settle()
    first = observe(root, "data", cache, HashSink())
    assert observe(root, "data", cache, HashSink()).hashed == 0
    _age(cache, 1)
    assert observe(root, "data", cache, HashSink()) == first
    assert observe(root, "data", cache, HashSink()).hashed == 0
    _age(cache, LASTING)
    assert observe(root, "data", cache, HashSink()).hashed == 0


def test_what_was_old_before_a_restart_is_believed(root: Path, cache: StatCache) -> None:
    (root / "data").mkdir()
    (root / "data/one").write_text("one")
    settle()
    observe(root, "data", cache, HashSink())
    [row] = cache.rows("data", "")
    body = cache.body("data", "", row.last)
    assert body is not None
    later = row.head._replace(boot=1, seen=row.head.seen + FRESH_NS)
    cache.put("data", "", row.last, later, body)
    assert observe(root, "data", cache, HashSink()).hashed == 0
