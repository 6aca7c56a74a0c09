"""Whatever the bytes: segments concatenate to the file, and the same cuts come out."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dsv.segment import cdc
from dsv.segment.cut import SMALL, cut, is_single
from tests.unit.segment.parquet_fixtures import noise, page, parquet, read_from, segments

GOLDEN_NOISE = [
    174749,
    33431,
    173336,
    40289,
    161293,
    93340,
    132201,
    170029,
    87296,
    170764,
    72474,
    61523,
    131946,
    161150,
    122515,
    162988,
    87554,
    47766,
    221555,
    68266,
    147560,
    146725,
    188294,
    142956,
]
GOLDEN_PARQUET = [
    64900,
    27128,
    45942,
    16714,
    40014,
    40014,
    40014,
    40014,
    40014,
    75596,
    90422,
    69188,
    33966,
    71823,
    70321,
    29030,
    109169,
    19435,
    70308,
    88687,
    66539,
    105530,
    160046,
    212262,
    79457,
    140290,
    318802,
    182202,
    566042,
    113382,
    137808,
    154089,
    244789,
    138473,
    52374,
    32768,
    24064,
    31744,
    13824,
    89,
]

MIXED = parquet(
    [page(noise(300, "d")), *(page(noise(9000 + 700 * i, f"a{i}")) for i in range(12))],
    [page(noise(40_000, f"b{i}")) for i in range(5)],
    [page(noise(900_000, "dense"), raw=900_000), page(noise(2_500_000, "large"))],
    [page(noise(500, f"c{i}")) for i in range(200)],
)


def test_nothing_is_cut_into_nothing() -> None:
    assert segments(b"") == []
    assert not is_single(0)


@pytest.mark.parametrize("size", [1, 100, SMALL])
def test_a_small_file_is_one_segment(size: int) -> None:
    assert segments(b"x" * size) == [b"x" * size]
    assert is_single(size)


def test_more_than_a_small_file_is_not_known_to_be_single() -> None:
    assert not is_single(SMALL + 1)


def test_cuts_of_a_byte_stream_never_move() -> None:
    assert [len(segment) for segment in segments(noise(3_000_000))] == GOLDEN_NOISE


def test_cuts_of_a_parquet_file_never_move() -> None:
    assert [len(segment) for segment in segments(MIXED)] == GOLDEN_PARQUET


def test_a_constant_file_is_cut_at_the_maximum() -> None:
    assert {len(segment) for segment in segments(bytes(3 * cdc.MAX))} == {cdc.MAX}


@pytest.mark.parametrize(
    "data", [noise(3_000_000), MIXED, bytes(2_500_000)], ids=["noise", "parquet", "zeros"]
)
@pytest.mark.parametrize("step", [1 << 10, 77_777, 1 << 20, (1 << 20) + 1, 3_000_000])
def test_cuts_do_not_depend_on_how_much_is_read_at_a_time(data: bytes, step: int) -> None:
    assert segments(data, step) == segments(data)


@pytest.mark.parametrize("data", [noise(3_000_000), MIXED], ids=["noise", "parquet"])
def test_a_file_is_read_in_order_and_once(data: bytes) -> None:
    reads: list[tuple[int, int]] = []
    read = read_from(data)

    def read_at(offset: int, length: int) -> bytes:
        reads.append((offset, length))
        return read(offset, length)

    assert b"".join(cut(read_at, len(data), step=1 << 18)) == data
    in_order = []
    reached = 0
    for offset, length in reads:
        if offset == reached:
            in_order.append(length)
            reached += length
    assert reached == len(data)
    # Only the trailer and the footer of a Parquet file are read besides.
    assert len(reads) - len(in_order) in (0, 2)


def test_segments_outlive_the_window() -> None:
    views = list(cut(read_from(MIXED), len(MIXED), step=1 << 16))
    assert b"".join(views) == MIXED


@pytest.mark.parametrize("data", [noise(500_000), MIXED], ids=["noise", "parquet"])
def test_a_file_that_became_shorter_is_told_by_the_reader(data: bytes) -> None:
    with pytest.raises(EOFError):
        list(cut(read_from(data[:-1]), len(data)))


def test_a_reader_that_gives_too_little_is_not_believed() -> None:
    data = noise(100_000)
    with pytest.raises(EOFError):
        list(cut(lambda offset, length: data[offset : offset + length], len(data) + 1))


@pytest.mark.parametrize("at", [0, 700_000, 3_999_000])
def test_an_insert_changes_few_segments(at: int) -> None:
    before = noise(4_000_000)
    after = before[:at] + b"a few words more" + before[at:]
    new = set(segments(after)) - set(segments(before))
    assert sum(map(len, new)) < 1_000_000


def test_an_insert_into_a_page_that_compression_left_alone_changes_few_segments() -> None:
    body = noise(900_000)
    before = parquet([page(body, raw=len(body))])
    after = parquet([page(body[:200_000] + b"more" + body[200_000:], raw=len(body) + 4)])
    new = set(segments(after)) - set(segments(before))
    assert sum(map(len, new)) < 500_000


@given(st.binary(max_size=2000), st.integers(0, 100_000), st.sampled_from([512, 9999, 1 << 20]))
def test_any_bytes_come_back(head: bytes, more: int, step: int) -> None:
    check(head + noise(more), step)


@given(st.binary(max_size=64), st.integers(0, 30_000), st.integers(0, 4000))
def test_anything_between_the_magics_comes_back(footer: bytes, more: int, claimed: int) -> None:
    check(b"PAR1" + noise(more + SMALL) + footer + claimed.to_bytes(4, "little") + b"PAR1")


@settings(max_examples=60)
@given(st.data())
def test_a_damaged_parquet_file_comes_back(data: st.DataObject) -> None:
    damaged = bytearray(parquet(*[[page(noise(3000 * i + j)) for j in range(1, 9)] for i in range(5)]))
    for _ in range(data.draw(st.integers(1, 8))):
        where = data.draw(
            st.one_of(st.integers(0, len(damaged) - 1), st.integers(len(damaged) - 200, len(damaged) - 1))
        )
        damaged[where] = data.draw(st.integers(0, 255))
    cutoff = data.draw(st.one_of(st.just(0), st.integers(0, len(damaged))))
    check(bytes(damaged[cutoff:]))
    check(bytes(damaged[: len(damaged) - cutoff]))
    check(bytes(damaged + damaged[cutoff:]))


def check(data: bytes, step: int = 1 << 20) -> None:
    found = segments(data, step)
    assert b"".join(found) == data
    assert all(0 < len(segment) <= cdc.MAX for segment in found)
