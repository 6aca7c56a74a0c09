"""One folder of packs and several workspaces: none deletes what another needs."""

import os
import shutil
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any

import pytest

from dsv.store.blobs import owners
from tests.cli.face_fixtures import Face


def _bytes(seed: int) -> bytes:
    return Random(seed).randbytes(60_000)


class Home:
    """Workspaces beside each other, and a folder for packs."""

    def __init__(self, face: Face, folder: Path) -> None:
        self.face = face
        self.folder = folder
        self.packs = folder / "big"
        self.wasted = 0

    def make(self, name: str, *options: str) -> Path:
        place = self.folder / name
        place.mkdir()
        self.face.ok("init", *options, cwd=place)
        return place

    def commit(self, place: Path, name: str, seed: int) -> bytes:
        content = _bytes(seed)
        (place / name).write_bytes(content)
        self.face.ok("add", name, cwd=place)
        self.face.ok("commit", "-m", name, cwd=place)
        return content

    def waste(self, place: Path) -> None:
        """Leave a pack behind that this workspace does not need any more."""
        self.wasted += 1
        self.commit(place, "waste", 1000 + self.wasted)
        self.face.ok("drop", "--force", "waste@HEAD", cwd=place)

    def has(self, place: Path, name: str, content: bytes) -> bool:
        return self.face("cat", f"{name}@HEAD", cwd=place).raw == content

    def gc(self, place: Path) -> dict[str, Any]:
        return self.face.json("gc", "--now", "--keep", "0", cwd=place)

    def marks(self) -> list[str]:
        return sorted(path.name for path in (self.packs / owners.OWNERS).iterdir())


@pytest.fixture
def home(outside: Face, tmp_path: Path) -> Home:
    return Home(outside, tmp_path)


def _age(folder: Path) -> None:
    for path in folder.rglob("*"):
        os.utime(path, (1_000_000, 1_000_000))


def _copy(source: Path, target: Path) -> None:
    shutil.copytree(source, target, symlinks=True)


def _hard_links(source: Path, target: Path) -> None:
    shutil.copytree(source, target, symlinks=True, copy_function=os.link)


@pytest.mark.parametrize("how", [_copy, _hard_links])
@pytest.mark.parametrize("first", ["one", "two"])
def test_a_copy_and_its_original_spare_each_other(
    home: Home, how: Callable[[Path, Path], None], first: str
) -> None:
    one = home.make("one", "--store", str(home.packs))
    old = home.commit(one, "a", 1)
    two = home.folder / "two"
    how(one, two)
    mine, theirs = home.commit(one, "b", 2), home.commit(two, "c", 3)
    assert len(home.marks()) == 2
    _age(home.packs)
    for place in (one, two) if first == "one" else (two, one):
        home.waste(place)
        home.gc(place)
    assert home.has(one, "a", old)
    assert home.has(two, "a", old)
    assert home.has(one, "b", mine)
    assert home.has(two, "c", theirs)
    home.face.ok("fsck", cwd=one)
    home.face.ok("fsck", cwd=two)


def test_a_copy_that_only_looked_is_known(home: Home) -> None:
    one = home.make("one", "--store", str(home.packs))
    home.commit(one, "a", 1)
    two = home.folder / "two"
    _copy(one, two)
    home.face.ok("status", cwd=two)
    home.face.ok("undo", cwd=one)
    home.face.ok("undo", cwd=one)
    home.gc(one)
    assert home.has(two, "a", _bytes(1))


def test_a_folder_is_shared_on_purpose(home: Home) -> None:
    places = [home.make(name, "--store", str(home.packs)) for name in ("one", "two", "three")]
    kept = [home.commit(place, "a", number) for number, place in enumerate(places)]
    for place in places:
        home.waste(place)
    _age(home.packs)
    for place in places:
        assert home.gc(place)["held"] == 0
    for place, content in zip(places, kept, strict=True):
        assert home.has(place, "a", content)
        home.face.ok("fsck", cwd=place)


def test_gc_gives_back_what_this_workspace_condemned(home: Home) -> None:
    one, two = (home.make(name, "--store", str(home.packs)) for name in ("one", "two"))
    home.commit(one, "a", 1)
    home.commit(two, "a", 2)
    home.waste(one)
    before = sum(path.stat().st_size for path in home.packs.rglob("*.pack"))
    assert home.gc(one)["deleted"]
    assert sum(path.stat().st_size for path in home.packs.rglob("*.pack")) < before - 50_000


def test_a_move_is_no_copy(home: Home) -> None:
    one = home.make("one", "--store", str(home.packs))
    two = home.make("two", "--store", str(home.packs))
    content, other = home.commit(one, "a", 1), home.commit(two, "b", 2)
    moved = one.rename(home.folder / "moved")
    home.face.ok("status", cwd=moved)
    assert len(home.marks()) == 2
    home.waste(moved)
    done = home.gc(moved)
    assert done["away"] == []
    assert done["deleted"]
    home.waste(two)
    assert home.gc(two)["held"] == 0
    assert home.has(moved, "a", content)
    assert home.has(two, "b", other)


def test_a_moved_workspace_that_nobody_opened_keeps_all_that_it_may_need(home: Home) -> None:
    one = home.make("one", "--store", str(home.packs))
    two = home.make("two", "--store", str(home.packs))
    content = home.commit(one, "a", 1)
    moved = one.rename(home.folder / "moved")
    home.waste(two)
    done = home.gc(two)
    assert done["held"]
    assert [place["place"] for place in done["away"]] == [str(one)]
    assert home.has(moved, "a", content)
    assert home.gc(two)["held"] == 0


def test_a_link_to_a_workspace_is_the_workspace(home: Home) -> None:
    one = home.make("one", "--store", str(home.packs))
    home.commit(one, "a", 1)
    (home.folder / "link").symlink_to(one)
    (home.folder / "tree").mkdir()
    (home.folder / "tree" / "dsv.toml").write_bytes((one / "dsv.toml").read_bytes())
    (home.folder / "tree" / ".dsv").symlink_to(one / ".dsv")
    home.face.ok("status", cwd=home.folder / "link")
    home.face.ok("status", cwd=home.folder / "tree")
    assert len(home.marks()) == 1


def test_a_copy_that_was_put_in_the_place_of_the_original(home: Home) -> None:
    one = home.make("one", "--store", str(home.packs))
    content = home.commit(one, "a", 1)
    backup = home.folder / "backup"
    _copy(one, backup)
    later = home.commit(one, "b", 2)
    aside = one.rename(home.folder / "aside")
    _copy(backup, one)
    home.waste(one)
    home.gc(one)
    assert home.has(aside, "b", later)
    assert home.has(one, "a", content)


def test_an_owner_that_is_gone_keeps_all_until_it_is_forgotten(home: Home) -> None:
    one = home.make("one", "--store", str(home.packs))
    two = home.make("two", "--store", str(home.packs))
    home.commit(one, "a", 1)
    home.commit(two, "b", 2)
    shutil.rmtree(one)
    home.waste(two)
    done = home.gc(two)
    assert done["held"]
    [gone] = done["away"]
    assert "gone for good" in home.face("gc", "--now", "--keep", "0", cwd=two).err
    assert "not there" in home.face.ok("-v", "fsck", cwd=two)
    home.face.fails("gc", "--forget", "no such", code=3, cwd=two)
    mine = next(name for name in home.marks() if name != gone["id"])
    home.face.fails("gc", "--forget", mine, code=3, cwd=two)
    home.face.ok("gc", "--now", "--keep", "0", "--forget", gone["id"][:8], cwd=two)
    assert home.marks() == [mine]
    assert home.has(two, "b", _bytes(2))


@pytest.mark.parametrize("harm", ["refs", "index"])
def test_an_owner_that_is_damaged_keeps_all(home: Home, harm: str) -> None:
    one = home.make("one", "--store", str(home.packs))
    two = home.make("two", "--store", str(home.packs))
    content = home.commit(one, "a", 1)
    path = one / ".dsv" / "refs" if harm == "refs" else next((one / ".dsv" / "index").glob("*.arrow"))
    saved = path.read_bytes()
    path.chmod(0o644)
    path.write_bytes(saved[:100] + bytes([saved[100] ^ 1]) + saved[101:])
    home.waste(two)
    assert home.gc(two)["held"]
    path.write_bytes(saved)
    assert home.has(one, "a", content)


def test_a_damaged_mark_keeps_all(home: Home) -> None:
    one = home.make("one", "--store", str(home.packs))
    two = home.make("two", "--store", str(home.packs))
    content = home.commit(one, "a", 1)
    for name in home.marks():
        path = home.packs / owners.OWNERS / name
        path.write_bytes(path.read_bytes()[:-9])
    home.waste(two)
    assert home.gc(two)["held"]
    assert home.has(one, "a", content)
    assert home.gc(two)["held"] == 0  # both have written theirs again


def test_the_setting_moves_the_packs(home: Home) -> None:
    one = home.make("one")
    first = home.commit(one, "a", 1)
    home.face.ok("config", "store", str(home.packs), cwd=one)
    assert not list((one / ".dsv" / "packs").rglob("*.pack"))
    second = home.commit(one, "b", 2)
    other = home.folder / "other"
    home.face.ok("config", "store", str(other), cwd=one)
    assert not list(home.packs.rglob("*.pack"))
    assert home.marks() == []
    home.face.ok("config", "--unset", "store", cwd=one)
    assert not list(other.rglob("*.pack"))
    assert home.has(one, "a", first)
    assert home.has(one, "b", second)
    assert not (one / ".dsv" / "owner").exists()
    home.face.ok("fsck", cwd=one)


def test_moving_packs_out_of_a_shared_folder_leaves_those_of_others(home: Home) -> None:
    one = home.make("one", "--store", str(home.packs))
    content = home.commit(one, "a", 1)
    two = home.folder / "two"
    _copy(one, two)
    home.face.ok("status", cwd=two)
    home.face.ok("config", "--unset", "store", cwd=two)
    assert home.has(one, "a", content)
    assert home.has(two, "a", content)
    assert len(home.marks()) == 1


def test_a_damaged_pack_is_not_moved(home: Home) -> None:
    one = home.make("one")
    home.commit(one, "a", 1)
    pack = max((one / ".dsv" / "packs").rglob("*.pack"), key=lambda path: path.stat().st_size)
    pack.chmod(0o644)
    saved = pack.read_bytes()
    pack.write_bytes(saved[:500] + b"?" + saved[501:])
    home.face.fails("config", "store", str(home.packs), code=6, cwd=one)
    pack.write_bytes(saved)
    assert home.has(one, "a", _bytes(1))


@pytest.mark.parametrize("way", ["there", "back", "on"])
def test_a_setting_that_was_edited_by_hand_is_noticed(home: Home, way: str) -> None:
    one = home.make("one", *([] if way == "there" else ["--store", str(home.packs)]))
    content = home.commit(one, "a", 1)
    target = {"there": home.packs, "back": None, "on": home.folder / "other"}[way]
    (one / ".dsv" / "config").write_text("" if target is None else f'store = "{target}"\n')
    error = home.face.fails("status", code=3, cwd=one)
    assert "are in" in error["message"]
    assert not list(home.folder.glob("other/packs/owners/*"))
    home.face.fails("gc", "--now", code=3, cwd=one)
    words = error["hint"].partition("  #")[0].split()[1:]
    home.face.ok(*words, cwd=one)
    assert home.has(one, "a", content)


def test_the_folder_itself_may_be_moved(home: Home) -> None:
    one = home.make("one", "--store", str(home.packs))
    content = home.commit(one, "a", 1)
    home.packs.rename(home.folder / "bigger")
    assert home.face("status", cwd=one).code == 5
    (one / ".dsv" / "config").write_text(f'store = "{home.folder / "bigger"}"\n')
    assert home.has(one, "a", content)
    home.waste(one)
    assert home.gc(one)["held"] == 0
    assert home.has(one, "a", content)


def test_a_disk_that_is_not_mounted_is_not_written_over(home: Home) -> None:
    one = home.make("one", "--store", str(home.packs))
    content = home.commit(one, "a", 1)
    home.packs.rename(home.folder / "unplugged")
    home.packs.mkdir()
    (one / "b").write_bytes(b"b")
    assert "mounted" in home.face.fails("add", "b", code=5, cwd=one)["message"]
    assert list(home.packs.iterdir()) == []
    home.packs.rmdir()
    (home.folder / "unplugged").rename(home.packs)
    assert home.has(one, "a", content)


def test_the_store_of_another_workspace_and_a_remote_are_refused(home: Home) -> None:
    one, two = home.make("one"), home.make("two")
    home.commit(one, "a", 1)
    home.face.ok("remote", "add", "origin", f"file://{home.folder}/remote", cwd=one)
    home.face.ok("push", cwd=one)
    for place in (one / ".dsv", home.folder / "remote", two, home.folder):
        home.face.fails("config", "store", str(place), code=3, cwd=two)
    home.face.fails("init", "--store", str(home.folder / "remote"), "three", code=3, cwd=home.folder)


def test_a_guest_in_the_own_store_of_another_is_spared(home: Home) -> None:
    """Nothing makes such a setting; somebody may have written it."""
    one, two = home.make("one"), home.make("two")
    kept = home.commit(one, "a", 1)
    (two / ".dsv" / "config").write_text(f'store = "{one / ".dsv"}"\n')
    content = home.commit(two, "b", 2)
    _age(one / ".dsv" / "packs")
    for place in (one, two):
        home.waste(place)
        home.gc(place)
    assert home.has(one, "a", kept)
    assert home.has(two, "b", content)


def test_a_remote_in_which_a_workspace_keeps_its_packs_is_spared(home: Home) -> None:
    one, two = home.make("one"), home.make("two")
    home.commit(one, "a", 1)
    home.face.ok("remote", "add", "origin", f"file://{home.folder}/remote", cwd=one)
    home.face.ok("push", cwd=one)
    (two / ".dsv" / "config").write_text(f'store = "{home.folder / "remote"}"\n')
    content = home.commit(two, "b", 2)
    _age(home.folder / "remote" / "packs")
    home.face.ok("gc", "--remote", "origin", "--now", cwd=one)
    home.waste(two)
    home.gc(two)
    assert home.has(two, "b", content)
    home.face.ok("clone", f"file://{home.folder}/remote", "three", cwd=home.folder)


def test_packs_behind_a_link_have_owners_too(home: Home) -> None:
    one = home.make("one")
    content = home.commit(one, "a", 1)
    (one / ".dsv" / "packs").rename(home.packs)
    (one / ".dsv" / "packs").symlink_to(home.packs)
    home.face.ok("status", cwd=one)
    two = home.folder / "two"
    _copy(one, two)
    other = home.commit(two, "b", 2)
    for place in (one, two):
        home.waste(place)
        home.gc(place)
    assert home.has(one, "a", content)
    assert home.has(two, "b", other)


def test_a_plain_workspace_and_its_copy_need_no_marks(home: Home) -> None:
    one = home.make("one")
    home.commit(one, "a", 1)
    _copy(one, home.folder / "two")
    home.waste(home.folder / "two")
    assert home.gc(home.folder / "two")["held"] == 0
    assert not (home.folder / "two" / ".dsv" / "owner").exists()


def test_packs_from_before_marks_are_kept(home: Home) -> None:
    """A dsv that knew no marks let two workspaces share a folder; nobody knows of the other one."""
    one = home.make("one", "--store", str(home.packs))
    home.commit(one, "a", 1)
    two = home.make("two", "--store", str(home.packs))
    content = home.commit(two, "b", 2)
    shutil.rmtree(home.packs / "packs" / "owners")
    (two / ".dsv" / "owner").unlink()
    (one / ".dsv" / "owner").unlink()
    _age(home.packs)
    home.waste(one)
    home.gc(one)
    assert home.has(two, "b", content)


def test_a_writer_that_began_before_the_packs_moved_says_so(home: Home) -> None:
    from dsv.errors import Conflict
    from dsv.workspace import Workspace

    one = home.make("one")
    home.commit(one, "a", 1)
    workspace = Workspace(one)
    raw = workspace.blobs.load()
    home.face.ok("config", "store", str(home.packs), cwd=one)
    with pytest.raises(Conflict):
        workspace.blobs.swap(raw, raw or b"")
