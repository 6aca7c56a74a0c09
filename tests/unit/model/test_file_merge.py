from hypothesis import given, settings
from hypothesis import strategies as st

from dsv.model import file_merge
from tests.unit import folder_fixtures
from tests.unit.folder_fixtures import FOLDERS, Folder, Nodes


def run(base: Folder | None, ours: Folder, theirs: Folder) -> tuple[Nodes, file_merge.Merged]:
    nodes = Nodes()
    start = None if base is None else nodes.build(base)
    return nodes, file_merge.directories(start, nodes.build(ours), nodes.build(theirs), nodes.get, nodes.put)


@settings(max_examples=300, deadline=None)
@given(FOLDERS, FOLDERS, FOLDERS)
def test_the_law_of_three_ways(base: Folder, ours: Folder, theirs: Folder) -> None:
    nodes, found = run(base, ours, theirs)
    expected = folder_fixtures.merge(base, ours, theirs)
    assert bool(found.conflicts) == (expected is None)
    if expected is not None:
        assert found.node == nodes.build(expected)


@settings(max_examples=200, deadline=None)
@given(FOLDERS, FOLDERS, FOLDERS)
def test_sides_may_be_exchanged(base: Folder, ours: Folder, theirs: Folder) -> None:
    _, one = run(base, ours, theirs)
    _, other = run(base, theirs, ours)
    assert one.conflicts == other.conflicts
    assert bool(one.conflicts) or one.node == other.node


@given(FOLDERS, FOLDERS)
def test_what_one_side_changed_is_taken(base: Folder, changed: Folder) -> None:
    nodes, found = run(base, base, changed)
    assert (found.node, found.conflicts) == (nodes.build(changed), [])
    nodes, found = run(base, changed, base)
    assert (found.node, found.conflicts) == (nodes.build(changed), [])
    nodes, found = run(base, changed, changed)
    assert (found.node, found.conflicts) == (nodes.build(changed), [])


def test_conflicts_are_named_by_their_paths() -> None:
    base: Folder = {"d": {"e": {"f": "1", "g": "1", "h": "1"}}, "x": "1"}
    ours: Folder = {"d": {"e": {"f": "2", "g": "2", "h": "1"}}, "x": {"y": "1"}}
    theirs: Folder = {"d": {"e": {"f": "3", "g": "2"}}, "x": "3"}
    _, found = run(base, ours, theirs)
    assert found.conflicts == ["d/e/f", "x"]


def test_folders_that_share_nothing() -> None:
    nodes, found = run(None, {"a": "1", "s": {"x": "1"}}, {"b": "2", "s": {"y": "1"}})
    assert found.node == nodes.build({"a": "1", "b": "2", "s": {"x": "1", "y": "1"}})
    _, found = run(None, {"a": "1"}, {"a": "2"})
    assert found.conflicts == ["a"]


@settings(max_examples=8, deadline=None)
@given(st.data())
def test_folders_of_many_pages(data: st.DataObject) -> None:
    names = [f"file {number:05}" for number in range(5000)]
    base: Folder = dict.fromkeys(names, "1")
    cut = data.draw(st.integers(1, 4999))
    some = st.dictionaries(st.sampled_from(names[:cut]), st.sampled_from(["2", "3"]), max_size=20)
    others = st.dictionaries(st.sampled_from(names[cut:]), st.sampled_from(["2", "3"]), max_size=20)
    ours: Folder = {**base, **data.draw(some)}
    theirs: Folder = {**base, **data.draw(others)}
    for name in data.draw(st.lists(st.sampled_from(names[cut:]), max_size=20)):
        theirs.pop(name, None)
    expected = folder_fixtures.merge(base, ours, theirs)
    assert expected is not None
    nodes, found = run(base, ours, theirs)
    assert found.node == nodes.build(expected)
