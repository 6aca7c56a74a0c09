"""A way to hold bytes that only this file knows: one segment, and how often it is repeated.

It has a number among the kinds and a row in the registry, and nothing else of dsv has heard of it.
"""

from pathlib import Path

import numpy as np
import pytest

from dsv import hashing
from dsv.config.load import Remote
from dsv.errors import Corrupt
from dsv.hashing import Kind, derived_hasher, file_id
from dsv.ids import ObjectId, parse_id
from dsv.model import canonical
from dsv.model.recipe import FilePart
from dsv.ops.add import add
from dsv.ops.checkout import checkout_paths
from dsv.ops.clone import clone_remote
from dsv.ops.commit import commit
from dsv.ops.fsck import fsck, fsck_remote
from dsv.ops.gc import gc, gc_remote
from dsv.ops.push import Choice, push
from dsv.ops.remote import add_remote
from dsv.ops.repair import repair
from dsv.remotes.lazy_supply import default_supply
from dsv.store import holdings
from dsv.store.blobs.local import LocalBlobs
from dsv.store.holdings import HOLDINGS, RECORD_LIMIT, Composition, Holding
from dsv.store.objects import Objects
from dsv.store.packs import pack
from dsv.store.packs.index import Located
from dsv.store.refs import Refs
from dsv.workspace import Caller, Workspace
from tests.unit.store.store_fixtures import flip
from tests.unit.workspace_fixtures import Workshop

NUMBER, TIMES = 4, 40
SEGMENT = "".join(f"{row},{row * row}\n" for row in range(5000)).encode()
CONTENT = SEGMENT * TIMES
SEGMENT_ID, FILE = file_id(SEGMENT), file_id(CONTENT)


def new_kind(number: int, name: str) -> Kind:
    kind = int.__new__(Kind, number)
    kind._name_, kind._value_ = name, number
    return kind


REPEAT = new_kind(NUMBER, "REPEAT")


def encoded(segment: ObjectId, size: int, count: int) -> bytes:
    return canonical.encode({"v": 1, "count": count, "segment": segment, "size": size})


def repeat(data: bytes, what: str) -> Composition:
    record = canonical.decode(data, what=what)
    part = FilePart(parse_id(record["segment"]), record["size"])
    return Composition(REPEAT, data, part.size * record["count"], [part], [part] * record["count"])


def make_known(monkeypatch: pytest.MonkeyPatch) -> None:
    """Do what a new way takes: a number among the kinds, and a row in the registry."""
    monkeypatch.setitem(Kind._value2member_map_, NUMBER, REPEAT)
    monkeypatch.setattr(hashing, "_KEYED", hashing._KEYED | {REPEAT})
    monkeypatch.setitem(hashing._DERIVED, REPEAT, derived_hasher("dsv test repeat"))
    monkeypatch.setitem(HOLDINGS, REPEAT, Holding(REPEAT, RECORD_LIMIT, repeat))


class Team:
    """A workspace that holds a file in the new way, and has pushed it."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.remote = Remote("origin", f"file://{root}/remote")
        self.shop = Workshop(root / "ada")
        add_remote(self.shop.workspace, self.remote)
        self.put(REPEAT, FILE, encoded(SEGMENT_ID, len(SEGMENT), TIMES))
        self.put(Kind.SEGMENT, SEGMENT_ID, SEGMENT)
        self.shop.commit({"a.csv": CONTENT.decode()}, "a.csv")

    @property
    def workspace(self) -> Workspace:
        return opened(self.shop.root)

    def put(self, kind: Kind, oid: ObjectId, data: bytes) -> None:
        repo = self.shop.workspace.repo
        with repo.writer() as writer:
            writer.add(kind, oid, data)
            repo.publish(lambda refs, _: refs, writer=writer)

    def there(self) -> Objects:
        blobs = LocalBlobs(self.root / "remote")
        raw = blobs.load()
        assert raw is not None
        return Objects(blobs, lambda: Refs.decode(raw))

    def clone(self) -> Workspace:
        clone_remote(self.remote, self.root / "ben")
        return opened(self.root / "ben")


def opened(root: Path) -> Workspace:
    return Workspace.discover(root, Caller(supply=default_supply))


@pytest.fixture
def team(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Team:
    make_known(monkeypatch)
    return Team(tmp_path)


def place(objects: Objects, oid: ObjectId) -> Located:
    found = objects.find(oid)
    assert found is not None
    return found


def damage(objects: Objects, folder: Path, oid: ObjectId) -> None:
    found = place(objects, oid)
    flip(folder / pack.name(found.pack), found.offset + found.stored // 2)


def test_it_is_stored_and_read(team: Team) -> None:
    repo = team.workspace.repo
    assert place(repo.objects, FILE).kind == NUMBER
    assert repo.contents.size(FILE) == len(CONTENT)
    assert repo.contents.read(FILE) == CONTENT
    assert set(repo.contents.members(FILE)) == {FILE, SEGMENT_ID}


@pytest.mark.parametrize(("start", "length"), [(0, 10), (len(SEGMENT) - 5, 10), (10, 3 * len(SEGMENT))])
def test_a_range_of_it_is_read(team: Team, start: int, length: int) -> None:
    source = team.workspace.repo.contents.open(FILE, "a.csv")
    assert bytes(source.read_at(start, length)) == CONTENT[start : start + length]


def test_it_is_pushed_and_fetched(team: Team) -> None:
    push(team.workspace)
    there = team.there()
    assert (place(there, FILE).kind, place(there, SEGMENT_ID).kind) == (NUMBER, Kind.SEGMENT)
    ben = team.clone()
    assert not ben.repo.objects.has(FILE)
    assert (
        bytes(ben.repo.contents.peek(FILE, "a.csv").read_at(len(SEGMENT) - 2, 4))
        == SEGMENT[-2:] + SEGMENT[:2]
    )
    checkout_paths(ben, "HEAD", ["a.csv"])
    assert (ben.root / "a.csv").read_bytes() == CONTENT
    assert place(ben.repo.objects, FILE).kind == NUMBER
    assert ben.repo.contents.read(FILE) == CONTENT


def test_what_it_needs_survives_gc_and_the_rest_does_not(team: Team) -> None:
    spare = b"nobody needs this\n"
    team.put(Kind.SEGMENT, file_id(spare), spare)
    team.put(REPEAT, file_id(spare * 9), encoded(file_id(spare), len(spare), 9))
    gc(team.workspace, keep_days=0, grace=0)
    repo = team.workspace.repo
    assert repo.contents.read(FILE) == CONTENT
    assert not repo.objects.has(file_id(spare))
    assert not repo.objects.has(file_id(spare * 9))
    assert fsck(team.workspace).damage == ()


def test_what_it_needs_survives_gc_of_a_remote(team: Team) -> None:
    push(team.workspace)
    first = place(team.there(), SEGMENT_ID)
    team.shop.commit({"a.csv": "x\n1\n"})
    push(team.workspace)
    gc_remote(team.workspace, None, grace=0)
    assert place(team.there(), SEGMENT_ID).checksum == first.checksum
    assert place(team.there(), FILE).kind == NUMBER
    assert fsck_remote(team.workspace, None, full=True).damage == ()


@pytest.mark.parametrize("victim", [SEGMENT_ID, FILE])
def test_damage_is_found_and_mended(team: Team, victim: ObjectId) -> None:
    push(team.workspace)
    damage(team.workspace.repo.objects, team.shop.root / ".dsv", victim)
    found = fsck(team.workspace)
    assert victim in {one.name for one in found.damage}
    assert repair(team.workspace, found.findings)
    assert fsck(team.workspace).damage == ()
    assert team.workspace.repo.contents.read(FILE) == CONTENT


def test_one_that_makes_another_file_is_found(team: Team) -> None:
    content = SEGMENT * 3
    team.put(REPEAT, file_id(content), encoded(SEGMENT_ID, len(SEGMENT), 2))
    team.shop.commit({"b.csv": content.decode()}, "b.csv")
    (found,) = fsck(team.workspace).damage
    assert (found.what, found.name) == ("file", "b.csv")
    assert "its repeat makes other bytes" in found.detail


def test_one_that_makes_another_file_does_not_get_in(team: Team) -> None:
    content = SEGMENT * 3
    team.put(REPEAT, file_id(content), encoded(SEGMENT_ID, len(SEGMENT), 2))
    team.shop.commit({"b.csv": content.decode()}, "b.csv")
    push(team.workspace)
    ben = team.clone()
    with pytest.raises(Corrupt, match=r"the repeat of file .* on remote origin makes another file"):
        checkout_paths(ben, "HEAD", ["b.csv"])
    assert not ben.repo.objects.has(file_id(content))


@pytest.mark.parametrize("victim", [SEGMENT_ID, FILE])
def test_a_remote_is_checked_and_mended(team: Team, victim: ObjectId) -> None:
    push(team.workspace)
    damage(team.there(), team.root / "remote", victim)
    assert victim in {one.name for one in fsck_remote(team.workspace, None, full=True).damage}
    push(team.workspace, None, Choice(repair=True))
    assert fsck_remote(team.workspace, None, full=True).damage == ()
    assert team.clone().repo.contents.read(FILE) == CONTENT


def test_either_will_do_for_the_other(team: Team) -> None:
    assert holdings.interchangeable(Kind.RECIPE, REPEAT)
    assert not holdings.interchangeable(Kind.BLOCKS, REPEAT)
    push(team.workspace)
    ben = team.clone()
    (ben.root / "b.csv").write_bytes(CONTENT)
    add(ben, ["b.csv"])
    commit(opened(ben.root), "the same bytes again", author="ben")
    assert place(opened(ben.root).repo.objects, FILE).kind == Kind.RECIPE
    push(opened(ben.root))
    there = {
        one.kind for index in team.there().indexes(data=True) for one in index.places(bytes.fromhex(FILE))
    }
    assert there == {NUMBER}


def test_columns_of_kinds(monkeypatch: pytest.MonkeyPatch) -> None:
    kinds = np.array([Kind.SEGMENT, Kind.RECIPE, Kind.BLOCKS, NUMBER, Kind.FACTS], np.uint8)
    assert holdings.unified(kinds).tolist() == [1, 1, 3, NUMBER, 24]
    assert holdings.composed_rows(kinds).tolist() == [False, True, False, False, False]
    make_known(monkeypatch)
    assert holdings.unified(kinds).tolist() == [1, 1, 3, 1, 24]
    assert holdings.composed_rows(kinds).tolist() == [False, True, False, True, False]
    assert holdings.unified(kinds).dtype == np.uint8


def test_without_it_the_kind_is_refused(tmp_path: Path) -> None:
    with pytest.MonkeyPatch.context() as patch:
        make_known(patch)
        team = Team(tmp_path)
    with pytest.raises(Corrupt, match="no part of a file"):
        team.workspace.repo.contents.read(FILE)
    with pytest.raises(Corrupt, match="unknown kind 4"):
        fsck(team.workspace)
