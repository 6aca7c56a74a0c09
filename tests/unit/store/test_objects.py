import os
import shutil
from pathlib import Path

import pytest
import zstandard

from dsv.errors import Corrupt, Missing
from dsv.hashing import Kind, checksum, file_id, object_id
from dsv.ids import ObjectId
from dsv.store.blobs.memory import MemoryBlobs
from dsv.store.packs import index_merge
from dsv.store.packs import pack as packs
from dsv.store.packs.codec import decompress
from dsv.store.packs.pack import ZSTD
from dsv.store.writer import Writer
from tests.unit.store.store_fixtures import Shelf, blob_path, flip, local_shelf

SEGMENTS = [b"segment %d " % n * 20 for n in range(40)]
NODE = b'{"v":1,"entries":[' + b'"' + b"ab" * 200 + b'"]}'


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "store"


@pytest.fixture
def shelf(folder: Path) -> Shelf:
    return local_shelf(folder)


def readable(shelf: Shelf, segments: list[bytes] = SEGMENTS) -> list[bytes]:
    objects = shelf.objects()
    found = []
    for segment in segments:
        try:
            data = objects.get(file_id(segment), Kind.SEGMENT)
        except (Corrupt, Missing) as error:
            named = str(error)
        else:
            named = file_id(data)
            found.append(data)
        assert file_id(segment) in named
    return found


@pytest.mark.parametrize("make", [MemoryBlobs, None])
def test_what_was_added_is_there(make: type[MemoryBlobs] | None, folder: Path) -> None:
    shelf = Shelf(make()) if make else local_shelf(folder)
    with Writer(shelf.objects()) as writer:
        oid = object_id(Kind.NODE, NODE)
        assert writer.add(Kind.NODE, oid, NODE)
        assert not writer.add(Kind.NODE, oid, NODE)
        sealed = shelf.publish(writer.seal())
    shelf.add(*SEGMENTS)
    objects = shelf.objects()
    assert objects.get_record(Kind.NODE, oid) == NODE
    assert objects.kind(oid) is Kind.NODE
    assert not sealed.packs[0].data
    assert readable(shelf) == SEGMENTS
    place = objects.find(oid)
    assert place is not None
    assert place.stored < len(NODE)
    assert not objects.has(ObjectId("00" * 32))


def test_an_absent_object_is_missing_by_name(shelf: Shelf) -> None:
    shelf.add(*SEGMENTS)
    oid = ObjectId("12" * 32)
    with pytest.raises(Missing, match=f"segment {oid}"):
        shelf.objects().get(oid, Kind.SEGMENT)
    with pytest.raises(Missing, match=oid):
        shelf.objects().kind(oid)


def test_the_kind_must_be_as_asked(shelf: Shelf) -> None:
    shelf.add(*SEGMENTS)
    with pytest.raises(Missing, match="recipe"):
        shelf.objects().get(file_id(SEGMENTS[0]), Kind.RECIPE)


def test_a_record_that_is_not_what_its_id_says(shelf: Shelf) -> None:
    lie = object_id(Kind.COMMIT, b"true")
    with Writer(shelf.objects()) as writer:
        writer.add(Kind.COMMIT, lie, b"false")
        shelf.publish(writer.seal())
    with pytest.raises(Corrupt, match=f"commit {lie}"):
        shelf.objects().get_record(Kind.COMMIT, lie)


def test_a_reader_with_old_refs_finds_the_new_index(shelf: Shelf) -> None:
    shelf.add(b"one")
    objects = shelf.objects()
    assert objects.get(file_id(b"one")) == b"one"
    shelf.add(b"two")
    assert objects.get(file_id(b"two")) == b"two"


def test_every_byte_of_a_pack_matters_to_one_object_at_most(shelf: Shelf, folder: Path) -> None:
    sealed = shelf.add(*SEGMENTS)
    path = folder / packs.name(sealed.packs[0].id)
    for at in range(0, path.stat().st_size, 97):
        flip(path, at)
        assert len(readable(shelf)) >= len(SEGMENTS) - 1
        flip(path, at)
    assert readable(shelf) == SEGMENTS


def test_a_flip_names_object_and_pack(shelf: Shelf, folder: Path) -> None:
    sealed = shelf.add(*SEGMENTS)
    oid = file_id(SEGMENTS[7])
    pack = sealed.packs[0].id
    flip(folder / packs.name(pack), shelf.place(SEGMENTS[7]).offset)
    with pytest.raises(Corrupt, match=f"object {oid} in pack {pack}"):
        shelf.objects().get(oid)


@pytest.mark.parametrize("keep", [0, 10, 1000, 3000])
def test_a_truncated_pack_loses_only_what_was_cut(shelf: Shelf, folder: Path, keep: int) -> None:
    shelf.add(*SEGMENTS[:20])
    sealed = shelf.add(*SEGMENTS[20:])
    os.truncate(blob_path(folder, packs.name(sealed.packs[0].id)), keep)
    found = readable(shelf)
    assert found[:20] == SEGMENTS[:20]
    with pytest.raises(Corrupt):
        shelf.objects().get(file_id(SEGMENTS[-1]))


def test_a_missing_pack_is_named(shelf: Shelf, folder: Path) -> None:
    sealed = shelf.add(b"one")
    (folder / packs.name(sealed.packs[0].id)).unlink()
    with pytest.raises(Corrupt, match=f"pack {sealed.packs[0].id} is missing"):
        shelf.objects().get(file_id(b"one"))


def test_another_copy_is_used(shelf: Shelf, folder: Path) -> None:
    first = shelf.add(b"twice")
    kept = shelf.refs
    shelf.refs = type(kept)()
    second = shelf.add(b"twice")
    shelf.refs = type(kept)(indexes=(*first.indexes, *second.indexes))
    for damaged in (first, second):
        place = shelf.place(b"twice")
        path = folder / packs.name(damaged.packs[0].id)
        flip(path, place.offset)
        assert shelf.objects().get(file_id(b"twice")) == b"twice"
        flip(path, place.offset)


def test_every_byte_of_an_index_may_be_wrong(shelf: Shelf, folder: Path) -> None:
    sealed = shelf.add(*SEGMENTS)
    path = folder / index_merge.name(sealed.indexes[0].id)
    for at in range(0, path.stat().st_size, 61):
        flip(path, at)
        assert readable(shelf) == SEGMENTS
        flip(path, at)


@pytest.mark.parametrize("keep", [0, 10, 1000])
def test_a_truncated_index_is_not_needed(shelf: Shelf, folder: Path, keep: int) -> None:
    shelf.add(*SEGMENTS[:20])
    sealed = shelf.add(*SEGMENTS[20:])
    os.truncate(blob_path(folder, index_merge.name(sealed.indexes[0].id)), keep)
    assert readable(shelf) == SEGMENTS
    objects = shelf.objects()
    assert objects.has(file_id(SEGMENTS[-1]))
    assert sealed.indexes[0].id in str(objects.damage)


def test_a_missing_index_is_not_needed(shelf: Shelf, folder: Path) -> None:
    sealed = shelf.add(*SEGMENTS)
    (folder / index_merge.name(sealed.indexes[0].id)).unlink()
    assert readable(shelf) == SEGMENTS


def test_a_writer_does_not_count_on_what_no_index_lists(shelf: Shelf, folder: Path) -> None:
    sealed = shelf.add(b"one")
    shutil.rmtree(folder / "index")
    with Writer(shelf.objects()) as writer:
        assert writer.add(Kind.SEGMENT, file_id(b"one"), b"one")
        assert sealed.packs[0].id not in writer.relied
        shelf.publish(writer.seal())


@pytest.mark.parametrize("claim", [9 << 20, 1 << 31])
def test_a_segment_that_claims_too_much_is_refused(shelf: Shelf, claim: int) -> None:
    bomb = zstandard.ZstdCompressor().compress(bytes(claim if claim < 1 << 30 else 100))
    oid = ObjectId("77" * 32)
    with Writer(shelf.objects()) as writer:
        writer._put(bytes.fromhex(oid), Kind.SEGMENT, ZSTD, bomb, claim, checksum(bomb))
        shelf.publish(writer.seal())
    with pytest.raises(Corrupt, match=f"object {oid} .* claims"):
        shelf.objects().get(oid)


def test_a_frame_that_lies_about_its_size_is_refused() -> None:
    frame = zstandard.ZstdCompressor().compress(bytes(1 << 20))
    unsized = zstandard.ZstdCompressor(write_content_size=False).compress(b"x" * 1000)
    for raw in (0, 100, 2 << 20):
        with pytest.raises(Corrupt):
            decompress(ZSTD, frame, raw)
    for stored in (unsized, b"", frame[:20], b"no zstd at all", frame + b"more"):
        with pytest.raises(Corrupt):
            decompress(ZSTD, stored, 1000)
    with pytest.raises(Corrupt, match="codec 9"):
        decompress(9, b"x", 1)
    with pytest.raises(Corrupt):
        decompress(0, b"x", 2)
