"""What one answer of a web server holds: the whole file or which part of it, by RFC 9110 and RFC 9112.

A part is only believed if it is the part that was asked for, of the version that was asked for, and if the
lengths that the server names agree with each other. Where they do not, there is doubt, and nothing of it is kept.
"""

import re
from email.message import Message
from typing import NamedTuple

_WHOLE = frozenset({200, 203})
PARTIAL = 206

_RANGE = re.compile(r"bytes (\d+)-(\d+)/(\d+|\*)", re.IGNORECASE)


class Doubtful(Exception):
    """An answer that does not say clearly what it holds."""


class ByteSpan(NamedTuple):
    """Which bytes of a file an answer holds.

    Attributes:
        start: The first, from 0.
        end: The byte after the last one; None if the server does not say where it ends.
        total: Bytes of the whole file; None likewise.
    """

    start: int
    end: int | None
    total: int | None


def span_of(status: int, headers: Message, asked: int | None) -> ByteSpan:
    """Return which bytes an answer holds.

    Args:
        status: Its status code.
        headers: Its headers.
        asked: The first byte of the range that was asked for; None if the whole file was.

    Raises:
        Doubtful: It holds no file, or what it says contradicts itself or the question.
    """
    length = _length(headers)
    if status in _WHOLE:
        return ByteSpan(0, length, length)
    if status != PARTIAL:
        raise Doubtful(f"the answer {status} holds no file")
    if asked is None:
        raise Doubtful("the server sends a part of the file where the whole was asked for")
    given = headers.get_all("Content-Range") or [""]
    found = _RANGE.fullmatch(given[0].strip())
    if len(set(given)) > 1 or found is None or found[3] == "*":
        raise Doubtful("the server does not say which part of the file it sends")
    start, end, total = int(found[1]), int(found[2]) + 1, int(found[3])
    if start != asked or not start < end <= total:
        raise Doubtful("the server sends another part of the file than the one asked for")
    if length is not None and length != end - start:
        raise Doubtful("the server names two lengths for the part that it sends")
    return ByteSpan(start, end, total)


def _length(headers: Message) -> int | None:
    """Return how many bytes the body has, None if that is not told (RFC 9112, 6.3)."""
    given = {value.strip() for line in headers.get_all("Content-Length") or () for value in line.split(",")}
    if not given:
        return None
    if len(given) > 1:
        raise Doubtful(f"the server names {len(given)} lengths for one file")
    if headers.get("Transfer-Encoding") is not None:
        raise Doubtful("the server names a length for a file that it sends in chunks")
    text = given.pop()
    if not (text.isascii() and text.isdigit()):
        raise Doubtful(f"the server names a length that is no number: {text[:20]!r}")
    return int(text)
