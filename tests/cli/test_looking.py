"""log, show, ls, cat, head, schema."""

import csv
import io
import json
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from dsv import ids
from dsv.hashing import file_id
from tests.cli.face_fixtures import Face

FIRST = "a,b\n1,x\n2,y\n"
SECOND = "a,b\n1,x\n2,y\n3,\n"


@pytest.fixture
def dsv2(dsv: Face) -> Face:
    """A workspace with two commits: a CSV that grew, and a folder."""
    path = dsv.folder / "data" / "trips.csv"
    path.parent.mkdir()
    path.write_text(FIRST, encoding="utf-8")
    (dsv.folder / "images" / "sub").mkdir(parents=True)
    (dsv.folder / "images" / "a.bin").write_bytes(b"\x00\x01\xff")
    (dsv.folder / "images" / "sub" / "b.txt").write_text("b", encoding="utf-8")
    (dsv.folder / "images" / "link").symlink_to("a.bin")
    dsv.ok("add", "data/trips.csv", "images")
    dsv.ok("commit", "-m", "first")
    dsv.ok("tag", "v1")
    path.write_text(SECOND, encoding="utf-8")
    dsv.ok("commit", "-am", "second\n\nwith reasons")
    return dsv


def test_log_newest_first(dsv2: Face) -> None:
    commits = dsv2.json("log")["commits"]
    assert [one["message"] for one in commits] == ["second\n\nwith reasons", "first"]
    assert commits[0]["parents"] == [commits[1]["id"]]
    assert [one["datasets"] for one in commits] == [["data/trips.csv"], ["data/trips.csv", "images"]]
    assert commits[0]["names"] == ["HEAD", "main"]
    assert commits[1]["names"] == ["tag: v1"]


def test_log_of_a_path_a_revision_or_both(dsv2: Face) -> None:
    def messages(*words: str) -> list[str]:
        return [one["message"].partition("\n")[0] for one in dsv2.json("log", *words)["commits"]]

    assert messages("images") == ["first"]
    assert messages("v1") == ["first"]
    assert messages("main", "data") == ["second", "first"]
    assert messages("-n", "1") == ["second"]
    assert messages("-n", "0") == []


def test_log_as_text(dsv2: Face) -> None:
    out = dsv2.ok("log")
    assert "author: Ada <ada@example.org>\n" in out
    assert "\n    second\n\n    with reasons\n" in out
    lines = dsv2.ok("log", "--oneline").splitlines()
    assert [line.split(" ", 1)[1] for line in lines] == ["(HEAD, main) second", "(tag: v1) first"]
    assert dsv2.ok("log", "--graph", "--oneline").splitlines()[0].startswith("*  ")


def test_log_before_the_first_commit(dsv: Face) -> None:
    assert dsv.json("log") == {"v": 1, "commits": []}
    done = dsv("log")
    assert (done.code, done.out) == (0, "")
    assert "no commits yet" in done.err


def test_a_word_that_is_neither_or_both(dsv2: Face) -> None:
    assert dsv2.fails("log", "nonsense", code=3)["kind"] == "not-found"
    assert "is a dataset" in dsv2.fails("branch", "images", code=3)["message"]
    dsv2.ok("branch", "pictures")
    dsv2.ok("mv", "images", "pictures")
    dsv2.ok("commit", "-m", "third")
    assert dsv2.fails("log", "pictures", code=3)["kind"] == "ambiguous"
    assert dsv2.ok("log", "--oneline", "pictures", "--").count("\n") == 2
    assert dsv2.ok("log", "--oneline", "--", "pictures").count("\n") == 1


def test_a_path_that_is_gone_needs_dashes(dsv2: Face) -> None:
    dsv2.ok("rm", "images")
    dsv2.ok("commit", "-m", "third")
    assert "--" in dsv2.fails("log", "images", code=3)["hint"]
    assert dsv2.ok("log", "--oneline", "--", "images").count("\n") == 2


def test_show_a_checkpoint(dsv2: Face) -> None:
    shown = dsv2.json("show", "data/trips.csv@v1")["checkpoint"]
    assert shown["content"] == file_id(FIRST.encode())
    assert (shown["kind"], shown["rows"], shown["size"], shown["files"]) == ("file", 2, len(FIRST), 1)
    assert len(shown["table"]) == 64
    assert [(one["name"], one["type"]) for one in shown["columns"]] == [("a", "int64"), ("b", "utf8")]
    out = dsv2.ok("show", "data/trips.csv@v1")
    assert out.startswith(f"table    {shown['table']}\n")


def test_show_what_is_no_table(dsv2: Face) -> None:
    shown = dsv2.json("show", "images")["checkpoint"]
    assert (shown["kind"], shown["table"], shown["rows"], shown["files"]) == ("dir", None, None, 2)
    assert shown["no_table"]


def test_show_a_commit(dsv2: Face) -> None:
    document = dsv2.json("show")
    assert document["commit"]["message"].startswith("second")
    assert document["changes"] == [{"path": "data/trips.csv", "change": "modified"}]
    assert dsv2.json("show", "v1")["commit"]["message"] == "first"
    assert "data/trips.csv" in dsv2.ok("show", "main~1")


def test_ls(dsv2: Face) -> None:
    assert [one["path"] for one in dsv2.json("ls")["datasets"]] == ["data/trips.csv", "images"]
    assert [one["path"] for one in dsv2.json("ls", "data")["datasets"]] == ["data/trips.csv"]
    assert dsv2.json("ls", "@v1")["datasets"][0]["content"] == file_id(FIRST.encode())
    files = dsv2.json("ls", "images@v1")["files"]
    assert [(one["path"], one["kind"], one["size"]) for one in files] == [
        ("a.bin", "file", 3),
        ("link", "link", None),
        ("sub/", "dir", None),
    ]
    assert [one["path"] for one in dsv2.json("ls", "images@v1:sub")["files"]] == ["b.txt"]
    assert "link" in dsv2.ok("ls", "images")
    dsv2.fails("ls", "nothing", code=3)


def test_cat_gives_exact_bytes(dsv2: Face) -> None:
    assert dsv2("cat", "data/trips.csv@v1").raw == FIRST.encode()
    assert dsv2("cat", "data/trips.csv").raw == SECOND.encode()
    assert dsv2("cat", "images@HEAD:a.bin").raw == b"\x00\x01\xff"
    assert dsv2("cat", "images/sub/b.txt").raw == b"b"
    done = dsv2("cat", "images")
    assert (done.code, done.raw) == (3, b"")
    assert dsv2("cat", "data/trips.csv@nowhere").code == 3


def test_cat_converts_tables(dsv2: Face) -> None:
    def data(form: str) -> bytes:
        return dsv2("cat", "data/trips.csv", "--format", form).raw

    wanted = {"a": [1, 2, 3], "b": ["x", "y", None]}
    assert pa.ipc.open_stream(data("arrow")).read_all().to_pydict() == wanted
    assert pq.read_table(io.BytesIO(data("parquet"))).to_pydict() == wanted
    rows: list[dict[str, Any]] = [json.loads(line) for line in data("jsonl").splitlines()]
    assert [row["a"] for row in rows] == [1, 2, 3]
    assert next(csv.reader(io.StringIO(data("csv").decode()))) == ["a", "b"]


def test_cat_keeps_binary_off_terminals(dsv2: Face) -> None:
    done = dsv2("cat", "data/trips.csv", "--format", "parquet", terminal=True)
    assert (done.code, done.raw) == (2, b"")


def test_head_shows_rows(dsv2: Face) -> None:
    document = dsv2.json("head", "data/trips.csv", "-n", "2")
    assert document["rows"] == [[1, "x"], [2, "y"]]
    assert document["more"] is True
    assert dsv2.json("head", "data/trips.csv", "--columns", "b")["rows"] == [["x"], ["y"], ["·"]]
    assert dsv2.ok("head", "data/trips.csv").splitlines() == ["a  b", "1  x", "2  y", "3  ·"]
    assert "·" in dsv2("head", "data/trips.csv", terminal=True).out
    assert dsv2.fails("head", "data/trips.csv", "--columns", "zzz", code=3)["kind"] == "not-found"
    error = dsv2.fails("head", "images", code=3)
    assert error["kind"] == "no-table"
    assert error["message"].startswith("images is no table: ")


def test_schema_is_that_of_the_facts(dsv2: Face) -> None:
    document = dsv2.json("schema", "data/trips.csv")
    assert document["table"] == dsv2.json("show", "data/trips.csv")["checkpoint"]["table"]
    assert [(one["name"], one["nulls"], one["min"], one["max"]) for one in document["columns"]] == [
        ("a", 0, 1, 3),
        ("b", 1, "x", "y"),
    ]
    assert "int64" in dsv2.ok("schema", "data/trips.csv")


def test_a_parquet_file_has_the_table_id_of_its_csv(dsv2: Face) -> None:
    table = pa.table({"a": pa.array([1, 2], pa.int64()), "b": ["x", "y"]})
    pq.write_table(table, dsv2.folder / "t.parquet")
    dsv2.ok("add", "t.parquet")
    first = dsv2.json("show", "data/trips.csv@v1")["checkpoint"]
    assert dsv2.json("show", "t.parquet")["checkpoint"]["table"] == first["table"]


def test_a_folder_of_several_tables_names_each(dsv: Face) -> None:
    for name in ("train-0.csv", "train-1.csv", "test/test-0.csv"):
        path = dsv.folder / "splits" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("a,b\n1,x\n" if "train" in name else "c\n1\n", encoding="utf-8")
    dsv.ok("add", "splits")
    shown = dsv.json("show", "splits")["checkpoint"]
    assert shown["rows"] == 3
    assert shown["columns"] == []
    assert {(one["folder"], one["rows"]) for one in shown["tables"]} == {("", 2), ("test", 1)}
    assert "train-#.csv" in dsv.ok("schema", "splits")


def test_numbers_are_numbers_in_json(dsv: Face) -> None:
    columns = {
        "i": pa.array([2**60 + 1, None], pa.int64()),
        "u": pa.array([255, 0], pa.uint8()),
        "f": pa.array([0.1234567890123, float("inf")]),
        "d": pa.array([1, 2], pa.decimal128(5, 2)),
        "s": ["1", None],
        "b": [True, False],
    }
    pq.write_table(pa.table(columns), dsv.folder / "t.parquet")
    dsv.ok("add", "t.parquet")
    head = dsv.json("head", "t.parquet")["rows"]
    assert head == [
        [2**60 + 1, 255, 0.1234567890123, "1.00", "1", "true"],
        [None, 0, "inf", "2.00", "·", "false"],
    ]
    found = {
        one["name"]: (one["min"], one["max"])
        for one in dsv.json("show", "t.parquet")["checkpoint"]["columns"]
    }
    assert found["i"] == (2**60 + 1, 2**60 + 1)
    assert found["u"] == (0, 255)
    assert found["f"] == (0.1234567890123, "inf")
    assert found["d"] == ("1.00", "2.00")


def test_head_of_a_folder_names_its_tables_and_show_goes_into_it(dsv: Face) -> None:
    for name, text in (("train/0.csv", "a\n1\n"), ("train/1.csv", "a\n2\n"), ("test/0.csv", "b\n1\n")):
        path = dsv.folder / "splits" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    (dsv.folder / "splits" / "train" / "latest").symlink_to("1.csv")
    dsv.ok("add", "splits")
    error = dsv.fails("head", "splits", code=3)
    assert "test/#.csv, train/#.csv" in error["message"]
    assert error["hint"] == "dsv head splits/test"
    assert dsv.json("head", "splits/test")["names"] == ["b"]
    part = dsv.json("show", "splits/train")["checkpoint"]
    assert (part["path"], part["kind"], part["rows"], part["files"], part["links"], part["size"]) == (
        "splits/train", "dir", 2, 2, 1, 8,
    )  # fmt: skip
    assert part["table"] == dsv.json("schema", "splits/train")["table"]
    assert dsv.json("show", "splits/train/1.csv")["checkpoint"]["rows"] == 1
    whole = dsv.json("show", "splits")["checkpoint"]
    assert (whole["files"], whole["links"], whole["rows"]) == (3, 1, 3)
    assert "3 files, 1 link" in dsv.ok("show", "splits")
    dsv.fails("show", "splits/nothing", code=3)


def test_ids_of_commits_are_as_long_as_they_must_be(dsv: Face, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ids, "SHORT", 1)
    for number in range(17):  # of which two begin alike
        (dsv.folder / "a").write_text(str(number), encoding="utf-8")
        dsv.ok("add", "a")
        dsv.ok("commit", "-m", f"commit {number}")
    whole = [one["id"] for one in dsv.json("log")["commits"]]
    shown = [line.split()[0] for line in dsv.ok("log", "--oneline").splitlines()]
    shown = [text for text in shown if text != "HEAD"]
    assert len(shown) == 17
    assert max(map(len, shown)) > 1
    for oid, text in zip(whole, shown, strict=True):
        assert [one for one in whole if one.startswith(text)] == [oid]
