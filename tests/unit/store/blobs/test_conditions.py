"""Whether a swap landed, told from what is there."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dsv.store.blobs.base import Conditions
from dsv.store.blobs.conditions import landed
from dsv.store.blobs.memory import MemoryBlobs
from dsv.store.refs import WRITES_KEPT, Refs


def refs(*writes: str) -> bytes:
    return Refs(writes=writes).encode()


@pytest.mark.parametrize(
    ("expected", "new", "now", "is_so"),
    [
        (refs("a"), refs("a", "b"), refs("a", "b"), True),
        (refs("a"), refs("a", "b"), refs("a", "b", "c"), True),
        (refs("a"), refs("a", "b"), refs("a"), False),
        (refs("a"), refs("a", "b"), refs("a", "c"), False),
        (None, refs("b"), refs("b"), True),
        (None, refs("b"), None, False),
        (refs("a"), refs("a"), refs("a", "c"), False),
        (refs(), refs(), refs(), False),
        (b"one", b"two", b"two", False),
        (refs("a"), refs("a", "b"), b"garbage", False),
    ],
)
def test_landed(expected: bytes | None, new: bytes, now: bytes | None, is_so: bool) -> None:
    assert landed(expected, new, now) is is_so


@given(st.integers(0, 100))
def test_it_is_told_as_long_as_write_ids_are_kept(later: int) -> None:
    writes = [f"{number}" for number in range(later)]
    now = refs("mine", *writes)
    assert landed(refs(), refs("mine"), now) is (later < WRITES_KEPT)


def test_what_is_no_bucket_keeps_all_conditions() -> None:
    kept = MemoryBlobs().conditions()
    assert kept == Conditions(create_only=True, compare_and_swap=True, in_parts=True)
    assert kept.safe
