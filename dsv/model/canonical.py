"""Canonical JSON: the one encoding of every record.

Keys sorted by UTF-8 bytes, no whitespace, non-ASCII characters as they are, integers
within ±2^53, no floats, and `v` (the record's format version) always there. There is
exactly one valid encoding of a record, so a reader refuses any other.
"""

import json
from typing import Any, NoReturn

from dsv.errors import Corrupt, TooNew

MAX_INTEGER = 2**53

Json = dict[str, Any]


def encode(record: Json) -> bytes:
    """Return the canonical encoding of `record`.

    Raises:
        ValueError: It holds a float, an integer out of range, or text that is not Unicode.
    """
    _check(record)
    return _dump(record)


def decode(data: bytes | memoryview, *, what: str, version: int = 1) -> Json:
    """Return the record that `data` encodes.

    Args:
        data: The encoding.
        what: Names the object in error messages.
        version: The newest `v` that the caller understands.

    Raises:
        Corrupt: `data` is not the canonical encoding of a record.
        TooNew: The record's `v` is above `version`.
    """
    raw = bytes(data)
    try:
        record = json.loads(raw, parse_float=_refuse, parse_constant=_refuse)
        if not isinstance(record, dict):
            raise ValueError("not an object")
        _check(record)
        found = record.get("v")
        if type(found) is not int or found < 1:
            raise ValueError("no version")
        if found > version:
            raise TooNew(f"{what} has format version {found}", hint="upgrade dsv")
        if _dump(record) != raw:
            raise ValueError("not in canonical form")
    except (ValueError, RecursionError) as error:
        raise Corrupt(f"{what} is not a valid record: {error}") from error
    return record


def _dump(record: Json) -> bytes:
    text = json.dumps(record, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    return text.encode()


def _refuse(text: str) -> NoReturn:
    raise ValueError(f"number {text} is not an integer")


def _check(value: Any) -> None:
    # An explicit stack: records are wide (a node has thousands of entries), never deep.
    stack = [value]
    while stack:
        item = stack.pop()
        kind = type(item)
        if kind is str or kind is bool or item is None:
            continue
        if kind is list:
            stack.extend(item)
        elif kind is dict:
            if not all(type(key) is str for key in item):
                raise ValueError("a key is not text")
            stack.extend(item.values())
        elif kind is int:
            if not -MAX_INTEGER <= item <= MAX_INTEGER:
                raise ValueError(f"integer {item} is out of range")
        else:
            raise ValueError(f"{kind.__name__} has no canonical form")
