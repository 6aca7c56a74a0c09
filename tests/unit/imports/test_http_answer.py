"""What an answer says that it holds, and the many ways in which it contradicts itself."""

from email.message import Message

import pytest

from dsv.imports.http_answer import ByteSpan, Doubtful, span_of


def headers(*lines: tuple[str, str]) -> Message:
    found = Message()
    for name, value in lines:
        found[name] = value
    return found


def test_the_whole_file() -> None:
    assert span_of(200, headers(("Content-Length", "12")), None) == ByteSpan(0, 12, 12)
    assert span_of(203, headers(("Content-Length", "12, 12")), None) == ByteSpan(0, 12, 12)
    assert span_of(200, headers(("Transfer-Encoding", "chunked")), None) == ByteSpan(0, None, None)
    assert span_of(200, headers(), 5) == ByteSpan(0, None, None), "a server may answer with all of it"


def test_a_part() -> None:
    told = headers(("Content-Range", "bytes 5-9/20"), ("Content-Length", "5"))
    assert span_of(206, told, 5) == ByteSpan(5, 10, 20)
    assert span_of(206, headers(("Content-Range", "BYTES 5-9/20")), 5) == ByteSpan(5, 10, 20)


@pytest.mark.parametrize("status", [201, 202, 204, 205, 207, 226, 299])
def test_answers_without_a_file(status: int) -> None:
    with pytest.raises(Doubtful, match=str(status)):
        span_of(status, headers(("Content-Length", "12")), None)


@pytest.mark.parametrize(
    "lines",
    [
        (("Content-Length", "10"), ("Content-Length", "12")),
        (("Content-Length", "10, 12"),),
        (("Content-Length", "-1"),),
        (("Content-Length", "1e3"),),
        (("Content-Length", "\u0663"),),
        (("Content-Length", ""),),
        (("Content-Length", "12"), ("Transfer-Encoding", "chunked")),
    ],
)
def test_lengths_that_say_nothing(lines: tuple[tuple[str, str], ...]) -> None:
    with pytest.raises(Doubtful):
        span_of(200, headers(*lines), None)


@pytest.mark.parametrize(
    "told",
    [
        "",
        "bytes 5-9/*",
        "bytes */20",
        "bytes 4-9/20",
        "bytes 6-9/20",
        "bytes 5-4/20",
        "bytes 5-20/20",
        "items 5-9/20",
        "bytes 5-9",
        "bytes=5-9/20",
    ],
)
def test_parts_that_are_not_what_was_asked_for(told: str) -> None:
    with pytest.raises(Doubtful):
        span_of(206, headers(("Content-Range", told)), 5)


def test_a_part_that_nobody_asked_for() -> None:
    with pytest.raises(Doubtful, match="the whole was asked for"):
        span_of(206, headers(("Content-Range", "bytes 0-9/10")), None)


def test_a_part_with_another_length_and_one_with_two_ranges() -> None:
    with pytest.raises(Doubtful, match="two lengths"):
        span_of(206, headers(("Content-Range", "bytes 5-9/20"), ("Content-Length", "4")), 5)
    two = headers(("Content-Range", "bytes 5-9/20"), ("Content-Range", "bytes 5-9/21"))
    with pytest.raises(Doubtful, match="which part"):
        span_of(206, two, 5)
