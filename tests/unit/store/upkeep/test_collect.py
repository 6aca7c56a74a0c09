import random
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import pytest

from dsv.errors import Corrupt, Missing
from dsv.hashing import Kind, file_id, object_id
from dsv.store.blobs.memory import MemoryBlobs
from dsv.store.packs import index_merge
from dsv.store.packs import pack as packs
from dsv.store.refs import Refs
from dsv.store.upkeep.check import check
from dsv.store.upkeep.collect import Collected, Marks, collect
from dsv.store.upkeep.delete import sweep
from dsv.store.writer import Writer
from tests.unit.store.store_fixtures import Shelf, flip, local_shelf

DAY = 86_400


def segments(seed: int, count: int = 20) -> list[bytes]:
    source = random.Random(seed)
    return [source.randbytes(2000) for _ in range(count)]


@pytest.fixture
def shelf() -> Shelf:
    return Shelf(MemoryBlobs())


def gc(
    shelf: Shelf, reachable: Iterable[bytes], now: int = 1_000_000_000, dry_run: bool = False
) -> Collected | None:
    marks = Marks(shelf.objects(), shelf.refs)
    marks.mark(file_id(data) for data in reachable)
    done = collect(marks, now, dry_run=dry_run)
    if done is not None and not dry_run:
        shelf.refs = done.apply(shelf.refs)
    return done


def held(shelf: Shelf, data: list[bytes]) -> list[bytes]:
    objects = shelf.objects()
    found = [segment for segment in data if objects.has(file_id(segment))]
    assert all(objects.get(file_id(segment)) == segment for segment in found)
    return found


def test_nothing_to_collect(shelf: Shelf) -> None:
    kept = segments(1)
    shelf.add(*kept)
    assert gc(shelf, kept) is None


def test_a_dead_pack_is_condemned_then_deleted(shelf: Shelf) -> None:
    kept, dead = segments(1), segments(2)
    shelf.add(*kept)
    (pack,) = shelf.add(*dead).packs
    done = gc(shelf, kept, now=1000)
    assert done is not None
    assert done.dead == (pack.id,)
    assert done.freed == pack.size
    assert shelf.refs.condemned == {pack.id: 1000}
    assert shelf.refs.epoch == 1
    assert held(shelf, kept + dead) == kept
    assert shelf.blobs.read(packs.name(pack.id))  # readers with old refs still find it
    assert sweep(shelf.blobs, shelf.refs, now=1000 + DAY - 1, grace=DAY).packs == ()
    swept = sweep(shelf.blobs, shelf.refs, now=1000 + DAY, grace=DAY)
    assert swept.packs == (packs.name(pack.id),)
    assert swept.condemned == {}
    with pytest.raises(FileNotFoundError):
        shelf.blobs.read(packs.name(pack.id))


def test_a_sparse_pack_is_written_anew(shelf: Shelf) -> None:
    both = segments(3, 40)
    (pack,) = shelf.add(*both).packs
    done = gc(shelf, both[:5])
    assert done is not None
    assert done.sparse == (pack.id,)
    assert done.copied == 5 * 2000
    assert held(shelf, both) == both[:5]
    shelf.blobs.delete(packs.name(pack.id))
    assert held(shelf, both) == both[:5]
    assert [finding for finding in check(shelf.blobs, shelf.refs) if finding.damage != "garbage"] == []


def test_a_pack_that_is_mostly_alive_stays_as_it_is(shelf: Shelf) -> None:
    both = segments(3, 40)
    shelf.add(*both)
    assert gc(shelf, both[:30]) is None
    assert held(shelf, both) == both


def test_a_dry_run_writes_nothing(shelf: Shelf) -> None:
    shelf.add(*segments(4))
    before = sorted(blob.name for place in ("packs/", "index/") for blob in shelf.blobs.list(place))
    done = gc(shelf, segments(4)[:2], dry_run=True)
    assert done is not None
    assert done.freed > 30_000
    after = sorted(blob.name for place in ("packs/", "index/") for blob in shelf.blobs.list(place))
    assert after == before


def test_all_copies_are_marked_once(shelf: Shelf) -> None:
    data = segments(5, 3)
    first = shelf.add(*data)
    shelf.refs = Refs()
    second = shelf.add(*data)
    shelf.refs = Refs(indexes=(*first.indexes, *second.indexes))
    marks = Marks(shelf.objects(), shelf.refs)
    ids = [file_id(segment) for segment in data]
    absent = file_id(b"absent")
    assert marks.mark([ids[0], absent, ids[1], ids[0]]) == [ids[0], ids[1]]
    assert marks.mark(ids) == [ids[2]]
    assert marks.count == 6


def test_meta_and_data_are_apart(shelf: Shelf) -> None:
    node = b'{"v":1,"dead":true}'
    with Writer(shelf.objects()) as writer:
        writer.add(Kind.NODE, object_id(Kind.NODE, node), node)
        shelf.publish(writer.seal())
    kept = segments(6)
    shelf.add(*kept)
    assert gc(shelf, kept) is not None
    assert held(shelf, kept) == kept
    assert [ref.data for ref in shelf.refs.indexes] == [True]


def test_what_is_damaged_is_never_deleted(tmp_path: Path) -> None:
    shelf = local_shelf(tmp_path / "store")
    both = segments(7, 40)
    (pack,) = shelf.add(*both).packs
    flip(tmp_path / "store" / packs.name(pack.id), shelf.place(both[0]).offset)
    done = gc(shelf, both[:5])
    assert done is not None
    assert done.sparse == ()
    assert shelf.refs.condemned == {}
    assert shelf.objects().get(file_id(both[1])) == both[1]
    with pytest.raises(Corrupt):
        shelf.objects().get(file_id(both[0]))


def test_gc_stops_at_a_damaged_index(shelf: Shelf) -> None:
    (index,) = shelf.add(*segments(8)).indexes
    shelf.blobs.delete(index_merge.name(index.id))
    with pytest.raises(Corrupt, match=index.id):
        Marks(shelf.objects(), shelf.refs)
    with pytest.raises(Corrupt, match=index.id):
        sweep(shelf.blobs, shelf.refs, now=10**10, grace=0)


def test_sweep_takes_what_nobody_names_after_the_grace(shelf: Shelf) -> None:
    kept = segments(9)
    shelf.add(*kept)
    with Writer(shelf.objects()) as writer:
        for data in segments(10):
            writer.add(Kind.SEGMENT, file_id(data), data)
        sealed = writer.seal()  # and never published
    now = next(shelf.blobs.list("packs/")).modified
    early = sweep(shelf.blobs, shelf.refs, now=now + DAY / 2, grace=DAY)
    assert (early.packs, early.others) == ((), ())
    dry = sweep(shelf.blobs, shelf.refs, now=now + 2 * DAY, grace=DAY, dry_run=True)
    late = sweep(shelf.blobs, shelf.refs, now=now + 2 * DAY, grace=DAY)
    assert dry == late
    assert late.packs == (packs.name(sealed.packs[0].id),)
    assert late.others == (index_merge.name(sealed.indexes[0].id),)
    assert held(shelf, kept) == kept


def test_a_pack_that_was_taken_back_is_not_swept(shelf: Shelf) -> None:
    data = segments(11)
    (pack,) = shelf.add(*data).packs
    shelf.refs = replace(shelf.refs, condemned={pack.id: 5})
    swept = sweep(shelf.blobs, shelf.refs, now=10**10, grace=0)
    assert swept.packs == ()
    assert swept.condemned == {}
    assert held(shelf, data) == data


def test_a_writer_names_the_packs_that_it_relies_on(shelf: Shelf) -> None:
    data = segments(12)
    (pack,) = shelf.add(*data).packs
    with Writer(shelf.objects()) as writer:
        assert not writer.add(Kind.SEGMENT, file_id(data[0]), data[0])
        assert writer.relied == {pack.id}


def test_indexes_are_merged_as_they_grow_in_number(shelf: Shelf) -> None:
    data = segments(13, 60)
    for segment in data:
        shelf.add(segment)
    assert len(shelf.refs.indexes) <= 5
    assert sum(ref.rows for ref in shelf.refs.indexes) == 60
    assert held(shelf, data) == data


def test_a_damaged_index_is_left_out_of_merges(shelf: Shelf) -> None:
    data = segments(14, 8)
    for segment in data[:4]:
        shelf.add(segment)
    broken = shelf.refs.indexes[0]
    shelf.blobs.delete(index_merge.name(broken.id))
    for segment in data[4:]:
        shelf.add(segment)
    assert broken in shelf.refs.indexes
    assert held(shelf, data) == data


def test_what_was_marked_nowhere_is_missing_after_gc(shelf: Shelf) -> None:
    data = segments(15)
    shelf.add(*data)
    gc(shelf, [])
    assert shelf.refs.indexes == ()
    with pytest.raises(Missing):
        shelf.objects().get(file_id(data[0]))
