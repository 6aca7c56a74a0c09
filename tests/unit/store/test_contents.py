import random
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from itertools import chain
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dsv.errors import Corrupt, Missing
from dsv.hashing import Kind, file_id, object_id
from dsv.ids import ObjectId
from dsv.model.recipe import PART_LIMIT, FilePart, Recipe
from dsv.store import ingest as ingesting
from dsv.store.blobs.memory import MemoryBlobs
from dsv.store.ingest import add_recipe, ingest, pages
from dsv.store.writer import Writer
from tests.unit.store.store_fixtures import Shelf, flip, local_shelf, reading


def noise(size: int, seed: int = 0) -> bytes:
    return random.Random(seed).randbytes(size)


@pytest.fixture
def shelf() -> Shelf:
    return Shelf(MemoryBlobs())


@pytest.mark.parametrize("size", [0, 1, 100, 16 << 10, (16 << 10) + 1, 300_000, 3 << 20, 20 << 20])
@pytest.mark.parametrize("text", [False, True])
def test_bytes_come_back(shelf: Shelf, size: int, text: bool) -> None:
    content = (b"some,text,%d\n" % size * (size // 10 + 1))[:size] if text else noise(size)
    (oid,) = shelf.add_files([content])
    assert oid == file_id(content)
    contents = shelf.contents()
    assert contents.size(oid) == size
    assert contents.has(oid)
    assert contents.read(oid) == content
    assert sum(part_size for _, part_size in contents.segments(oid)) == size


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    pieces=st.lists(st.tuples(st.integers(0, 5), st.integers(0, 200_000)), max_size=6),
    reads=st.lists(st.tuples(st.integers(0, 10**6), st.integers(0, 10**6)), max_size=5),
)
def test_any_bytes_come_back_and_any_range(
    shelf: Shelf, pieces: list[tuple[int, int]], reads: list[tuple[int, int]]
) -> None:
    content = b"".join(noise(size, seed) for seed, size in pieces)
    (oid,) = shelf.add_files([content])
    contents = shelf.contents()
    assert contents.read(oid) == content
    source = contents.open(oid, "name")
    assert source.size == len(content)
    for first, second in reads:
        start, stop = sorted((first % (len(content) + 1), second % (len(content) + 1)))
        assert bytes(source.read_at(start, stop - start)) == content[start:stop]


def test_an_edit_stores_little(shelf: Shelf) -> None:
    content = noise(8 << 20)
    shelf.add_files([content])
    before = sum(blob.size for blob in shelf.blobs.list("packs/"))
    shelf.add_files([content[: 4 << 20] + b"a few bytes" + content[4 << 20 :]])
    assert sum(blob.size for blob in shelf.blobs.list("packs/")) - before < 1 << 20


def test_segments_that_lie_apart_come_back_in_order(shelf: Shelf) -> None:
    pieces = [noise(1 << 20, seed) for seed in range(14)]
    for half in (pieces[::2], pieces[1::2]):  # in packs of their own
        shelf.add_files([b"".join(half)])
    mixed = b"".join(pieces)
    (oid,) = shelf.add_files([mixed])
    assert len({shelf.objects().find(part).pack for part, _ in shelf.contents().segments(oid)}) == 3  # type: ignore[union-attr]
    assert shelf.contents().read(oid) == mixed


def test_the_same_file_twice_writes_nothing(shelf: Shelf) -> None:
    content = noise(3 << 20)
    shelf.add_files([content])
    with Writer(shelf.objects()) as writer:
        ingest(writer, reading(content), len(content))
        assert writer.seal() == ((), ())


def test_many_threads_add_the_same(shelf: Shelf) -> None:
    files = [noise(40_000, seed % 5) for seed in range(60)]
    with Writer(shelf.objects()) as writer:
        with ThreadPoolExecutor(4) as pool:
            ids = list(pool.map(lambda content: ingest(writer, reading(content), len(content)), files))
        shelf.publish(writer.seal())
    contents = shelf.contents()
    assert [contents.read(oid) for oid in ids] == files
    assert sum(ref.rows for ref in shelf.refs.indexes) < 60


def test_a_file_that_became_shorter(shelf: Shelf) -> None:
    with Writer(shelf.objects()) as writer, pytest.raises(EOFError, match=r"data\.bin"):
        ingest(writer, reading(b"short"), 100, "data.bin")


def test_random_access_ends_at_the_end(shelf: Shelf) -> None:
    (oid,) = shelf.add_files([noise(100_000)])
    source = shelf.contents().open(oid, "name.bin")
    assert bytes(source.read_at(100_000, 0)) == b""
    for offset, length in ((99_999, 2), (-1, 1), (0, -1), (200_000, 0)):
        with pytest.raises(EOFError, match=r"name\.bin"):
            source.read_at(offset, length)


def test_fingerprints_follow_segments(shelf: Shelf) -> None:
    content = noise(4 << 20)
    ids = shelf.add_files([content, b"new first bytes" + content])
    one, two = (shelf.contents().open(oid, "name") for oid in ids)
    assert one.fingerprint(0, 1000) == one.fingerprint(0, 1000)
    assert one.fingerprint(0, 1000).startswith("s:")
    assert one.fingerprint(0, 1000) != one.fingerprint(0, 1001)
    assert one.fingerprint(3 << 20, 1000) == two.fingerprint((3 << 20) + 15, 1000)
    assert one.fingerprint(0, 1000) != two.fingerprint(15, 1000)


def test_thousands_of_segments(shelf: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    content = noise(9000)
    monkeypatch.setattr(
        ingesting, "cut", lambda read_at, size: (memoryview(read_at(at, 1)) for at in range(size))
    )
    monkeypatch.setattr(ingesting, "is_single", lambda _: False)
    (oid,) = shelf.add_files([content])
    assert len(Recipe.decode(shelf.objects().get(oid, Kind.RECIPE), "it").parts) <= PART_LIMIT
    assert shelf.contents().read(oid) == content
    assert bytes(shelf.contents().open(oid, "x").read_at(4090, 20)) == content[4090:4110]


@pytest.mark.parametrize("digits", ["ff", "00"])
def test_a_file_of_one_segment_over_and_over(shelf: Shelf, digits: str) -> None:
    part = FilePart(ObjectId(digits * 32), 1)
    parts = [part] * 50_000
    cut = list(pages(parts))
    assert list(chain.from_iterable(cut)) == parts
    assert len(cut) <= len(parts) // 2
    with Writer(shelf.objects()) as writer:
        add_recipe(writer, ObjectId("11" * 32), parts)
        shelf.publish(writer.seal())
    assert shelf.contents().size(ObjectId("11" * 32)) == 50_000


def put(shelf: Shelf, *added: tuple[Kind, str, bytes]) -> None:
    with Writer(shelf.objects()) as writer:
        for kind, oid, data in added:
            writer.add(kind, ObjectId(oid), data)
        shelf.publish(writer.seal())


SEGMENT = b"x" * 1000
SEGMENT_ID = file_id(SEGMENT)
FILE_ID = ObjectId("22" * 32)


def recipe(*parts: tuple[str, int]) -> bytes:
    return Recipe(tuple(FilePart(ObjectId(oid), size) for oid, size in parts)).encode()


@pytest.mark.parametrize(
    "lie",
    [
        recipe((SEGMENT_ID, 999), (SEGMENT_ID, 1000)),
        recipe((SEGMENT_ID, 2**53), (SEGMENT_ID, 1000)),
        recipe((FILE_ID, 1000)),
        recipe((FILE_ID, 1000), (SEGMENT_ID, 1000)),
        recipe((SEGMENT_ID, 1000), (SEGMENT_ID, 1000)),
        b'{"parts":[],"v":1}',
        b'{"parts":[["' + SEGMENT_ID.encode() + b'",-1]],"v":1}',
        b"not json at all",
        b"",
    ],
)
def test_a_recipe_that_lies_is_corrupt(shelf: Shelf, lie: bytes) -> None:
    put(shelf, (Kind.SEGMENT, SEGMENT_ID, SEGMENT), (Kind.RECIPE, FILE_ID, lie))
    with pytest.raises(Corrupt, match=FILE_ID):
        shelf.contents().read(FILE_ID)


def test_recipes_that_nest_without_end_are_corrupt(shelf: Shelf) -> None:
    ids = [f"{number:064x}" for number in range(40)]
    nested = [(Kind.RECIPE, ids[n], recipe((ids[(n + 1) % 40], 1000))) for n in range(40)]
    put(shelf, *nested)
    for read in (shelf.contents().read, lambda oid: shelf.contents().open(oid, "x"), shelf_members(shelf)):
        with pytest.raises(Corrupt, match="nests without end"):
            read(ObjectId(ids[0]))


def shelf_members(shelf: Shelf) -> Callable[[ObjectId], list[ObjectId]]:
    return lambda oid: list(shelf.contents().members(oid))


def test_a_part_that_is_no_part(shelf: Shelf) -> None:
    node = b'{"v":1}'
    blocks = object_id(Kind.BLOCKS, node)
    put(shelf, (Kind.BLOCKS, blocks, node), (Kind.RECIPE, FILE_ID, recipe((blocks, 7), (blocks, 7))))
    with pytest.raises(Corrupt, match="no part of a file"):
        shelf.contents().read(FILE_ID)


def test_a_missing_segment_is_named(shelf: Shelf) -> None:
    put(shelf, (Kind.RECIPE, FILE_ID, recipe((SEGMENT_ID, 1000), (SEGMENT_ID, 1000))))
    with pytest.raises(Missing, match=f"segment {SEGMENT_ID} of file {FILE_ID}"):
        shelf.contents().read(FILE_ID)
    with pytest.raises(Missing, match=f"file {SEGMENT_ID}"):
        shelf.contents().read(SEGMENT_ID)


def test_members_are_what_gc_must_keep(shelf: Shelf) -> None:
    (oid,) = shelf.add_files([noise(1 << 20)])
    contents = shelf.contents()
    assert set(contents.members(oid)) == {oid, *(segment for segment, _ in contents.segments(oid))}


@pytest.mark.parametrize("size", [5000, 200_000, 12 << 20])
def test_a_flipped_bit_never_comes_back_unseen(tmp_path: Path, size: int) -> None:
    shelf = local_shelf(tmp_path / "store")
    content = noise(size)
    oid, other = shelf.add_files([content, b"other" * 100])
    (pack,) = (blob for blob in shelf.blobs.list("packs/") if blob.size > 2000)
    place = shelf.objects().find(next(shelf.contents().segments(oid))[0])
    assert place is not None
    flip(tmp_path / "store" / pack.name, place.offset + 100)
    with pytest.raises(Corrupt, match="pack"):
        shelf.contents().read(oid)
    assert shelf.contents().read(other) == b"other" * 100


def test_bytes_that_pass_their_checksum_but_are_others(shelf: Shelf) -> None:
    put(shelf, (Kind.SEGMENT, FILE_ID, SEGMENT))
    with pytest.raises(Corrupt, match=f"file {FILE_ID} is not what its id says"):
        shelf.contents().read(FILE_ID)
    with pytest.raises(Corrupt, match=FILE_ID):
        shelf.contents().open(FILE_ID, "x").read_at(0, 10)


def test_a_stream_that_is_left_early_leaves_nothing_behind(shelf: Shelf) -> None:
    (oid,) = shelf.add_files([noise(20 << 20)])
    stream = shelf.contents().stream(oid)
    next(stream)
    del stream
