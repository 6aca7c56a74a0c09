"""Two results beside each other: never called the same, or the same within a policy, if they are not."""

import json
from collections.abc import Callable, Mapping
from itertools import count
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dsv.model.checkpoint import Checkpoint
from dsv.model.policy import IGNORE, TABLE, UNORDERED, Policy
from dsv.model.verdict import VerdictStatus
from dsv.render.evidence_words import details, reason
from dsv.runs.rebuild.clean_folder import Result
from dsv.runs.rebuild.folder_view import FolderView
from dsv.runs.rebuild.side_by_side import Judgement, compare
from dsv.worktree.sink import HashSink
from tests.unit.workspace_fixtures import Workshop

Rows = list[tuple[int, float]]
Compare = Callable[[Mapping[str, Any], Mapping[str, Any], Policy], Judgement]

ROWS: Rows = [(1, 1.0), (2, 2.5), (3, 4.0)]


@pytest.fixture(scope="module")
def beside(tmp_path_factory: pytest.TempPathFactory) -> Compare:
    """Compare two folders, given as tables (or bytes) by path."""
    shop = Workshop(tmp_path_factory.mktemp("shop") / "w")
    workspace, numbers = shop.workspace, count()

    def laid(files: Mapping[str, Any]) -> Result:
        folder = shop.root.parent / f"laid{next(numbers)}"
        for name, table in files.items():
            path = folder / "d" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(table) if isinstance(table, bytes) else pq.write_table(table, path)
        there, sink = FolderView(workspace, folder), HashSink()
        seen = there.worktree.look("d", sink)
        there.worktree.remember_nodes(sink)
        return Result(
            there, "d", Checkpoint(seen.content, seen.kind, seen.size, seen.files, None, seen.content)
        )

    return lambda before, after, policy: compare(laid(before), laid(after), policy)


def table(rows: Rows, **entries: Any) -> pa.Table:
    columns = {
        "k": pa.array([k for k, _ in rows], pa.int64()),
        "v": pa.array([v for _, v in rows], pa.float64()),
    }
    return pa.table(columns).replace_schema_metadata({key: json.dumps(one) for key, one in entries.items()})


def labels(*names: str) -> dict[str, Any]:
    return {"huggingface": {"info": {"features": {"k": {"names": list(names), "_type": "ClassLabel"}}}}}


TURNED = [ROWS[1], ROWS[0], ROWS[2]]
NEAR = [(k, v + 1e-12) for k, v in ROWS]
SPLITS = {"train/data-0.parquet": table(ROWS), "test/data-0.parquet": table(ROWS[:2])}


@pytest.mark.parametrize(
    ("policy", "rows", "status"),
    [
        (Policy(), TURNED, VerdictStatus.DIFFERENT),
        (Policy(UNORDERED), TURNED, VerdictStatus.CLOSE),
        (Policy(UNORDERED, key=("k",)), NEAR, VerdictStatus.DIFFERENT),
        (Policy(tolerance=1e-9), NEAR, VerdictStatus.CLOSE),
        (Policy(tolerance=1e-9), TURNED, VerdictStatus.DIFFERENT),
        (Policy(UNORDERED, 1e-9, key=("k",)), NEAR[::-1], VerdictStatus.CLOSE),
        (Policy(ignore_columns=frozenset({"v"})), NEAR, VerdictStatus.CLOSE),
        (Policy(ignore_columns=frozenset({"k"})), NEAR, VerdictStatus.DIFFERENT),
        (Policy(UNORDERED, key=("nothing",)), TURNED, VerdictStatus.FAILED),
    ],
)
def test_a_policy_is_applied_to_each_table_of_a_folder(
    beside: Compare, policy: Policy, rows: Rows, status: VerdictStatus
) -> None:
    found = beside(SPLITS, SPLITS | {"train/data-0.parquet": table(rows)}, policy)
    assert found.status is status, found
    if not found.good:
        assert reason(found.evidence).startswith("train/data-#.parquet: ")


def test_each_table_that_differs_is_told(beside: Compare) -> None:
    after = {"train/data-0.parquet": table(TURNED), "test/data-0.parquet": table(ROWS[1:])}
    found = beside(SPLITS, after, Policy())
    assert reason(found.evidence).startswith("2 of its 2 tables differ, first test/data-#.parquet: ")
    assert "train/data-#.parquet: same rows in another order" in details(found.evidence)


def test_rows_do_not_move_between_splits_unseen(beside: Compare) -> None:
    after = {"train/data-0.parquet": table(ROWS[:2]), "test/data-0.parquet": table(ROWS)}
    assert beside(SPLITS, after, Policy(UNORDERED)).status is VerdictStatus.DIFFERENT


def test_a_table_that_is_missing_or_new(beside: Compare) -> None:
    fewer = {"train/data-0.parquet": SPLITS["train/data-0.parquet"]}
    for policy in (Policy(), Policy(UNORDERED)):
        assert "test/data-#.parquet: it is missing" in reason(beside(SPLITS, fewer, policy).evidence)
        assert "test/data-#.parquet: it is new" in reason(beside(fewer, SPLITS, policy).evidence)


def test_names_of_partitions_count_unless_order_does_not(beside: Compare) -> None:
    parts = {f"k={k}/part-{k}-{name}.parquet": table(ROWS[:k]) for k, name in ((1, "ab"), (2, "cd"))}
    other = {f"k={k}/part-{k}-{name}.parquet": table(ROWS[:k][::-1]) for k, name in ((1, "ef"), (2, "ba"))}
    assert beside(parts, other, Policy()).status is VerdictStatus.DIFFERENT
    found = beside(parts, other, Policy(UNORDERED))
    assert (found.status, reason(found.evidence)) == (
        VerdictStatus.CLOSE,
        "same rows in any order; files have other names",
    )


def test_other_metadata_has_a_status_of_its_own(beside: Compare) -> None:
    before, after = ({"a.parquet": table(ROWS, **labels(*names))} for names in ("np", "pn"))
    found = beside(before, after, Policy())
    assert (found.status, found.good) == (VerdictStatus.EQUAL_BUT_FOR_METADATA, False)
    assert reason(found.evidence) == 'metadata: features.k.names[0]: "n" before, "p" after'
    ignored = beside(before, after, Policy(metadata=IGNORE))
    assert (ignored.status, ignored.good) == (VerdictStatus.EQUAL_BUT_FOR_METADATA, True)
    assert beside(before, after, Policy(ignore_columns=frozenset({"k"}))).good
    assert (
        list(VerdictStatus).index(VerdictStatus.EQUAL)
        < list(VerdictStatus).index(found.status)
        < list(VerdictStatus).index(VerdictStatus.CLOSE)
    )


def test_what_is_close_needs_the_same_metadata(beside: Compare) -> None:
    before, after = {"a.parquet": table(ROWS, **labels("n"))}, {"a.parquet": table(TURNED, **labels("m"))}
    found = beside(before, after, Policy(UNORDERED))
    assert found.status is VerdictStatus.DIFFERENT
    assert "other metadata: features.k.names[0]" in reason(found.evidence)
    assert beside(before, after, Policy(UNORDERED, metadata=IGNORE)).status is VerdictStatus.CLOSE


def test_files_of_a_folder_that_are_no_tables(beside: Compare) -> None:
    one = {"a.parquet": table(ROWS)}
    for name, status in (
        ("_SUCCESS", VerdictStatus.EQUAL),
        ("_labels.json", VerdictStatus.EQUAL_BUT_FOR_METADATA),
    ):
        assert beside(one | {name: b"1"}, one | {name: b"2"}, Policy()).status is status
    info = {"state.json": b'{"_fingerprint": "1"}'}, {"state.json": b'{"_fingerprint": "2"}'}
    assert beside(one | info[0], one | info[1], Policy()).status is VerdictStatus.EQUAL


MEANINGS = st.sampled_from([("n", "p"), ("p", "n")])
VALUES = st.lists(st.tuples(st.integers(0, 2), st.sampled_from([0.0, -0.0, 1.0])), max_size=4)
FOLDERS = st.dictionaries(
    st.sampled_from(["a/x.parquet", "b/x.parquet"]), st.tuples(VALUES, MEANINGS), min_size=1
)


@settings(max_examples=60, deadline=None)
@given(before=FOLDERS, after=FOLDERS, kind=st.sampled_from([TABLE, UNORDERED]))
def test_nothing_is_falsely_called_the_same(beside: Compare, before: Any, after: Any, kind: str) -> None:
    def files(folder: Any, writer: str) -> dict[str, Any]:
        return {
            name: table(rows, **labels(*names), created_by=writer) for name, (rows, names) in folder.items()
        }

    found = beside(files(before, "one"), files(after, "two"), Policy(kind))

    def key(rows: Rows) -> list[tuple[int, str]]:
        shown = [(k, repr(v)) for k, v in rows]
        return sorted(shown) if kind == UNORDERED else shown

    alone = len(before) == len(after) == 1  # a folder that is one table is called what it likes
    names = not alone and before.keys() != after.keys()
    pairs = list(
        zip(
            (one for _, one in sorted(before.items())),
            (one for _, one in sorted(after.items())),
            strict=False,
        )
    )
    same = (
        not names and len(before) == len(after) and all(key(one[0]) == key(other[0]) for one, other in pairs)
    )
    meaning = all(one[1] == other[1] for one, other in pairs)
    assert found.good == (same and meaning), (found, before, after)
    assert (found.status is VerdictStatus.EQUAL_BUT_FOR_METADATA) <= (same and not meaning)
