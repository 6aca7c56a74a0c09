from functools import partial
from typing import Any

import pyarrow as pa
import pyarrow.ipc
import pyarrow.parquet as pq
import pytest

from dsv.errors import NoTable
from dsv.tables.facts.compute import compute
from dsv.tables.facts.folder import Member, folder_tables, is_skipped
from dsv.tables.formats.file_source import FileSource
from dsv.tables.formats.open_table import open_table

TABLE = pa.table({"a": range(1000), "s": [str(i) for i in range(1000)]})


@pytest.fixture
def tables(tmp_path: Any) -> Any:
    def write(files: Any) -> Any:
        for name, table in files.items():
            path = tmp_path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            if isinstance(table, bytes):
                path.write_bytes(table)
            elif name.endswith(".arrow"):
                with pa.ipc.new_stream(path, table.schema) as writer:
                    writer.write_table(table)
            else:
                pq.write_table(table, path)
        return folder_tables([Member(name, partial(FileSource, tmp_path / name)) for name in files])

    return write


def whole_id(tmp_path: Any) -> Any:
    pq.write_table(TABLE, tmp_path / "whole.parquet")
    with FileSource(tmp_path / "whole.parquet") as source:
        return compute(open_table(source)).table


def test_shards_of_one_table_have_its_id(tables: Any, tmp_path: Any) -> None:
    large = TABLE.slice(400, 500).cast(pa.schema([("a", pa.int64()), ("s", pa.large_string())]))
    found = tables(
        {
            "part-00002.parquet": TABLE.slice(900),
            "part-00000.parquet": TABLE.slice(0, 400),
            "part-00001.parquet": large,
            "_SUCCESS": b"",
            ".hidden": b"x",
            "_meta/x.json": b"{}",
            "state.json": b"{}",
        }
    )
    assert found.id == whole_id(tmp_path)
    assert (found.rows, [group.pattern for group in found.groups]) == (1000, ["part-#.parquet"])


def test_save_to_disk_is_one_table(tables: Any, tmp_path: Any) -> None:
    found = tables(
        {
            "data-00000-of-00002.arrow": TABLE.slice(0, 300),
            "data-00001-of-00002.arrow": TABLE.slice(300),
            "dataset_info.json": b"{}",
            "state.json": b"{}",
        }
    )
    assert found.id == whole_id(tmp_path)


def test_rows_cannot_move_between_splits_unseen(tables: Any) -> None:
    one = tables({"train/0.parquet": TABLE.slice(0, 600), "test/0.parquet": TABLE.slice(600)})
    other = tables({"train/0.parquet": TABLE.slice(0, 500), "test/0.parquet": TABLE.slice(500)})
    assert one.id != other.id
    assert [(group.folder, group.pattern) for group in one.groups] == [
        ("test", "#.parquet"),
        ("train", "#.parquet"),
    ]


def test_other_schemas_are_other_tables(tables: Any) -> None:
    found = tables({"p-0.parquet": TABLE, "p-1.parquet": TABLE.select(["a"])})
    assert len(found.groups) == 2


@pytest.mark.parametrize(
    ("files", "reason"),
    [
        ({}, "no table"),
        ({"a.parquet": TABLE, "b.jpg": b"\xff\xd8"}, "b.jpg"),
        ({"a.parquet": b"x"}, "a.parquet"),
    ],
)
def test_anything_else_in_it_and_a_folder_is_no_table(tables: Any, files: Any, reason: Any) -> None:
    with pytest.raises(NoTable, match=reason):
        tables(files)


def test_names_that_are_skipped() -> None:
    assert is_skipped("_delta_log/0.json")
    assert is_skipped("a/.crc")
    assert not is_skipped("a/b_.parquet")
