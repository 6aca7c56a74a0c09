import re
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from dsv import revisions
from dsv.errors import Ambiguous, BadConfig, NotFound, Refused, UsageFault
from dsv.ids import ObjectId
from dsv.ops.branch import create
from dsv.ops.checkout import checkout
from dsv.ops.merge import merge
from dsv.ops.undo import undo
from dsv.revisions import Place
from tests.unit.workshop import Workshop

Ids = dict[str, ObjectId]


@pytest.fixture
def ids(shop: Workshop) -> Ids:
    """one - two - three - merge (main), and two - side; tag v1 at two."""
    found = {"one": shop.commit({"a": "1", "d/x": "1"}, "a", "d"), "two": shop.commit({"a": "2"})}
    create(shop.repo, "tags", "v1")
    checkout(shop.repo, "main", new_branch="side/way")
    found["side"] = shop.commit({"d/x": "2"})
    checkout(shop.repo, "main")
    found["three"] = shop.commit({"a": "3"})
    found["merge"] = merge(shop.repo, "side/way", author="ada").commit
    return found


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
    assert revisions.resolve(shop.repo, revision) == ids[name]
    assert revisions.is_revision(shop.repo, revision)


def test_ids_and_their_beginnings(shop: Workshop, ids: Ids) -> None:
    for oid in ids.values():
        others = [other for other in ids.values() if other != oid]
        for digits in (8, 20, 64):
            assert revisions.resolve(shop.repo, oid[:digits]) == oid
        if not any(other.startswith(oid[:4]) for other in others):
            assert revisions.resolve(shop.repo, oid[:4]) == oid
            assert revisions.resolve(shop.repo, f"{oid[:4]}~0") == oid
        with pytest.raises(NotFound, match="no revision"):
            revisions.resolve(shop.repo, oid[:3])
    snapshot = shop.repo.commit(ids["one"]).snapshot
    with pytest.raises(NotFound):  # only commits have short names
        revisions.resolve(shop.repo, snapshot)


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
        assert revisions.resolve(shop.repo, revision) == ids["three"]
        return
    with pytest.raises(NotFound):
        revisions.resolve(shop.repo, revision)
    assert not revisions.is_revision(shop.repo, revision)


@pytest.mark.parametrize("revision", ["HEAD~99999999999999999999", "HEAD^99999999999999999999"])
@pytest.mark.usefixtures("ids")
def test_numbers_beyond_all_histories(shop: Workshop, revision: str) -> None:
    with pytest.raises(NotFound, match="further than history"):
        revisions.resolve(shop.repo, revision)


def test_before_the_first_commit(shop: Workshop) -> None:
    for revision in ("HEAD", "HEAD~1", "main", "@{0}", "main@{0}"):
        with pytest.raises(NotFound):
            revisions.resolve(shop.repo, revision)


def test_a_branch_and_a_tag_of_one_name(shop: Workshop, ids: Ids) -> None:
    create(shop.repo, "branches", "v1", "v1")
    assert revisions.resolve(shop.repo, "v1") == ids["two"]
    create(shop.repo, "tags", "side/way", ids["one"])
    with pytest.raises(Ambiguous, match="a branch and a tag"):
        revisions.resolve(shop.repo, "side/way")


def test_a_name_that_could_be_an_id(shop: Workshop, ids: Ids) -> None:
    name = ids["one"][:6]
    create(shop.repo, "branches", name, "HEAD")
    assert revisions.resolve(shop.repo, name) == ids["merge"]


def test_where_a_branch_was_follows_undo(shop: Workshop, ids: Ids) -> None:
    undo(shop.repo)
    assert revisions.resolve(shop.repo, "main") == ids["three"]
    assert revisions.resolve(shop.repo, "main@{1}") == ids["merge"]
    assert revisions.resolve(shop.repo, "main@{2}") == ids["three"]


@pytest.mark.parametrize(
    "name", ["main", "a/b", "v1.0", "é", "release-2026", "a@b", "x" * 250, "HEADS", "git", "deadbeef"]
)
def test_names_that_may_be(name: str) -> None:
    if "@" in name:
        with pytest.raises(Refused):
            revisions.check_name(name)
    else:
        assert revisions.check_name(name) == name


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
        revisions.check_name(name)


# Paths


KNOWN = ["a", "d", "deep/down/d", "mail@host", "x@v1", "data2"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a", Place("a", None)),
        ("a@v1", Place("a", "v1")),
        ("a@HEAD~2", Place("a", "HEAD~2")),
        ("a@HEAD^2", Place("a", "HEAD^2")),
        ("d@v1:x", Place("d", "v1", "x")),
        ("d@v1:x/y:z", Place("d", "v1", "x/y:z")),
        ("d@v1:", Place("d", "v1")),
        ("d/x@v1", Place("d", "v1", "x")),
        ("d/x", Place("d", None, "x")),
        ("d/x/y", Place("d", None, "x/y")),
        ("deep/down/d/x", Place("deep/down/d", None, "x")),
        ("deep/down", Place("deep/down", None)),
        ("mail@host", Place("mail@host", None)),
        ("mail@host@v1", Place("mail@host", "v1")),
        ("x@v1", Place("x@v1", None)),
        ("x@v1@v1", Place("x@v1", "v1")),
        ("data2", Place("data2", None)),
        ("data2@v1", Place("data2", "v1")),
        ("d@side/way:x", Place("d", "side/way", "x")),
        ("unknown", Place("unknown", None)),
        ("unknown@v1", Place("unknown", "v1")),
    ],
)
@pytest.mark.usefixtures("ids")
def test_places(shop: Workshop, text: str, expected: Place) -> None:
    assert revisions.place(shop.repo, text, KNOWN) == expected


@pytest.mark.parametrize("text", ["@", "a@", "@v1", "@v1:x", "a@:x"])
@pytest.mark.usefixtures("ids")
def test_no_places(shop: Workshop, text: str) -> None:
    with pytest.raises(UsageFault):
        revisions.place(shop.repo, text, KNOWN)


@pytest.mark.usefixtures("ids")
def test_a_branch_of_the_past_in_a_place(shop: Workshop) -> None:
    assert revisions.place(shop.repo, "a@main@{2}", KNOWN) == Place("a", "main@{2}")
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
    assert revisions.select(known, ["."], "HEAD") == known
    assert revisions.select(known, ["b"], "HEAD") == ["b/c", "b/d/e"]
    assert revisions.select(known, ["bb", "b/d", "bb"], "HEAD") == ["bb", "b/d/e"]
    with pytest.raises(NotFound):
        revisions.select(known, ["c"], "HEAD")
    with pytest.raises(Refused, match="in the dataset a"):
        revisions.select(known, ["a/x"], "HEAD")


def test_the_version_before(shop: Workshop, ids: Ids) -> None:
    repo = shop.repo
    for text, expected in (("a@HEAD", "2"), ("a@v1", "1"), ("a", "2")):
        found = revisions.version_before(repo, revisions.place(repo, text, ["a"]))
        assert found is not None
        assert b"".join(map(bytes, repo.contents.stream(found.checkpoint.content))) == expected.encode()
    assert revisions.version_before(repo, Place("a", ids["one"])) is None


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
        assert revisions.resolve(shop.repo, f"git:{ref}") == expected
    assert revisions.resolve(shop.repo, "git:HEAD~") == one
    assert shop.cat("a@git:before") == "1"
    assert revisions.place(shop.repo, "d@git:before:x/y", ["a"]) == Place("d", "git:before", "x/y")
    for wrong in ("git:nothing", "git:", "git:--help", "git:-p", "git:HEAD:a"):
        with pytest.raises(NotFound):
            revisions.resolve(shop.repo, wrong)


def test_a_lock_of_somebody_who_has_not_pushed(beside_git: Callable[[str], Workshop]) -> None:
    shop = beside_git(".")
    shop.commit({"a": "1"}, "a")
    lock = shop.root / "dsv.lock"
    lock.write_text(f'branch = "main"\ncommit = "{"c" * 64}"\n')
    git(shop.root, "add", ".")
    git(shop.root, "commit", "-m", "theirs")
    with pytest.raises(NotFound, match="not in this store"):
        revisions.resolve(shop.repo, "git:HEAD")
    lock.write_text('commit = "nonsense"\n')
    git(shop.root, "commit", "-am", "broken")
    with pytest.raises(BadConfig):
        revisions.resolve(shop.repo, "git:HEAD")


def test_hints_can_be_pasted(shop: Workshop) -> None:
    shop.commit({"a b/x": "1"}, "a b")
    repo = shop.repo
    with pytest.raises(NotFound, match="at least 4 digits") as few:
        revisions.resolve(repo, "abc")
    assert few.value.hint == "dsv log --oneline"
    with pytest.raises(NotFound) as missing:
        revisions.content_at(repo, Place("a b", "HEAD", "y"))
    assert missing.value.hint == "dsv ls 'a b@HEAD'"
    with pytest.raises(Refused) as inside:
        revisions.select(["a b"], ["a b/x"], "HEAD")
    assert inside.value.hint == "dsv cat 'a b@HEAD:x'"


def test_an_ambiguous_prefix_names_the_commits(shop: Workshop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dsv.ids._PREFIX", re.compile("[0-9a-f]+"))
    for number in range(17):  # of which two begin alike
        shop.commit({"a": str(number)}, "a")
    repo = shop.repo
    digits = [oid[0] for oid in repo.objects.commits("")]
    digit = next(one for one in digits if digits.count(one) > 1)
    with pytest.raises(Ambiguous, match=f"{digits.count(digit)} commits: {digit}") as caught:
        revisions.resolve(repo, digit)
    assert caught.value.hint is not None
    assert caught.value.hint.startswith(f"dsv show {digit}")
