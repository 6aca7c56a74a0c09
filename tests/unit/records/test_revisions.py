import re
import subprocess
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from dsv.errors import Ambiguous, BadConfig, NotFound, Refused
from dsv.ids import ObjectId
from dsv.model.ref_names import check_name
from dsv.ops.branch import create
from dsv.ops.undo import undo
from dsv.records import dataset_names, revisions
from dsv.records.dataset_names import DatasetName
from tests.unit.workspace_fixtures import Workshop

Ids = dict[str, ObjectId]


@pytest.mark.parametrize(
    ("revision", "name"),
    [
        ("HEAD", "merge"),
        ("main", "merge"),
        ("v1", "two"),
        ("side/way", "side"),
        ("HEAD~", "three"),
        ("HEAD~1", "three"),
        ("HEAD~0", "merge"),
        ("HEAD^", "three"),
        ("HEAD^0", "merge"),
        ("HEAD^1", "three"),
        ("HEAD^2", "side"),
        ("main~2", "two"),
        ("main~3", "one"),
        ("main^^", "two"),
        ("main~~", "two"),
        ("main^2~1", "two"),
        ("main^2^", "two"),
        ("v1~1", "one"),
        ("~1", "three"),
        ("main@{0}", "merge"),
        ("@{0}", "merge"),
        ("main@{1}", "three"),
        ("main@{2}", "two"),
        ("main@{3}", "one"),
        ("main@{1}~1", "two"),
        ("side/way@{1}", "two"),
    ],
)
def test_names(shop: Workshop, ids: Ids, revision: str, name: str) -> None:
    assert revisions.resolve(shop.workspace.repo, revision) == ids[name]
    assert revisions.is_revision(shop.workspace.repo, revision)


def test_ids_and_their_beginnings(shop: Workshop, ids: Ids) -> None:
    for oid in ids.values():
        others = [other for other in ids.values() if other != oid]
        for digits in (8, 20, 64):
            assert revisions.resolve(shop.workspace.repo, oid[:digits]) == oid
        if not any(other.startswith(oid[:4]) for other in others):
            assert revisions.resolve(shop.workspace.repo, oid[:4]) == oid
            assert revisions.resolve(shop.workspace.repo, f"{oid[:4]}~0") == oid
        with pytest.raises(NotFound, match="no revision"):
            revisions.resolve(shop.workspace.repo, oid[:3])
    snapshot = shop.workspace.repo.commit(ids["one"]).snapshot
    with pytest.raises(NotFound):  # only commits have short names
        revisions.resolve(shop.workspace.repo, snapshot)


@pytest.mark.parametrize(
    "revision",
    [
        "",
        "nothing",
        "HEAD~9",
        "HEAD^3",
        "v1^2",
        "main@{9}",
        "nothing@{0}",
        "HEAD~~~~~~~~~",
        "0" * 64,
        "abc",
        "ABCD",
        "origin/main",
        "main@{-1}",
        "main@{x}",
        "HEAD\n",
        "a\nb~1",
        "git:",
        "git:main",
        "^",
        "HEAD^^^^^^^^",
        "HEAD~99999",
    ],
)
def test_names_of_nothing(shop: Workshop, ids: Ids, revision: str) -> None:
    if revision == "^":
        assert revisions.resolve(shop.workspace.repo, revision) == ids["three"]
        return
    with pytest.raises(NotFound):
        revisions.resolve(shop.workspace.repo, revision)
    assert not revisions.is_revision(shop.workspace.repo, revision)


@pytest.mark.parametrize("revision", ["HEAD~99999999999999999999", "HEAD^99999999999999999999"])
@pytest.mark.usefixtures("ids")
def test_numbers_beyond_all_histories(shop: Workshop, revision: str) -> None:
    with pytest.raises(NotFound, match="further than history"):
        revisions.resolve(shop.workspace.repo, revision)


def test_before_the_first_commit(shop: Workshop) -> None:
    for revision in ("HEAD", "HEAD~1", "main", "@{0}", "main@{0}"):
        with pytest.raises(NotFound):
            revisions.resolve(shop.workspace.repo, revision)


def test_a_branch_and_a_tag_of_one_name(shop: Workshop, ids: Ids) -> None:
    create(shop.workspace, "branches", "v1", "v1")
    assert revisions.resolve(shop.workspace.repo, "v1") == ids["two"]
    create(shop.workspace, "tags", "side/way", ids["one"])
    with pytest.raises(Ambiguous, match="a branch and a tag"):
        revisions.resolve(shop.workspace.repo, "side/way")


def test_a_name_that_could_be_an_id(shop: Workshop, ids: Ids) -> None:
    name = ids["one"][:6]
    create(shop.workspace, "branches", name, "HEAD")
    assert revisions.resolve(shop.workspace.repo, name) == ids["merge"]


def test_where_a_branch_was_follows_undo(shop: Workshop, ids: Ids) -> None:
    undo(shop.workspace)
    assert revisions.resolve(shop.workspace.repo, "main") == ids["three"]
    assert revisions.resolve(shop.workspace.repo, "main@{1}") == ids["merge"]
    assert revisions.resolve(shop.workspace.repo, "main@{2}") == ids["three"]


@pytest.mark.parametrize(
    "name", ["main", "a/b", "v1.0", "é", "release-2026", "a@b", "x" * 250, "HEADS", "git", "deadbeef"]
)
def test_names_that_may_be(name: str) -> None:
    if "@" in name:
        with pytest.raises(Refused):
            check_name(name)
    else:
        assert check_name(name) == name


@pytest.mark.parametrize(
    "name",
    [
        *("", "HEAD", "@", "-x", "--", "a b", "a~b", "a^b", "a:b", "a?b", "a*b", "a[b", "a\\b", "a@{1}"),
        *(
            "a//b",
            "/a",
            "a/",
            ".",
            "..",
            "a/../b",
            "a/./b",
            "x.lock",
            "git:x",
            "a\nb",
            "a\0b",
            "x" * 251,
            "a\x7f",
        ),
    ],
)
def test_names_that_may_not_be(name: str) -> None:
    with pytest.raises(Refused, match="cannot be the name"):
        check_name(name)


# What git names


def git(folder: Path, *arguments: str) -> None:
    settings = ("-c", "user.name=x", "-c", "user.email=x@x")
    subprocess.run(("git", *settings, *arguments), cwd=folder, check=True, capture_output=True)


@pytest.fixture
def beside_git(tmp_path: Path) -> Callable[[str], Workshop]:
    def make(below: str) -> Workshop:
        top = tmp_path / "top"
        top.mkdir()
        git(top, "init", "-b", "main")
        return Workshop(top / below)

    return make


@pytest.mark.parametrize("below", [".", "sub/ü"])
def test_what_the_lock_names_in_git(beside_git: Callable[[str], Workshop], below: str) -> None:
    shop = beside_git(below)
    one = shop.commit({"a": "1"}, "a")
    git(shop.root, "add", ".")
    git(shop.root, "commit", "-m", "one")
    git(shop.root, "tag", "before")
    two = shop.commit({"a": "2"})
    git(shop.root, "commit", "-am", "two")
    git(shop.root, "branch", "work/ä")
    for ref, expected in (("before", one), ("HEAD~1", one), ("HEAD", two), ("main", two), ("work/ä", two)):
        assert revisions.resolve(shop.workspace.repo, f"git:{ref}") == expected
    assert revisions.resolve(shop.workspace.repo, "git:HEAD~") == one
    assert shop.cat("a@git:before") == "1"
    assert dataset_names.place(shop.workspace.repo, "d@git:before:x/y", ["a"]) == DatasetName(
        "d", "git:before", "x/y"
    )
    for wrong in ("git:nothing", "git:", "git:--help", "git:-p", "git:HEAD:a"):
        with pytest.raises(NotFound):
            revisions.resolve(shop.workspace.repo, wrong)


def test_a_lock_of_somebody_who_has_not_pushed(beside_git: Callable[[str], Workshop]) -> None:
    shop = beside_git(".")
    shop.commit({"a": "1"}, "a")
    lock = shop.root / "dsv.lock"
    lock.write_text(f'branch = "main"\ncommit = "{"c" * 64}"\n')
    git(shop.root, "add", ".")
    git(shop.root, "commit", "-m", "theirs")
    with pytest.raises(NotFound, match="not in this store"):
        revisions.resolve(shop.workspace.repo, "git:HEAD")
    lock.write_text('commit = "nonsense"\n')
    git(shop.root, "commit", "-am", "broken")
    with pytest.raises(BadConfig):
        revisions.resolve(shop.workspace.repo, "git:HEAD")


def test_a_prefix_that_is_too_short(shop: Workshop) -> None:
    shop.commit({"a b/x": "1"}, "a b")
    workspace = shop.workspace
    with pytest.raises(NotFound, match="at least 4 digits") as few:
        revisions.resolve(workspace.repo, "abc")
    assert few.value.hint == "dsv log --oneline"


def test_an_ambiguous_prefix_names_the_commits(shop: Workshop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dsv.ids._PREFIX", re.compile("[0-9a-f]+"))
    for number in range(17):  # of which two begin alike
        shop.commit({"a": str(number)}, "a")
    workspace = shop.workspace
    digits = [oid[0] for oid in workspace.repo.objects.commits("")]
    digit = next(one for one in digits if digits.count(one) > 1)
    with pytest.raises(Ambiguous, match=f"{digits.count(digit)} commits: {digit}") as caught:
        revisions.resolve(workspace.repo, digit)
    assert caught.value.hint is not None
    assert caught.value.hint.startswith(f"dsv show {digit}")


@pytest.mark.parametrize("name", [".x", "a/.x", "x.lock/y", "a..b", "a.", "f" * 64, "0123456789abcdef" * 4])
def test_names_that_git_or_an_id_forbids(name: str) -> None:
    with pytest.raises(Refused, match="cannot be the name"):
        check_name(name)


def test_a_full_id_is_always_that_commit(shop: Workshop, ids: Ids) -> None:
    """A dsv before this one let a tag be called so, and a remote may be a stranger's."""
    workspace = shop.workspace
    refs = workspace.repo.refs()
    full = ids["one"]
    lies = {full: ids["two"], "e" * 64: ids["two"]}
    workspace.repo.swap(refs, replace(refs, tags={**refs.tags, **lies}, branches={**refs.branches, **lies}))
    assert revisions.resolve(workspace.repo, full) == full
    with pytest.raises(NotFound):
        revisions.resolve(workspace.repo, "e" * 64)
