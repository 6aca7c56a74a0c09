"""In the documents of all commands what is counted or measured is a number, and a moment is a time."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from dsv.cli import reference
from dsv.cli.app import COMMANDS
from dsv.render.shape import Maybe, Shape
from tests.cli.face_fixtures import Face

NUMBERS = {"int", "number"}
LOOSE = {"text", "any"}

MEASURED = re.compile(
    r"how (many|much|long|often)|\bbytes\b|\bsecond|\bfiles$|^commits to|counted up|number of|their size|percent"
)
"""What the meaning of a count, a size or a duration says."""

MOMENT = re.compile(r"^(when|time)\b")

OPEN = {
    "config.settings[].value",
    "head.rows[][]",
    "schema.columns[].min",
    "schema.columns[].max",
    "show.checkpoint?.columns[].min",
    "show.checkpoint?.columns[].max",
    "why.changes[].because[]",
}
"""Fields that may hold anything, for a reason that the description gives."""


def leaves(shape: Shape, at: str) -> Iterator[tuple[str, str, str]]:
    """Yield place, kind and meaning of every value in a document."""
    if isinstance(shape, Maybe):
        yield from leaves(shape.shape, at)
    elif isinstance(shape, str):
        kind, _, meaning = shape.partition(": ")
        yield at, kind.removesuffix("?"), meaning
    elif isinstance(shape, list):
        yield from leaves(shape[0], f"{at}[]")
    else:
        for name, inner in shape.items():
            yield from leaves(inner, f"{at}.{name}")


def documented() -> list[tuple[str, str, str]]:
    shapes = {name: reference.command(name).shape for name in COMMANDS}
    found = [leaf for name, shape in shapes.items() if shape is not None for leaf in leaves(shape, name)]
    assert len(found) > 200
    return found


def test_what_is_measured_is_a_number() -> None:
    wrong = [at for at, kind, meaning in documented() if MEASURED.search(meaning) and kind in LOOSE]
    assert wrong == []


def test_a_moment_is_a_time_or_a_number() -> None:
    wrong = [
        at for at, kind, meaning in documented() if MOMENT.search(meaning) and kind not in {"time", *NUMBERS}
    ]
    assert wrong == []


def test_a_name_that_means_a_number_means_one_everywhere() -> None:
    kinds: dict[str, set[str]] = {}
    for at, kind, _ in documented():
        kinds.setdefault(at.rpartition(".")[2].removesuffix("?"), set()).add(kind)
    assert {name: found for name, found in kinds.items() if found & NUMBERS and found & LOOSE} == {}


def test_only_few_values_are_left_open() -> None:
    assert {at for at, kind, _ in documented() if kind == "any"} == OPEN


def test_a_description_that_lies_is_found() -> None:
    lies = list(leaves({"size": "text: bytes of it", "at": "text: when", "n": "text?: how many"}, "x"))
    assert [bool(MEASURED.search(meaning)) for _, _, meaning in lies] == [True, False, True]
    assert MOMENT.search(lies[1][2])


@pytest.mark.parametrize(
    ("kind", "low", "high"),
    [
        (pa.int8(), -1, 2),
        (pa.int64(), -(2**63), 2**63 - 1),
        (pa.uint64(), 0, 2**64 - 1),
        (pa.float32(), 0.5, 1.5),
        (pa.float64(), 0.1 + 0.2, 1e300),
    ],
)
def test_cells_of_columns_of_numbers_are_numbers(
    dsv: Face, kind: pa.DataType, low: float, high: float
) -> None:
    table = pa.table({"n": pa.array([low, high, None], kind), "s": ["1", "2", "3"]})
    pq.write_table(table, dsv.folder / "t.parquet")
    dsv.ok("add", "t.parquet")
    dsv.ok("commit", "-m", "one")
    assert dsv.json("head", "t.parquet")["rows"] == [[low, "1"], [high, "2"], [None, "3"]]
    for document in (dsv.json("schema", "t.parquet"), dsv.json("show", "t.parquet")["checkpoint"]):
        column, text = document["columns"]
        assert (column["min"], column["max"], column["nulls"]) == (low, high, 1)
        assert type(column["min"]) is type(low)
        assert (text["min"], text["max"]) == ("1", "3")


def test_sizes_and_times_in_true_documents(dsv: Face, tmp_path: Path) -> None:
    (dsv.folder / "a.csv").write_text("x\n1\n")
    (tmp_path / "b.csv").write_text("x\n1\n")
    assert dsv.json("add", "a.csv")["staged"][0]["size"] == 4
    assert dsv.json("import", str(tmp_path / "b.csv"), "b.csv")["size"] == 4
    run = dsv("run", "--json", "-i", "a.csv", "-o", "c.csv", "--", "cp", "a.csv", "c.csv").document
    assert isinstance(run["seconds"], float)
    assert (run["command_exit"], run["outputs"][0]["size"]) == (0, 4)
    dsv.ok("commit", "-m", "one")
    verified = dsv.json("verify", "--level", "hashes")
    assert all(type(one["seconds"]) in (int, float) for one in verified["datasets"])
    dsv.ok("remote", "add", "origin", f"file://{tmp_path}/store")
    pushed = dsv.json("push")
    assert all(type(pushed["traffic"][name]) is int for name in ("requests", "sent", "received"))
    assert type(dsv.json("remote", "check", "origin")["dollars"]) is float
    assert not re.search(r'"\d+(\.\d+)?( ?[kMG]?B)?"', json.dumps(pushed))
