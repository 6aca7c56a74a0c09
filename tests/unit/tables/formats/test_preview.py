import datetime as dt
import unicodedata
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dsv.errors import NotFound
from dsv.tables.formats.preview import NULL, WIDTH, decode, escape, preview
from tests.unit.tables.formats.text_fixtures import MemoryTable


def cells(values: Any, kind: Any = None) -> list[str]:
    table = pa.table({"a": pa.array(values, kind)})
    return [row[0] for row in preview(MemoryTable(table), rows=len(values)).rows]


def test_a_preview_has_names_types_rows_and_total() -> None:
    table = pa.table({"a": range(9), "b\n": ["x"] * 9})
    found = preview(MemoryTable(table), rows=4)
    assert found.names == ("a", "b\\n")
    assert found.types == ("int64", "utf8")
    assert found.rows == (("0", "x"), ("1", "x"), ("2", "x"), ("3", "x"))
    assert (found.total, found.more) == (9, True)


def test_only_the_first_batches_are_read() -> None:
    reader = MemoryTable(pa.table({"a": range(100)}), batch=3)
    preview(reader, rows=5)
    assert reader.taken == 2


@pytest.mark.parametrize(
    ("rows", "shown", "more"), [(0, 0, True), (5, 5, True), (6, 6, False), (9, 6, False)]
)
def test_whether_there_is_more(rows: Any, shown: Any, more: Any) -> None:
    found = preview(MemoryTable(pa.table({"a": range(6)})), rows=rows)
    assert (len(found.rows), found.more) == (shown, more)


def test_columns_are_chosen() -> None:
    reader = MemoryTable(pa.table({"a": [1], "b": [2], "c": [3]}))
    assert preview(reader, columns=["c", "a"]).rows == (("3", "1"),)
    with pytest.raises(NotFound):
        preview(reader, columns=["z"])


@pytest.mark.parametrize(
    ("values", "kind", "shown"),
    [
        ([None, "", NULL, " a", "a b"], None, [NULL, '""', f'"{NULL}"', '" a"', "a b"]),
        ([1.0, 0.1 + 0.2, 1e300, -0.0, 123456.789, float("nan")], None,
         ["1.0", "0.3", "1e+300", "-0.0", "123457", "nan"]),
        ([b"\x00\xff", b"x" * 30], None, ["<00ff> 2 B", f"<{'78' * 24}…> 30 B"]),
        ([True, None], None, ["true", NULL]),
        ([[1, None], [], list(range(30))], None,
         ["[1, null]", "[]", "[" + ", ".join(map(str, range(18))) + ", …"]),
        ([{"x": "a", "y": [1.5]}], None, ['{x: "a", y: [1.5]}']),
        ([[("k", 1)]], pa.map_(pa.string(), pa.int8()), ['{"k": 1}']),
        ([dt.datetime(2020, 1, 2, tzinfo=dt.UTC)], pa.timestamp("ns", "UTC"), ["2020-01-02 00:00:00Z"]),
        ([2**62], pa.timestamp("s"), None),
        ([dt.date(2020, 1, 2)], None, ["2020-01-02"]),
        (["a", None], pa.dictionary(pa.int8(), pa.string()), ["a", NULL]),
        ([["a"]], pa.list_(pa.dictionary(pa.int8(), pa.string())), ['["a"]']),
    ],
)  # fmt: skip
def test_values_are_shown_short(values: Any, kind: Any, shown: Any) -> None:
    found = cells(values, kind)
    if shown is None:
        assert all(found)
    elif "…" in found[-1] and "<" not in shown[-1] and found[-1] != shown[-1]:
        assert found[-1].endswith("…")
        assert len(found[-1]) <= WIDTH
    elif "<" in shown[-1]:
        assert found[0] == shown[0]
    else:
        assert found == shown


def test_values_that_stand_for_others_are_shown_as_these() -> None:
    union = pa.UnionArray.from_sparse(
        pa.array([0, 1, 0], pa.int8()), [pa.array([[1], None, None]), pa.array(["a", "b", "c"])]
    )
    runs = pa.RunEndEncodedArray.from_arrays(pa.array([2, 3], pa.int32()), pa.array([[1, 2], None]))
    inside = pa.StructArray.from_arrays([union, runs], ["u", "r"])
    found = preview(MemoryTable(pa.table({"u": union, "s": inside})))
    assert [row[0] for row in found.rows] == ["[1]", '"b"', NULL]
    assert [row[1] for row in found.rows] == [
        "{u: [1], r: [1, 2]}",
        '{u: "b", r: [1, 2]}',
        "{u: null, r: null}",
    ]
    assert decode(found.encode()) == found


def test_text_that_is_not_unicode_is_shown_all_the_same() -> None:
    broken = pa.Array.from_buffers(
        pa.string(), 1, [None, pa.array([0, 2], pa.int32()).buffers()[1], pa.py_buffer(b"a\xff")]
    )
    assert [row[0] for row in preview(MemoryTable(pa.table({"a": broken}))).rows] == ["a\ufffd"]


@settings(max_examples=100)
@given(st.lists(st.none() | st.text(max_size=90), min_size=1, max_size=5))
def test_nothing_that_is_shown_can_drive_a_terminal(values: Any) -> None:
    table = pa.table(
        {"a": values, "b": [[value] for value in values], "c": [{"\x1b": value} for value in values]}
    )
    for row in preview(MemoryTable(table)).rows:
        for text in row:
            assert all(unicodedata.category(character) not in {"Cc", "Cs", "Co", "Cn"} for character in text)
            assert "\u202e" not in text
            width = sum(2 if unicodedata.east_asian_width(character) in "WF" else 1 for character in text)
            assert width <= WIDTH


@pytest.mark.parametrize(
    ("text", "safe"),
    [
        ("a\x1b[31m", "a\\x1b[31m"),
        ("\x9b", "\\x9b"),
        ("\u202e", "\\u202e"),
        ("\x7f", "\\x7f"),
        ("é中", "é中"),
    ],
)
def test_escapes(text: Any, safe: Any) -> None:
    assert escape(text) == safe
