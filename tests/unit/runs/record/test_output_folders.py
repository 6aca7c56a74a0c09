from pathlib import Path

import pytest

from dsv.runs.record.output_folders import MANY, read_folders, written_folders


def put(root: Path, *paths: str) -> frozenset[str]:
    for path in paths:
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text("x")
    return frozenset(paths)


@pytest.mark.parametrize(
    ("written", "datasets"),
    [
        (["out.csv"], {"out.csv"}),
        (["data/a.parquet"], {"data/a.parquet"}),
        (["data/train.parquet", "data/test.parquet"], {"data/train.parquet", "data/test.parquet"}),
        (["data/made/a.csv.gz", "data/made/b.csv.gz"], {"data/made/a.csv.gz", "data/made/b.csv.gz"}),
        (["data/part-0.parquet"], {"data"}),
        (["data/a-0.csv", "data/a-1.csv"], {"data"}),
        (["data/a-0.csv", "data/a-1.csv", "data/b.csv"], {"data"}),
        (["set/state.json", "set/data-00000-of-00001.arrow"], {"set"}),
        (["set/train/0.parquet", "set/test/0.parquet"], {"set"}),
        (["by/year=2025/x.parquet"], {"by"}),
        (["pictures/cat.png", "pictures/dog.png"], {"pictures"}),
        ([f"many/{chr(65 + n)}x.csv" for n in range(MANY + 1)], {"many"}),
        (["data/set/state.json", "data/set/data-00000-of-00001.arrow"], {"data/set"}),
        (["data/deep/by/year=2025/x.parquet", "data/deep/by/year=2025/y.parquet"], {"data/deep/by"}),
        ([".hidden"], set()),
    ],
)
def test_what_was_written_together_is_one_dataset(
    tmp_path: Path, written: list[str], datasets: set[str]
) -> None:
    found = written_folders(tmp_path, put(tmp_path, *written), spelled=is_table)
    assert set(found.values()) == datasets


def is_table(path: str) -> bool:
    return path.endswith((".csv", ".csv.gz", ".parquet"))


def test_names_that_the_program_spells_are_datasets_of_their_own(tmp_path: Path) -> None:
    written = put(tmp_path, "models/rf.json", "models/rf.pkl", "by/Oslo.csv", "by/Voss.csv")
    found = written_folders(tmp_path, written, spelled=lambda path: path.startswith("models"))
    assert set(found.values()) == {"models/rf.json", "models/rf.pkl", "by"}


def test_what_is_of_no_account_belongs_to_a_folder_or_to_nothing(tmp_path: Path) -> None:
    written = put(
        tmp_path, "models/rf.pkl", "models/train.log", "set/state.json", "set/0.arrow", "set/x.log", "top.log"
    )
    found = written_folders(
        tmp_path, written, spelled=lambda path: "rf" in path, loose=lambda path: path.endswith(".log")
    )
    assert found == {"models/rf.pkl": "models/rf.pkl", "set/state.json": "set", "set/0.arrow": "set"}


def test_a_folder_with_files_of_others_is_none(tmp_path: Path) -> None:
    put(tmp_path, "data/part-9.parquet")
    fresh = put(tmp_path, "data/part-0.parquet", "data/new/part-1.parquet")
    assert set(written_folders(tmp_path, fresh).values()) == {"data/part-0.parquet", "data/new"}


def test_shards_that_were_read_are_one_source_if_nothing_else_is_there(tmp_path: Path) -> None:
    read = put(tmp_path, "raw/flights/2013-01.csv", "raw/flights/2013-02.csv", "raw/planes.csv")
    assert set(read_folders(tmp_path, read, lambda _: True).values()) == {"raw/flights", "raw/planes.csv"}
    put(tmp_path, "raw/flights/notes.txt")
    assert set(read_folders(tmp_path, read, lambda _: True).values()) == read
    read = put(tmp_path, "1.csv", "2.csv")
    assert set(read_folders(tmp_path, read, lambda _: True).values()) == read


def test_a_shard_that_was_not_read_keeps_them_apart(tmp_path: Path) -> None:
    read = put(tmp_path, "raw/1.csv", "raw/2.csv")
    put(tmp_path, "raw/3.csv")
    assert set(read_folders(tmp_path, read, lambda _: True).values()) == read


def test_a_folder_that_holds_a_tracked_dataset_is_none(tmp_path: Path) -> None:
    fresh = put(tmp_path, "data/part-0.parquet", "data/part-1.parquet")
    assert set(written_folders(tmp_path, fresh, {"data"}).values()) == fresh
    assert set(read_folders(tmp_path, fresh, lambda _: True, {"data"}).values()) == fresh
