import os
import random
import struct

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dsv.errors import Corrupt
from dsv.hashing import Buffer
from dsv.store.packs import index_file, index_rows
from dsv.store.packs.index import Index
from dsv.store.packs.index_rows import ROW

PACKS = ("ab" * 32, "cd" * 32)


def make_rows(ids: list[bytes], pack: int = 0) -> Buffer:
    packed = b"".join(ROW.pack(oid, 1, 0, pack, 100 * n, 50, 60, 2**64 - 1 - n) for n, oid in enumerate(ids))
    return index_rows.sort(packed)


def encode(ids: list[bytes], packs: tuple[str, ...] = PACKS) -> bytes:
    return b"".join(index_file.encode(index_rows.columns(make_rows(ids)), packs))


def random_ids(count: int, seed: int = 1) -> list[bytes]:
    source = random.Random(seed)
    return [source.randbytes(32) for _ in range(count)]


@pytest.mark.parametrize("count", [0, 1, 1000])
def test_arrow_reads_an_index(count: int) -> None:
    ids = random_ids(count)
    table = pa.ipc.open_file(encode(ids)).read_all()
    table.validate(full=True)
    assert table.column("id").to_pylist() == sorted(ids)
    assert table.schema.field("checksum").type == pa.uint64()
    assert table.schema.metadata[b"dsv.packs"] == "".join(PACKS).encode()
    assert sorted(table.column("checksum").to_pylist()) == [2**64 - count + n for n in range(count)]


def test_columns_are_aligned() -> None:
    assert all(start % 64 == 0 for start in index_file.decode(encode(random_ids(100))).starts)


@pytest.mark.parametrize("count", [1, 2, 47, 48, 49, 97, 5000])
def test_finds_every_id_and_no_other(count: int) -> None:
    ids = random_ids(count)
    index = Index("index", encode(ids))
    for _ in range(3):  # the later rounds use signposts
        for oid in ids[:200]:
            assert index.id_at(index.find(oid)) == oid
        for oid in random_ids(200, seed=2):
            assert index.find(oid) == -1
    assert index.find(bytes(32)) == -1
    assert index.find(b"\xff" * 32) == -1


@pytest.mark.parametrize("warm", [False, True])
def test_finds_all_copies(warm: bool) -> None:
    ids = random_ids(500)
    index = Index("index", encode([*ids, ids[7], ids[7], ids[9]]))
    if warm:
        for oid in ids:
            index.find(oid)
    assert len(list(index.places(ids[7]))) == 3
    assert len(list(index.places(ids[9]))) == 2
    assert len(list(index.places(ids[8]))) == 1
    assert list(index.places(bytes(32))) == []


def test_finds_many_at_once() -> None:
    ids = random_ids(1000)
    index = Index("index", encode([*ids, ids[3]]))
    absent = random_ids(50, seed=3)
    asked = [absent[0], ids[3], ids[4], *absent[1:], bytes(32), b"\xff" * 32]
    numbers, found = index.find_many(b"".join(asked))
    assert sorted(numbers.tolist()) == [1, 1, 2]
    assert {index.id_at(row) for row in found.tolist()} == {ids[3], ids[4]}


def test_ids_that_share_a_start_are_told_apart() -> None:
    ids = [b"\x07" * 8 + struct.pack(">Q", n) * 3 for n in range(200)]
    index = Index("index", encode(ids))
    numbers, found = index.find_many(ids[5] + b"\x07" * 32 + ids[9])
    assert numbers.tolist() == [0, 2]
    assert [index.id_at(row) for row in found.tolist()] == [ids[5], ids[9]]
    for _ in range(2):
        assert all(index.id_at(index.find(oid)) == oid for oid in ids)


def test_few_and_many_rows_are_handled_alike() -> None:
    packed = b"".join(
        ROW.pack(oid, n % 7, n % 2, n % 5, n, n + 1, n + 2, n << 40) for n, oid in enumerate(random_ids(300))
    )
    few = index_rows.sort(packed)
    columns = index_rows.columns(few)
    assert index_rows.sort(packed, few=0) == few
    assert index_rows.columns(few, few=0) == columns


def test_many_rows_with_one_start_are_sorted() -> None:
    ids = [b"\x07" * 8 + struct.pack(">Q", n) * 3 for n in (5, 1, 4, 2)]
    ordered = index_rows.sort(b"".join(ROW.pack(oid, 0, 0, 0, 0, 0, 0, 0) for oid in ids), few=0)
    assert [row[0] for row in ROW.iter_unpack(ordered)] == sorted(ids)


def test_move_to_pack() -> None:
    packed = make_rows(random_ids(10))
    moved = list(ROW.iter_unpack(index_rows.move_to_pack(packed, 0x01020304)))
    assert {row[3] for row in moved} == {0x01020304}
    assert [row[:3] + row[4:] for row in moved] == [row[:3] + row[4:] for row in ROW.iter_unpack(packed)]


def test_a_place_outside_of_any_pack_is_corrupt() -> None:
    beyond = ROW.pack(bytes(32), 1, 0, 0, 60 << 20, 5 << 20, 1, 1)
    unlisted = ROW.pack(bytes(32), 1, 0, 2, 0, 1, 1, 1)
    for row in (beyond, unlisted):
        index = Index("index", b"".join(index_file.encode(index_rows.columns(row), PACKS)))
        with pytest.raises(Corrupt, match="names a place that no pack has"):
            index.at(0)


def test_ids_out_of_order_are_corrupt() -> None:
    packed = b"".join(ROW.pack(oid, 1, 0, 0, 0, 1, 1, 1) for oid in (b"\x02" * 32, b"\x01" * 32))
    with pytest.raises(Corrupt, match="not in order"):
        Index("index", b"".join(index_file.encode(index_rows.columns(packed), PACKS)))


WHOLE = encode(random_ids(60))


@given(at=st.integers(0, len(WHOLE) - 1), bits=st.integers(1, 255))
def test_a_flipped_byte_is_refused_or_harmless(at: int, bits: int) -> None:
    damaged = bytearray(WHOLE)
    damaged[at] ^= bits
    use(bytes(damaged))


@given(length=st.integers(0, len(WHOLE) - 1))
def test_a_truncated_index_is_refused(length: int) -> None:
    with pytest.raises(Corrupt, match="index is not a valid index"):
        Index("index", WHOLE[:length])


@given(head=st.binary(max_size=200), tail=st.binary(max_size=400))
def test_garbage_is_refused_or_harmless(head: bytes, tail: bytes) -> None:
    use(b"ARROW1\0\0" + head + WHOLE[8:-400] + tail + struct.pack("<i", len(tail)) + b"ARROW1")


@given(start=st.integers(0, 600), junk=st.binary(min_size=4, max_size=8))
def test_a_lying_footer_is_refused_or_harmless(start: int, junk: bytes) -> None:
    at = max(0, len(WHOLE) - 10 - start)
    use(WHOLE[:at] + junk + WHOLE[at + len(junk) :])


def use(data: bytes) -> None:
    try:
        index = Index("index", data)
    except Corrupt:
        return
    for row in range(min(index.rows, 60)):
        try:
            index.at(row)
        except Corrupt:
            continue
    for oid in (*random_ids(60), os.urandom(32)):
        index.find(oid)
