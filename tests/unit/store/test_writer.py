import os
import random
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from dsv.errors import DsvError, Refused, StorageError
from dsv.hashing import Kind, file_id
from dsv.ids import ObjectId
from dsv.store.blobs.local import LocalBlobs
from dsv.store.blobs.memory import MemoryBlobs
from dsv.store.packs.pack import OBJECT_LIMIT, PackWriter
from dsv.store.refs import Refs
from dsv.store.upkeep.check import check
from dsv.store.writer import Writer
from tests.unit.store.store_fixtures import Shelf, local_shelf


def left_behind(folder: Path) -> list[str]:
    return [path.name for path in folder.glob("tmp/*")]


def test_nothing_to_seal() -> None:
    with Writer(Shelf(MemoryBlobs()).objects()) as writer:
        assert writer.seal() == ((), ())


def test_a_writer_may_be_sealed_again() -> None:
    shelf = Shelf(MemoryBlobs())
    with Writer(shelf.objects()) as writer:
        for data in (b"one", b"two"):
            writer.add(Kind.SEGMENT, file_id(data), data)
            sealed = writer.seal()
            assert sealed.indexes[0].rows == 1
            shelf.publish(sealed)
    assert shelf.objects().get(file_id(b"one")) + shelf.objects().get(file_id(b"two")) == b"onetwo"


def test_packs_and_runs_of_every_size() -> None:
    shelf = Shelf(MemoryBlobs())
    data = [b"%d" % n for n in range(1000)]
    with Writer(shelf.objects(), pack_rows=50, run_rows=120) as writer:
        for _ in range(2):
            new = [writer.add(Kind.SEGMENT, file_id(piece), piece) for piece in data]
            assert len(writer._added) < 300
        assert not any(new)
        sealed = shelf.publish(writer.seal())
    assert len(sealed.packs) == 20
    assert sum(index.rows for index in sealed.indexes) == 1000
    objects = shelf.objects()
    assert all(objects.get(file_id(piece)) == piece for piece in data)
    assert list(check(shelf.blobs, shelf.refs)) == []


def test_many_threads() -> None:
    shelf = Shelf(MemoryBlobs())
    data = [b"%d" % (n % 700) for n in range(2000)]
    with Writer(shelf.objects(), pack_rows=50, run_rows=120) as writer, ThreadPoolExecutor(6) as pool:
        new = list(pool.map(lambda piece: writer.add(Kind.SEGMENT, file_id(piece), piece), data))
        sealed = shelf.publish(writer.seal())
    assert sum(new) == 700
    assert sum(index.rows for index in sealed.indexes) == 700
    assert list(check(shelf.blobs, shelf.refs)) == []


def test_packs_stay_under_their_limit() -> None:
    shelf = Shelf(MemoryBlobs())
    source = random.Random(1)
    with Writer(shelf.objects()) as writer:
        for _ in range(18):
            data = source.randbytes(7 << 20)
            writer.add(Kind.BLOCKS, file_id(data), data)
        sealed = writer.seal()
    assert len(sealed.packs) == 2
    assert all(pack.size <= 64 << 20 for pack in sealed.packs)


def test_what_no_pack_can_hold_is_refused() -> None:
    shelf = Shelf(MemoryBlobs())
    data = os.urandom(OBJECT_LIMIT + 1)
    with Writer(shelf.objects()) as writer, pytest.raises(Refused, match="more than a pack can hold"):
        writer.add(Kind.SEGMENT, file_id(data), data)


def test_a_writer_that_is_left_leaves_nothing(tmp_path: Path) -> None:
    shelf = local_shelf(tmp_path)
    with Writer(shelf.objects()) as writer:
        writer.add(Kind.SEGMENT, file_id(b"x"), b"x")
        assert left_behind(tmp_path)
    assert left_behind(tmp_path) == []
    assert list(shelf.blobs.list("packs/")) == []


FULL = """
import os, resource, signal, sys
from pathlib import Path
from dsv.errors import StorageError
from dsv.hashing import Kind, file_id
from dsv.store.blobs.local import LocalBlobs
from dsv.store.objects import Objects
from dsv.store.refs import Refs
from dsv.store.writer import Writer
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
limit = int(sys.argv[2])
resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
blobs = LocalBlobs(Path(sys.argv[1]))
try:
    with Writer(Objects(blobs, Refs)) as writer:
        for _ in range(40):
            data = os.urandom(100_000)
            writer.add(Kind.SEGMENT, file_id(data), data)
        writer.seal()
except StorageError as error:
    print(error)
    sys.exit(5)
"""


@pytest.mark.parametrize("limit", [0, 1000, 1 << 20, 3 << 20])
def test_a_full_disk_is_said_and_leaves_nothing(tmp_path: Path, limit: int) -> None:
    done = subprocess.run(
        [sys.executable, "-c", FULL, str(tmp_path), str(limit)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 5, done.stderr
    assert done.stdout.startswith(f"cannot write {tmp_path}")
    assert left_behind(tmp_path) == []
    assert list(LocalBlobs(tmp_path).list("packs/")) == []


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_store_that_may_not_be_written(tmp_path: Path) -> None:
    shelf = local_shelf(tmp_path)
    tmp_path.chmod(0o555)
    try:
        with pytest.raises(StorageError, match="permission denied"):
            shelf.add(b"x")
        with pytest.raises(StorageError, match="permission denied"):
            shelf.blobs.swap(None, b"refs")
    finally:
        tmp_path.chmod(0o755)


WRITE_ON = """
import os, sys
from dataclasses import replace
from pathlib import Path
from dsv.hashing import Kind, file_id
from dsv.store.packs import index_merge
from dsv.store.blobs.local import LocalBlobs
from dsv.store.objects import Objects
from dsv.store.refs import Refs
from dsv.store.writer import Writer
from tests.robustness.saboteur import Saboteur
blobs = LocalBlobs(Path(sys.argv[1]))
load = lambda: Refs.decode(data) if (data := blobs.load()) else Refs()
number = 0
Saboteur(int(sys.argv[2])).install()
while True:
    before = blobs.load()
    refs = load()
    objects = Objects(blobs, load)
    with Writer(objects, pack_rows=20) as session:
        for _ in range(50):
            data = b"%d " % number * 50
            session.add(Kind.SEGMENT, file_id(data), data)
            number += 1
        indexes = index_merge.compact(blobs, (*refs.indexes, *session.seal().indexes))
    blobs.swap(before, replace(refs, indexes=indexes).encode())
    print(number, flush=True)
"""


@pytest.mark.parametrize("moment", [1, 3, 8, 20, 50, 100, 200, 400])
def test_kill_at_any_moment(tmp_path: Path, moment: int) -> None:
    """Killed when it would change the disk for so many times, in the middle of that if it writes."""
    words = [sys.executable, "-c", WRITE_ON, str(tmp_path), str(moment)]
    done = subprocess.run(words, stdout=subprocess.PIPE, text=True, check=False)
    assert done.returncode == -signal.SIGKILL
    said = done.stdout.split()
    shelf = local_shelf(tmp_path)
    data = shelf.blobs.load()
    shelf.refs = Refs.decode(data) if data else Refs()
    objects = shelf.objects()
    for number in range(int(said[-1]) if said else 0):
        content = b"%d " % number * 50
        assert objects.get(file_id(content)) == content
    assert {finding.damage for finding in check(shelf.blobs, shelf.refs)} <= {"garbage"}
    shelf.add(b"and on it goes")
    assert shelf.objects().has(file_id(b"and on it goes"))


def test_a_pack_file_cannot_be_made(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match="cannot write"):
        PackWriter(tmp_path / "not-there", data=True)


def test_errors_of_the_background_come_to_the_front(tmp_path: Path) -> None:
    shelf = local_shelf(tmp_path)
    (tmp_path / "packs").write_bytes(b"a file where a folder should be")
    with Writer(shelf.objects()) as writer:
        writer.add(Kind.SEGMENT, ObjectId("33" * 32), b"x")
        with pytest.raises(DsvError, match="cannot write"):
            writer.seal()
    assert left_behind(tmp_path) == []
