"""The Thrift reader: what it finds, and that hostile bytes cost nothing."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dsv.segment import thrift
from tests.unit.segment.parquet_fixtures import BINARY, INT, STRUCT, fields, integer, structs, varint


@given(st.dictionaries(st.integers(1, thrift.MAX_FIELDS - 1), st.integers(-(2**63), 2**63 - 1), max_size=8))
def test_integers_are_found(values: dict[int, int]) -> None:
    struct = fields(*((number, 6, integer(value)) for number, value in values.items()))
    assert thrift.scan(b"before" + struct + b"after", 6) == (values, 6 + len(struct))


def test_short_field_headers_count_on() -> None:
    assert thrift.scan(bytes([0x15, 2, 0x25, 4, 0]), 0) == ({1: 1, 3: 2}, 5)


def test_what_is_not_asked_for_is_read_over() -> None:
    inner = fields((1, BINARY, varint(3) + b"abc"), (2, 1, b""), (3, 7, bytes(8)), (4, 3, b"x"))
    struct = fields(
        (1, STRUCT, inner),
        (2, 9, structs([inner, inner])),
        (3, 9, bytes([0x31]) + b"\1\2\1"),
        (4, 10, bytes([0x28]) + varint(1) + b"a" + varint(200) + bytes(200)),
        (5, 11, varint(2) + bytes([0x85]) + b"\1k" + integer(300) + b"\1l" + integer(1)),
        (6, 11, b"\0"),
        (7, 13, bytes(16)),
        (8, 2, b""),
        (9, INT, integer(-77)),
    )
    assert thrift.scan(struct, 0) == ({9: -77}, len(struct))


@pytest.mark.parametrize("length", range(1, 40))
def test_a_struct_that_is_cut_short_says_so(length: int) -> None:
    struct = fields(
        (1, BINARY, varint(9) + b"123456789"), (2, STRUCT, fields((3, 7, bytes(8)))), (4, INT, integer(5))
    )
    if length < len(struct):
        with pytest.raises(IndexError):
            thrift.scan(struct[:length], 0)


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(bytes([0x1C]) * 10_000, id="deep structs"),
        pytest.param(bytes([0x19, 0x19]) + bytes([0x19]) * 10_000, id="deep lists"),
        pytest.param(fields((1, INT, b"\xff" * 11 + b"\1")), id="an endless integer"),
        pytest.param(bytes([0x1E, 0]), id="a type that does not exist"),
        pytest.param(bytes([0x10, 0]), id="a field without a type"),
    ],
)
def test_nonsense_is_refused(data: bytes) -> None:
    with pytest.raises(thrift.Malformed):
        thrift.scan(data, 0)


@pytest.mark.parametrize(
    "value",
    [
        pytest.param(bytes([0x18]) + varint(2**63) + b"abc", id="a string of 2**63 bytes"),
        pytest.param(bytes([0x19, 0xFC]) + varint(2**62) + b"\0", id="a list of 2**62 structs"),
        pytest.param(bytes([0x19, 0xF7]) + varint(2**62), id="a list of 2**62 numbers"),
        pytest.param(bytes([0x1B]) + varint(2**40) + bytes([0x33]) + bytes(20), id="a map of 2**40 pairs"),
    ],
)
def test_a_claimed_size_allocates_nothing(value: bytes) -> None:
    with pytest.raises(IndexError):
        thrift.scan(value + b"\0", 0)


@pytest.mark.parametrize("head", [b"", bytes([0x1C])], ids=["read", "read over"])
def test_a_struct_has_so_many_fields_and_no_more(head: bytes) -> None:
    fields = bytes([0x15, 2]) * thrift.MAX_FIELDS
    assert thrift.scan(head + fields + b"\0\0", 0)
    with pytest.raises(thrift.Malformed):
        thrift.scan(head + fields + bytes([0x15, 2]) + b"\0\0", 0)


@given(st.binary(max_size=300))
def test_any_bytes_are_a_struct_or_refused(data: bytes) -> None:
    try:
        _, end = thrift.scan(data, 0)
    except (thrift.Malformed, IndexError):
        return
    assert 0 < end <= len(data)


def test_only_a_list_of_structs_has_structs() -> None:
    with pytest.raises(thrift.Malformed):
        thrift.each(bytes([0x15, 0]), 0, 9, lambda _, pos: pos, 9)
    with pytest.raises(thrift.Malformed):
        thrift.each(b"\0", 0, 12, lambda _, pos: pos, 9)
