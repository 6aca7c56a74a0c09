"""Datasets, and files in them, by name."""

import pytest

from dsv.errors import NotFound, Refused, UsageFault
from dsv.ids import ObjectId
from dsv.records import dataset_names
from dsv.records.dataset_names import DatasetName
from tests.unit.workspace_fixtures import Workshop

KNOWN = ["a", "d", "deep/down/d", "mail@host", "x@v1", "data2"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a", DatasetName("a", None)),
        ("a@v1", DatasetName("a", "v1")),
        ("a@HEAD~2", DatasetName("a", "HEAD~2")),
        ("a@HEAD^2", DatasetName("a", "HEAD^2")),
        ("d@v1:x", DatasetName("d", "v1", "x")),
        ("d@v1:x/y:z", DatasetName("d", "v1", "x/y:z")),
        ("d@v1:", DatasetName("d", "v1")),
        ("d/x@v1", DatasetName("d", "v1", "x")),
        ("d/x", DatasetName("d", None, "x")),
        ("d/x/y", DatasetName("d", None, "x/y")),
        ("deep/down/d/x", DatasetName("deep/down/d", None, "x")),
        ("deep/down", DatasetName("deep/down", None)),
        ("mail@host", DatasetName("mail@host", None)),
        ("mail@host@v1", DatasetName("mail@host", "v1")),
        ("x@v1", DatasetName("x@v1", None)),
        ("x@v1@v1", DatasetName("x@v1", "v1")),
        ("data2", DatasetName("data2", None)),
        ("data2@v1", DatasetName("data2", "v1")),
        ("d@side/way:x", DatasetName("d", "side/way", "x")),
        ("unknown", DatasetName("unknown", None)),
        ("unknown@v1", DatasetName("unknown", "v1")),
        ("d@v1:icon@2x.png", DatasetName("d", "v1", "icon@2x.png")),
        ("d@v1:a@b/c@d@e", DatasetName("d", "v1", "a@b/c@d@e")),
        ("x@v1@v1:y@z", DatasetName("x@v1", "v1", "y@z")),
        ("mail@host@HEAD:a@v1", DatasetName("mail@host", "HEAD", "a@v1")),
        ("d@main@{1}:a@b", DatasetName("d", "main@{1}", "a@b")),
        ("d/icon@2x.png@v1", DatasetName("d", "v1", "icon@2x.png")),
    ],
)
@pytest.mark.usefixtures("ids")
def test_places(shop: Workshop, text: str, expected: DatasetName) -> None:
    assert dataset_names.place(shop.workspace.repo, text, KNOWN) == expected


@pytest.mark.parametrize("text", ["@", "a@", "@v1", "@v1:x", "a@:x"])
@pytest.mark.usefixtures("ids")
def test_no_places(shop: Workshop, text: str) -> None:
    with pytest.raises(UsageFault):
        dataset_names.place(shop.workspace.repo, text, KNOWN)


@pytest.mark.usefixtures("ids")
def test_a_branch_of_the_past_in_a_place(shop: Workshop) -> None:
    assert dataset_names.place(shop.workspace.repo, "a@main@{2}", KNOWN) == DatasetName("a", "main@{2}")
    assert shop.cat("a@main@{2}") == "2"


@pytest.mark.usefixtures("ids")
def test_bytes_at_places(shop: Workshop) -> None:
    assert shop.cat("a@HEAD~2") == "2"
    assert shop.cat("a") == "3"
    assert shop.cat("d@v1:x") == "1"
    assert shop.cat("d/x@v1") == "1"
    assert shop.cat("d/x@HEAD^2") == "2"
    assert shop.cat("d/x") == "2"
    for name in ("d@v1:nothing", "b@v1", "a@v1:x", "a@nothing"):
        with pytest.raises(NotFound):
            shop.cat(name)
    with pytest.raises(Refused, match="is a folder"):
        shop.cat("d@v1")


def test_selections() -> None:
    known = ["a", "b/c", "b/d/e", "bb"]
    assert dataset_names.select(known, ["."], "HEAD") == known
    assert dataset_names.select(known, ["b"], "HEAD") == ["b/c", "b/d/e"]
    assert dataset_names.select(known, ["bb", "b/d", "bb"], "HEAD") == ["bb", "b/d/e"]
    with pytest.raises(NotFound):
        dataset_names.select(known, ["c"], "HEAD")
    with pytest.raises(Refused, match="in the dataset a"):
        dataset_names.select(known, ["a/x"], "HEAD")


def test_the_version_before(shop: Workshop, ids: dict[str, ObjectId]) -> None:
    workspace = shop.workspace
    for text, expected in (("a@HEAD", "2"), ("a@v1", "1"), ("a", "2")):
        found = dataset_names.version_before(workspace.repo, dataset_names.place(workspace.repo, text, ["a"]))
        assert found is not None
        assert (
            b"".join(map(bytes, workspace.repo.contents.stream(found.checkpoint.content)))
            == expected.encode()
        )
    assert dataset_names.version_before(workspace.repo, DatasetName("a", ids["one"])) is None


def test_hints_can_be_pasted(shop: Workshop) -> None:
    shop.commit({"a b/x": "1"}, "a b")
    workspace = shop.workspace
    with pytest.raises(NotFound) as missing:
        dataset_names.content_at(workspace.repo, DatasetName("a b", "HEAD", "y"))
    assert missing.value.hint == "dsv ls 'a b@HEAD'"
    with pytest.raises(Refused) as inside:
        dataset_names.select(["a b"], ["a b/x"], "HEAD")
    assert inside.value.hint == "dsv cat 'a b@HEAD:x'"
