"""Ids: what they are made of, how they are shown and looked up by prefix."""

import re
from collections.abc import Iterable
from typing import NewType

ObjectId = NewType("ObjectId", str)
"""64 lower-case hex digits: a BLAKE3-256 digest."""

DIGITS = 64
SHORT = 8
"""Digits shown where nothing is ambiguous."""

MIN_PREFIX = 4
"""Fewest digits that a person may abbreviate a commit id to."""

_FULL = re.compile(r"[0-9a-f]{64}")
_PREFIX = re.compile(r"[0-9a-f]{4,64}")


def is_id(text: object) -> bool:
    """Whether `text` is a full id."""
    return isinstance(text, str) and _FULL.fullmatch(text) is not None


def is_prefix(text: str) -> bool:
    """Whether `text` could abbreviate an id."""
    return _PREFIX.fullmatch(text) is not None


def parse_id(text: object) -> ObjectId:
    """Return `text` as an id.

    Raises:
        ValueError: It is not 64 lower-case hex digits.
    """
    if not is_id(text):
        raise ValueError(f"not an id: {text!r}")
    return ObjectId(str(text))


def short(oid: str, among: Iterable[str] = ()) -> str:
    """Return the digits of `oid` that people are shown: as many as tell it from the ids `among`."""
    digits = SHORT
    for other in among:
        while other != oid and digits < len(oid) and other.startswith(oid[:digits]):
            digits += 1
    return oid[:digits]
