"""Compression is for what it makes smaller."""

import pytest

from dsv.segment.compression import MAX_TRUST, MIN_SIZE, Judge, worth_compressing
from tests.unit.segment.parquet_fixtures import noise

TEXT = b"2013-01-01,EWR,IAH,1400,227\n" * 9000


@pytest.mark.parametrize(
    ("segment", "answer"),
    [
        (TEXT, True),
        (TEXT[:MIN_SIZE], True),
        (TEXT[: MIN_SIZE - 1], False),
        (b"", False),
        (noise(200_000), False),
        (noise(MIN_SIZE), False),
        (noise(100_000) + TEXT + noise(100_000), True),
        (memoryview(TEXT), True),
    ],
)
def test_a_sample_from_the_middle_decides(segment: bytes, answer: bool) -> None:
    assert worth_compressing(segment) is answer


@pytest.mark.parametrize(("segment", "answer"), [(TEXT, True), (noise(20_000), False)])
def test_a_file_all_of_a_kind_is_judged_alike(segment: bytes, answer: bool) -> None:
    judge = Judge()
    assert {judge.wants(segment) for _ in range(100)} == {answer}


@pytest.mark.parametrize(("first", "then"), [(TEXT, noise(20_000)), (noise(20_000), TEXT)])
def test_a_change_is_noticed_soon(first: bytes, then: bytes) -> None:
    judge = Judge()
    for _ in range(100):
        judge.wants(first)
    answers = [judge.wants(then) for _ in range(MAX_TRUST + 1)]
    assert answers[-1] is worth_compressing(then)


def test_a_tiny_segment_says_nothing_about_the_others() -> None:
    judge = Judge()
    assert judge.wants(TEXT)
    assert not judge.wants(b"tiny")
    assert judge.wants(TEXT)
