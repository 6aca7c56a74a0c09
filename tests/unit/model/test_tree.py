import itertools
from collections.abc import Iterator
from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dsv.errors import Corrupt
from dsv.hashing import Kind, file_id, leading_zero_bits, object_id
from dsv.ids import ObjectId
from dsv.model import node
from dsv.model import tree as trees
from dsv.model.node import DIR, EXEC, FILE, LEAF_LIMIT, LINK, Entry, Leaf, Node, Page, Pages

Contents = dict[str, Entry]


class Nodes:
    """A dictionary of nodes that counts what is read and written."""

    def __init__(self) -> None:
        self.data: dict[ObjectId, bytes] = {}
        self.read: list[ObjectId] = []
        self.written: list[ObjectId] = []

    def get(self, oid: ObjectId) -> Node:
        self.read.append(oid)
        return node.decode(self.data[oid], oid)

    def put(self, data: bytes) -> ObjectId:
        oid = object_id(Kind.NODE, data)
        self.written.append(oid)
        self.data[oid] = data
        return oid

    def build(self, contents: Contents) -> ObjectId:
        return node.build([entry for _, entry in sorted(contents.items())], self.put)


def entry(name: str, text: str = "") -> Entry:
    return Entry(name, FILE, file_id(text.encode()))


@cache
def names(count: int) -> tuple[str, ...]:
    """Return names that sort otherwise than they were made, with characters of all lengths."""
    letters = "aZ0é中\U0001f600"
    return tuple(f"{file_id(str(number).encode())[:10]}{letters[number % 6]}" for number in range(count))


def contents(count: int) -> Contents:
    return {name: entry(name) for name in names(count)}


@cache
def level_one_boundaries(count: int) -> tuple[str, ...]:
    """Return names that end a page, which one name in 4,096 does."""
    found = (f"b{number}" for number in itertools.count())
    return tuple(itertools.islice((name for name in found if node.is_boundary(name)), count))


COUNTS = st.sampled_from([0, 1, 2, 50, LEAF_LIMIT - 1, LEAF_LIMIT, LEAF_LIMIT + 1, 9000])


@pytest.mark.parametrize("count", [0, 1, LEAF_LIMIT, LEAF_LIMIT + 1, 9000])
def test_a_node_holds_what_it_was_built_from(count: int) -> None:
    nodes, model = Nodes(), contents(count)
    root = nodes.build(model)
    assert list(trees.walk(root, nodes.get)) == [found for _, found in sorted(model.items())]
    assert trees.count(root, nodes.get) == count
    assert isinstance(nodes.get(root), Leaf if count <= LEAF_LIMIT else Pages)
    for name in list(model)[:: max(1, count // 50)]:
        assert trees.find(root, name, nodes.get) == model[name]
    for name in ("", "!", "nothing", "\U0010ffff"):
        assert trees.find(root, name, nodes.get) is None
    pages = list(trees.leaves(root, nodes.get))
    assert sum(page.entries for page in pages) == count
    assert [page.last for page in pages] == sorted(page.last for page in pages)


def test_names_are_sorted_by_their_bytes() -> None:
    nodes = Nodes()
    odd = ["\uffff", "\U00010000", "z", "Z", "é", "e\u0301"]
    root = nodes.build({name: entry(name) for name in odd})
    assert [one.name for one in trees.walk(root, nodes.get)] == sorted(odd, key=str.encode)


@st.composite
def edits(draw: st.DrawFn) -> tuple[int, dict[str, Entry | None]]:
    """Return how many names there are at first, and changes that like the ends of pages."""
    count = draw(COUNTS)
    known = sorted(names(count))
    ends = [name for name in known if node.is_boundary(name)]
    old: st.SearchStrategy[str] = st.sampled_from(known) if known else st.nothing()
    end: st.SearchStrategy[str] = st.sampled_from(ends) if ends else st.nothing()
    fresh = st.sampled_from(level_one_boundaries(8)) | st.text("xyz\U0001f600", min_size=1, max_size=4)
    changes = draw(
        st.dictionaries(
            old | end | fresh,
            st.none() | st.sampled_from(["1", "2"]),
            max_size=12,
        )
    )
    made = {name: None if text is None else entry(name, text) for name, text in changes.items()}
    several: bool = draw(st.booleans())
    if known and several:
        first = draw(st.integers(0, len(known)))
        last = draw(st.integers(first, len(known)))
        made.update(dict.fromkeys(known[first:last]))
    return count, made


@settings(max_examples=25, deadline=None)
@given(edits())
def test_an_edited_node_is_the_one_that_would_have_been_built(
    case: tuple[int, dict[str, Entry | None]],
) -> None:
    count, changes = case
    nodes, before = Nodes(), contents(count)
    after = {name: found for name, found in {**before, **changes}.items() if found is not None}
    root = nodes.build(before)
    edited = trees.edit(root, changes, nodes.get, nodes.put)
    assert edited == nodes.build(after)
    assert trees.count(edited, nodes.get) == len(after)
    assert list(trees.compare(root, edited, nodes.get)) == differences(before, after)
    assert list(trees.compare(edited, root, nodes.get)) == differences(after, before)


def differences(before: Contents, after: Contents) -> list[tuple[Entry | None, Entry | None]]:
    return [
        (before.get(name), after.get(name))
        for name in sorted({*before, *after})
        if before.get(name) != after.get(name)
    ]


def test_an_edit_touches_its_own_pages_only() -> None:
    nodes = Nodes()
    root = nodes.build(contents(40_000))
    pages = list(trees.leaves(root, nodes.get))
    assert len(pages) > 4
    name = list(trees.walk(root, nodes.get))[20_000].name
    nodes.read.clear()
    nodes.written.clear()
    edited = trees.edit(root, {name: entry(name, "new")}, nodes.get, nodes.put)
    assert len(set(nodes.read)) == 2  # the root and one page
    assert len(nodes.written) == 2
    nodes.read.clear()
    assert [pair[1] for pair in trees.compare(root, edited, nodes.get)] == [entry(name, "new")]
    assert len(set(nodes.read)) == 4


def test_nothing_compared_with_something() -> None:
    nodes, model = Nodes(), contents(5)
    root = nodes.build(model)
    assert list(trees.compare(None, root, nodes.get)) == differences({}, model)
    assert list(trees.compare(root, None, nodes.get)) == differences(model, {})
    assert list(trees.compare(None, None, nodes.get)) == []
    nodes.read.clear()
    assert list(trees.compare(root, root, nodes.get)) == []
    assert nodes.read == []


def test_folders_in_folders() -> None:
    nodes = Nodes()
    inner = nodes.build({"f": entry("f"), "run": Entry("run", EXEC, file_id(b"run"))})
    big = nodes.build(contents(5000))
    empty = nodes.build({})
    assert empty == node.EMPTY
    root = nodes.build(
        {
            "a": Entry("a", DIR, inner),
            "big": Entry("big", DIR, big),
            "empty": Entry("empty", DIR, empty),
            "link": Entry("link", LINK, "../../anywhere"),
            "top": entry("top"),
        }
    )
    assert trees.find_path(root, "a/run", nodes.get) == Entry("run", EXEC, file_id(b"run"))
    assert trees.find_path(root, "a", nodes.get) == Entry("a", DIR, inner)
    assert trees.find_path(root, f"big/{names(5000)[77]}", nodes.get) == entry(names(5000)[77])
    for path in ("a/none", "none/f", "top/f", "link/f", "a/", "/a", "", "a//f", "a/../top"):
        assert trees.find_path(root, path, nodes.get) is None
    found = [path for path, _ in trees.files(root, nodes.get)]
    assert found == ["a/f", "a/run", *(f"big/{name}" for name in sorted(names(5000))), "top"]


# Pages of pages: more than 4,096 pages would need 16 million names, so the pages are made up here.


def made_up_pages(count: int) -> Iterator[Page]:
    for number in range(count):
        yield Page(f"{number:08}", 3, file_id(str(number).encode()))


def expected_levels(pages: list[Page]) -> int:
    level = 1
    while len(pages) > LEAF_LIMIT:
        groups: list[list[Page]] = [[]]
        for page in pages:
            groups[-1].append(page)
            if leading_zero_bits(page.last.encode()) >= 12 * (level + 1):
                groups.append([])
        pages = [group[-1] for group in groups if group]
        level += 1
    return level


@pytest.mark.parametrize("count", [LEAF_LIMIT, LEAF_LIMIT + 1, 20_000])
def test_many_pages_are_paged_again(count: int) -> None:
    nodes, pages = Nodes(), list(made_up_pages(count))
    root = node.join(pages, nodes.put)
    top = nodes.get(root)
    assert isinstance(top, Pages)
    assert top.level == expected_levels(pages) == (1 if count <= LEAF_LIMIT else 2)
    assert trees.count(root, nodes.get) == 3 * count
    assert list(trees.leaves(root, nodes.get)) == pages


def test_a_third_level_is_the_last() -> None:
    """Names whose hashes start with 24 zero bits are too rare to find: `join` is given their lengths."""
    nodes = Nodes()
    pages = list(made_up_pages(LEAF_LIMIT * 2))
    group = [Page(page.last, page.entries, page.id) for page in pages]
    middle = [
        Page(
            f"{number:08}",
            3,
            nodes.put(node.encode(Pages(1, (Page(f"{number:08}", 3, group[number].id),)))),
        )
        for number in range(3)
    ]
    second = nodes.put(node.encode(Pages(2, tuple(middle))))
    third = nodes.put(node.encode(Pages(3, (Page("00000002", 9, second),))))
    assert [page.id for page in trees.leaves(third, nodes.get)] == [page.id for page in group[:3]]


def test_find_in_pages_of_pages() -> None:
    nodes = Nodes()
    leaves = [nodes.build({name: entry(name) for name in (f"{low}a", f"{low}b")}) for low in "123"]
    lower = [
        nodes.put(node.encode(Pages(1, (Page(f"{low}b", 2, leaf),))))
        for low, leaf in zip("123", leaves, strict=True)
    ]
    root = nodes.put(
        node.encode(Pages(2, tuple(Page(f"{low}b", 2, oid) for low, oid in zip("123", lower, strict=True))))
    )
    assert [one.name for one in trees.walk(root, nodes.get)] == ["1a", "1b", "2a", "2b", "3a", "3b"]
    assert trees.find(root, "2a", nodes.get) == entry("2a")
    assert trees.find(root, "2c", nodes.get) is None
    assert trees.find(root, "4", nodes.get) is None


def test_levels_that_lie_are_damage() -> None:
    nodes = Nodes()
    leaf = nodes.build({"a": entry("a")})
    one = nodes.put(node.encode(Pages(1, (Page("a", 1, leaf),))))
    two = nodes.put(node.encode(Pages(2, (Page("a", 1, one),))))
    for wrong in (
        Pages(1, (Page("a", 1, one),)),
        Pages(2, (Page("a", 1, leaf),)),
        Pages(2, (Page("a", 1, two),)),
    ):
        root = nodes.put(node.encode(wrong))
        with pytest.raises(Corrupt, match="is listed as"):
            list(trees.walk(root, nodes.get))
