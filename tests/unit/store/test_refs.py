import itertools
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dsv.errors import Corrupt, TooNew
from dsv.hashing import checksum
from dsv.ids import ObjectId
from dsv.model import canonical
from dsv.store import refs
from dsv.store.refs import IndexRef, Local, Moving, Refs

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
IDS = st.binary(min_size=32, max_size=32).map(lambda digest: ObjectId(digest.hex()))
COUNTS = st.integers(0, 2**53)
NAMES = st.dictionaries(TEXT, IDS, max_size=3)
LOCALS = st.builds(
    Local,
    branch=st.none() | TEXT,
    detached=st.none() | IDS,
    staged=st.none() | IDS,
    present=st.none() | IDS,
    moving=st.none() | st.builds(Moving, st.none() | IDS, st.none() | IDS, st.none() | IDS),
    remotes=NAMES,
    oplog=st.tuples(COUNTS, TEXT),
    git_branch=st.none() | TEXT,
    lock_due=st.booleans(),
    dropped=st.lists(IDS, max_size=2).map(tuple),
    horizon=COUNTS,
)
ALL = st.builds(
    Refs,
    branches=NAMES,
    tags=NAMES,
    indexes=st.lists(st.builds(IndexRef, IDS, COUNTS, COUNTS, st.booleans()), max_size=3).map(tuple),
    condemned=st.dictionaries(IDS, COUNTS, max_size=2),
    writes=st.lists(TEXT, max_size=3).map(tuple),
    default=TEXT,
    epoch=COUNTS,
    local=st.none() | LOCALS,
)

A, B = ObjectId("a" * 64), ObjectId("b" * 64)
SOME = Refs(
    {"main": A},
    {"v1": B},
    (IndexRef(A, 1, 2, data=True),),
    {A: 3},
    ("w",),
    "main",
    4,
    Local(moving=Moving(A, None), oplog=(1, "x"), dropped=(A,), remotes={"o/main": A}),
)


@given(ALL)
def test_what_was_encoded_is_decoded(found: Refs) -> None:
    data = found.encode()
    assert Refs.decode(data) == found
    assert Refs.decode(data).encode() == data


@given(ALL, st.data())
def test_no_flipped_bit_passes(found: Refs, data: st.DataObject) -> None:
    raw = bytearray(found.encode())
    raw[data.draw(st.integers(0, len(raw) - 1))] ^= 1 << data.draw(st.integers(0, 7))
    with pytest.raises((Corrupt, TooNew)):
        Refs.decode(bytes(raw))


def sealed(record: dict[str, Any]) -> bytes:
    """Return a record of refs with the checksum that belongs to it."""
    record = {name: value for name, value in record.items() if name != "check"}
    return canonical.encode({**record, "check": f"{checksum(canonical.encode(record)):016x}"})


ODD: tuple[object, ...] = (None, True, -1, "1", "x", [], {}, ["x"], [[]], {"x": "y"}, {"main": 1}, [1], 2**53)


def test_every_field_is_checked() -> None:
    good = canonical.decode(SOME.encode(), what="refs")
    fields = [("", name) for name in good if name not in {"v", "check"}]
    fields += [("local", name) for name in good["local"]]
    for (inside, name), value in itertools.product(fields, ODD):
        part = good[inside] if inside else good
        changed = {**part, name: value}
        data = sealed({**good, inside: changed} if inside else changed)
        try:
            found = Refs.decode(data)
        except Corrupt:
            continue
        assert found.encode() == data or (name, value) == ("local", None), (name, value)


@pytest.mark.parametrize("name", ["branches", "tags", "indexes", "condemned", "writes", "default", "epoch"])
def test_nothing_may_be_missing(name: str) -> None:
    good = canonical.decode(SOME.encode(), what="refs")
    del good[name]
    with pytest.raises(Corrupt, match="not a valid refs object"):
        Refs.decode(sealed(good))


def test_a_newer_format() -> None:
    good = canonical.decode(SOME.encode(), what="refs")
    with pytest.raises(TooNew):
        Refs.decode(sealed({**good, "v": 2}))


def test_a_file_that_is_no_refs() -> None:
    for data in (b"", b"{}", b"\0" * 100, SOME.encode()[:-1], SOME.encode() + b" "):
        with pytest.raises(Corrupt):
            Refs.decode(data)


def test_too_large_a_file_is_not_parsed() -> None:
    with pytest.raises(Corrupt, match="more than any dsv writes"):
        Refs.decode(b" " * (refs.MAX_BYTES + 1))


def test_head() -> None:
    assert Refs().head is None
    assert Refs({"main": A}, local=Local()).head == A
    assert Refs({"main": A}, local=Local(branch="other")).head is None
    assert Refs({"main": A}, local=Local(branch=None, detached=B)).head == B


def test_only_the_last_writes_are_kept() -> None:
    many = Refs(writes=tuple(map(str, range(100))))
    assert Refs.decode(many.encode()).writes == tuple(map(str, range(36, 100)))
