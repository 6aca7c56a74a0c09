import pytest
from hypothesis import given
from hypothesis import strategies as st

from dsv.errors import Corrupt, TooNew
from dsv.hashing import Kind, file_id, object_id
from dsv.ids import ObjectId
from dsv.model import canonical, node
from dsv.model.node import CHECKPOINT, DIR, EXEC, FILE, LINK, Entry, Leaf, Node

NAMES = st.text(st.characters(codec="utf-8", exclude_characters="/\0"), min_size=1, max_size=9).filter(
    lambda name: name not in {".", ".."}
)


def entry(name: str) -> Entry:
    return Entry(name, FILE, file_id(name.encode()))


def decode(record: canonical.Json) -> Node:
    data = canonical.encode(record)
    return node.decode(data, object_id(Kind.NODE, data))


def test_other_bytes_than_the_id_says() -> None:
    data = node.encode(Leaf((entry("a"),)))
    with pytest.raises(Corrupt, match="other bytes"):
        node.decode(data, ObjectId("0" * 64))


def test_a_newer_node() -> None:
    with pytest.raises(TooNew):
        decode({"v": 2, "something": "else"})


ID = "e" * 64


@pytest.mark.parametrize(
    "record",
    [
        {"v": 1},
        {"v": 1, "entries": [], "level": 1},
        {"v": 1, "entries": [], "more": 1},
        {"v": 1, "entries": None},
        {"v": 1, "entries": ["abc"]},
        {"v": 1, "entries": [{"A": 0, "dir": 0, ID: 0}]},
        {"v": 1, "entries": [["a", FILE]]},
        {"v": 1, "entries": [["a", FILE, ID, 1]]},
        {"v": 1, "entries": [["a", "socket", ID]]},
        {"v": 1, "entries": [["a", [], ID]]},
        {"v": 1, "entries": [["a", FILE, "short"]]},
        {"v": 1, "entries": [["a", FILE, None]]},
        {"v": 1, "entries": [["a", LINK, None]]},
        {"v": 1, "entries": [[1, FILE, ID]]},
        {"v": 1, "entries": [["b", FILE, ID], ["a", FILE, ID]]},
        {"v": 1, "entries": [["a", FILE, ID], ["a", FILE, ID]]},
        {"v": 1, "level": 1, "pages": []},
        {"v": 1, "level": 0, "pages": [["a", 1, ID]]},
        {"v": 1, "level": 4, "pages": [["a", 1, ID]]},
        {"v": 1, "level": True, "pages": [["a", 1, ID]]},
        {"v": 1, "level": 1, "pages": [["a", 0, ID]]},
        {"v": 1, "level": 1, "pages": [["a", True, ID]]},
        {"v": 1, "level": 1, "pages": [["a", 1, "short"]]},
        {"v": 1, "level": 1, "pages": [["b", 1, ID], ["a", 1, ID]]},
        {"v": 1, "level": 1, "pages": [{"a": 1, "b": 1, ID: 1}]},
        {"v": 1, "level": 1, "pages": "abc"},
    ],
)
def test_no_node(record: canonical.Json) -> None:
    with pytest.raises(Corrupt, match="is not a valid node"):
        decode(record)


@pytest.mark.parametrize("name", ["", ".", "..", "a/b", "/a", "a/", "../a", "a\0b", "\0"])
def test_names_that_lead_astray(name: str) -> None:
    for kind in (FILE, EXEC, DIR, LINK):
        with pytest.raises(Corrupt, match="could lead out"):
            decode({"v": 1, "entries": [[name, kind, ID]]})
    assert not node.safe_name(name, slashes=False)


@pytest.mark.parametrize("path", ["", "/a", "a/", "a//b", "a/./b", "../a", "a/../b", "a/..", ".", "a\0/b"])
def test_paths_that_lead_astray(path: str) -> None:
    with pytest.raises(Corrupt, match="could lead out"):
        decode({"v": 1, "entries": [[path, CHECKPOINT, ID]]})


@pytest.mark.parametrize(
    "name", ["a", "...", "..a", "a..", " ", "-rf", "a\nb", "\U0001f600", "é" * 127, "a\\b"]
)
def test_names_that_stay_inside(name: str) -> None:
    assert node.safe_name(name, slashes=False)
    assert decode({"v": 1, "entries": [[name, FILE, ID]]}) == Leaf((Entry(name, FILE, ID),))
    path = f"a/{name}/b"
    assert decode({"v": 1, "entries": [[path, CHECKPOINT, ID]]}) == Leaf((Entry(path, CHECKPOINT, ID),))


@given(st.lists(NAMES, unique=True))
def test_nodes_are_decoded_as_they_were_encoded(chosen: list[str]) -> None:
    leaf = Leaf(tuple(entry(name) for name in sorted(chosen)))
    assert node.decode(node.encode(leaf), node.id_of(leaf)) == leaf
