import json
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dsv.errors import Corrupt, TooNew
from dsv.model.canonical import MAX_INTEGER, Json, decode, encode

TEXT = st.text(st.characters(exclude_categories=["Cs"]))
INTEGERS = st.integers(-MAX_INTEGER, MAX_INTEGER)
VALUES = st.recursive(
    st.none() | st.booleans() | INTEGERS | TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4),
    max_leaves=12,
)
RECORDS = st.dictionaries(TEXT, VALUES, max_size=5).map(lambda record: {**record, "v": 1})


@given(RECORDS)
def test_what_was_encoded_is_decoded(record: Json) -> None:
    assert decode(encode(record), what="it") == record


@given(RECORDS, st.randoms(use_true_random=False))
def test_the_order_of_keys_does_not_matter(record: Json, random: Random) -> None:
    keys = list(record)
    random.shuffle(keys)
    assert encode({key: record[key] for key in keys}) == encode(record)


@given(RECORDS)
def test_keys_are_sorted_by_their_bytes(record: Json) -> None:
    written = [pair[0] for pair in json.loads(encode(record), object_pairs_hook=list)]
    assert written == sorted(written, key=str.encode)


@given(RECORDS)
def test_every_other_spelling_is_refused(record: Json) -> None:
    good = encode(record)
    for spelling in (
        json.dumps(record, sort_keys=True, ensure_ascii=False).encode(),
        json.dumps(record, indent=1).encode(),
        good + b"\n",
        b" " + good,
        b"\xef\xbb\xbf" + good,
        good.decode().encode("utf-16"),
        good.decode().encode("utf-32-le"),
        b'{"v":1,' + good[1:],
    ):
        if spelling != good:
            with pytest.raises(Corrupt):
                decode(spelling, what="it")


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"{}",
        b"[]",
        b"1",
        b"null",
        b'{"v":0}',
        b'{"v":-1}',
        b'{"v":true}',
        b'{"v":"1"}',
        b'{"v":1.0}',
        b'{"v":1e0}',
        b'{"a":1,"a":1,"v":1}',
        b'{"a":1,"a":2,"v":1}',
        b'{"a":NaN,"v":1}',
        b'{"a":Infinity,"v":1}',
        b'{"a":-Infinity,"v":1}',
        b'{"a":-0,"v":1}',
        b'{"a":9007199254740993,"v":1}',
        b'{"a":-9007199254740993,"v":1}',
        b'{"a":' + b"9" * 6000 + b',"v":1}',
        b'{"a":"\\u0041","v":1}',
        b'{"a":"\\/","v":1}',
        b'{"a":"\\ud800","v":1}',
        b'{"a":"\xed\xa0\x80","v":1}',
        b'{"a":"\xff","v":1}',
        b'{"a":"\x00","v":1}',
        b'{"v":1,"a":1}',
        b'{"v":1}{"v":1}',
        b'{"v":1',
        b"[" * 100_000,
        b'{"a":' * 50_000,
    ],
)
def test_refused(raw: bytes) -> None:
    with pytest.raises(Corrupt, match="a thing is not a valid record"):
        decode(raw, what="a thing")


def test_the_limits_of_integers() -> None:
    record = {"v": 1, "a": [MAX_INTEGER, -MAX_INTEGER]}
    assert decode(encode(record), what="it") == record
    for number in (MAX_INTEGER + 1, -MAX_INTEGER - 1):
        with pytest.raises(ValueError, match="out of range"):
            encode({"v": 1, "a": number})


@pytest.mark.parametrize(
    "value", [1.0, float("nan"), b"bytes", (1,), {1: 2}, {"\ud800": 1}, "\udcff", {1, 2}]
)
def test_never_encoded(value: object) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 (what it says differs)
        encode({"v": 1, "a": value})


def test_escapes_are_the_shortest() -> None:
    text = '\x00\x1f"\\/\x7f\u2028\U0001f600\n'
    assert encode({"v": 1, "a": text}) == (
        b'{"a":"\\u0000\\u001f\\"\\\\/\x7f\xe2\x80\xa8\xf0\x9f\x98\x80\\n","v":1}'
    )


def test_newer_versions() -> None:
    with pytest.raises(TooNew, match="a thing has format version 2"):
        decode(b'{"v":2}', what="a thing")
    assert decode(b'{"v":2}', what="a thing", version=2) == {"v": 2}
