from hypothesis import given, settings

from dsv.hashing import file_id
from dsv.model import file_diff
from dsv.model.file_diff import ADDED, MODIFIED, REMOVED, FileCounts
from dsv.model.node import DIR, EMPTY, Entry
from tests.unit.folder_fixtures import FOLDERS, Folder, Nodes, leaves


def changes(before: Folder, after: Folder) -> list[file_diff.FileChange]:
    nodes = Nodes()
    return list(file_diff.changes(nodes.build(before), nodes.build(after), nodes.get))


def what(entry: Entry | None) -> str | None:
    return None if entry is None else entry.target


@settings(max_examples=300, deadline=None)
@given(FOLDERS, FOLDERS)
def test_what_is_told_is_what_differs(before: Folder, after: Folder) -> None:
    old = {path: text for path, text in leaves(before) if text is not None}
    new = {path: text for path, text in leaves(after) if text is not None}
    told = changes(before, after)
    files = [
        (one.path, what(one.before), what(one.after))
        for one in told
        if DIR not in {one.before and one.before.kind, one.after and one.after.kind}
    ]
    expected = [
        (path, *(None if side.get(path) is None else file_id(side[path].encode()) for side in (old, new)))
        for path in sorted({*old, *new})
        if old.get(path) != new.get(path)
    ]
    assert sorted(files, key=str) == sorted(expected, key=str)
    for one in told:
        assert (one.before is None) == (one.change == ADDED)
        assert (one.after is None) == (one.change == REMOVED)
        assert EMPTY in (what(one.before), what(one.after)) or one.path in {*old, *new}


@given(FOLDERS, FOLDERS)
def test_backwards_it_is_the_opposite(before: Folder, after: Folder) -> None:
    there, back = changes(before, after), changes(after, before)
    assert {(one.path, one.before, one.after) for one in there} == {
        (one.path, one.after, one.before) for one in back
    }


def test_counts() -> None:
    nodes = Nodes()
    before = nodes.build({"a": "1", "b": "1", "d": {"x": "1", "y": "1"}, "e": {}})
    after = nodes.build({"a": "2", "c": "1", "d": {"x": "1"}, "f": {}})
    assert file_diff.count(before, after, nodes.get) == FileCounts(added=2, removed=3, modified=1)
    assert file_diff.count(before, before, nodes.get) == FileCounts()
    assert file_diff.count(None, before, nodes.get) == FileCounts(added=5)


def test_a_file_becomes_a_folder() -> None:
    assert [(one.path, one.change) for one in changes({"a": "1"}, {"a": {"b": "1"}})] == [
        ("a", REMOVED),
        ("a/b", ADDED),
    ]
    assert [(one.path, one.change) for one in changes({"a": {"b": "1"}}, {"a": "1"})] == [
        ("a/b", REMOVED),
        ("a", ADDED),
    ]
    assert {one.change for one in changes({"a": "1"}, {"a": "2"})} == {MODIFIED}
