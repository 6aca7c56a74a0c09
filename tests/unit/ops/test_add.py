"""What the arguments of `add` mean, and that many of them cost no more than one each."""

import pytest

from dsv.errors import Refused
from dsv.ops.add import add
from dsv.store.blobs.local import LocalBlobs
from tests.unit.workspace_fixtures import Workshop


@pytest.mark.parametrize(
    "paths", [("d", "d/a.csv"), ("d/a.csv", "d"), ("d/e/b.csv", "d"), ("d", "d/e/b.csv")]
)
def test_a_dataset_in_another_is_refused_in_any_order(shop: Workshop, paths: tuple[str, str]) -> None:
    shop.write({"d/a.csv": "1", "d/e/b.csv": "2"})
    with pytest.raises(Refused, match="overlap"):
        add(shop.workspace, paths)
    assert shop.datasets() == []


def test_names_that_only_begin_alike_are_datasets_of_their_own(shop: Workshop) -> None:
    shop.write({"d/a.csv": "1", "d2/a.csv": "2", "d.csv": "3"})
    assert [one.path for one in add(shop.workspace, ["d", "d2", "d.csv"]).staged] == ["d", "d.csv", "d2"]


def test_a_folder_above_datasets_stands_for_them_and_a_file_inside_for_its_dataset(shop: Workshop) -> None:
    shop.commit({"x/y/a.csv": "1", "x/z/f": "2"}, "x/y/a.csv", "x/z")
    shop.write({"x/y/a.csv": "1 more", "x/z/f": "2 more"})
    assert [one.path for one in add(shop.workspace, ["x"]).staged] == ["x/y/a.csv", "x/z"]
    shop.write({"x/z/f": "3"})
    found = add(shop.workspace, ["x/z/f"])
    assert [one.path for one in found.staged] == ["x/z"]
    assert found.notes == ("x/z/f is in the dataset x/z, which was staged as a whole",)


def test_the_refs_are_read_no_more_often_for_many_folders(
    shop: Workshop, monkeypatch: pytest.MonkeyPatch
) -> None:
    reads: list[None] = []
    load = LocalBlobs.load

    def counted(blobs: LocalBlobs) -> bytes | None:
        reads.append(None)
        return load(blobs)

    monkeypatch.setattr(LocalBlobs, "load", counted)
    counts = []
    for number in (2, 30):
        folders = [f"new{number}-{index}" for index in range(number)]
        shop.write({f"{folder}/f": folder for folder in folders})
        reads.clear()
        add(shop.workspace, folders)
        counts.append(len(reads))
    assert counts[0] == counts[1]
