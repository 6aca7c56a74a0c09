"""Remotes that lost or damaged what they had, or were set back to older refs."""

import shutil
from collections.abc import Callable
from pathlib import Path
from random import Random

import pytest

from dsv.workspace import Workspace
from tests.cli.face_fixtures import Face

CONTENTS = [Random(number).randbytes(400_000) for number in range(3)]


class Site:
    """A workspace that pushed three versions one by one, and its remote."""

    def __init__(self, face: Face, folder: Path) -> None:
        self.face = face
        self.remote = folder / "remote"
        self.folder = folder

    def packs(self) -> list[Path]:
        return sorted((self.remote / "packs").rglob("*.pack"), key=lambda path: path.stat().st_size)

    def clones(self, name: str) -> None:
        """Assert that a clone has everything."""
        self.face.ok("clone", f"file://{self.remote}", name, cwd=self.folder)
        place = self.folder / name
        for number, content in enumerate(CONTENTS):
            assert self.face("cat", f"a.bin@v{number}", cwd=place).raw == content
        self.face.ok("fsck", cwd=place)


@pytest.fixture
def site(dsv: Face, tmp_path: Path) -> Site:
    found = Site(dsv, tmp_path)
    dsv.ok("remote", "add", "origin", f"file://{found.remote}")
    for number, content in enumerate(CONTENTS):
        (dsv.folder / "a.bin").write_bytes(content)
        dsv.ok("add", "a.bin")
        dsv.ok("commit", "-m", f"v{number}")
        dsv.ok("tag", f"v{number}")
        dsv.ok("push", "--tags")
    return found


def _gone(path: Path) -> None:
    path.unlink()


def _cut(path: Path) -> None:
    path.chmod(0o644)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def _flip(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.chmod(0o644)
    path.write_bytes(data)


def _zero(path: Path) -> None:
    path.chmod(0o644)
    path.write_bytes(bytes(path.stat().st_size))


HARMS = [_gone, _cut, _flip, _zero]


@pytest.mark.parametrize(("harm", "which"), [(_gone, 0), (_gone, -1), (_cut, -1)])
def test_a_push_does_not_count_on_what_is_not_there(
    site: Site, harm: Callable[[Path], None], which: int
) -> None:
    harm(site.packs()[which])
    error = site.face.fails("push", code=6)
    assert error["hint"].startswith("dsv push --repair origin")
    (site.face.folder / "b.bin").write_bytes(b"more")
    site.face.ok("add", "b.bin")
    site.face.ok("commit", "-m", "more")
    site.face.fails("push", code=6)


@pytest.mark.parametrize("harm", HARMS)
@pytest.mark.parametrize("which", ["one", "all"])
def test_what_is_here_is_sent_again(site: Site, harm: Callable[[Path], None], which: str) -> None:
    for path in site.packs()[-1:] if which == "one" else site.packs():
        harm(path)
    done = site.face("fsck", "--remote", "origin", "--full")
    assert done.code == 6
    assert "dsv push --repair" in done.err
    told = site.face.json("push", "--repair")
    assert told["repaired"]["lost"] == []
    assert told["repaired"]["packs"]
    site.face.ok("fsck", "--remote", "origin", "--full")
    site.clones("ben")
    assert "nothing of origin is missing" in site.face.ok("push", "--repair")
    site.face.ok("gc", "--remote", "origin", "--now")
    site.clones("cem")


@pytest.mark.parametrize("harm", HARMS)
def test_indexes_of_a_remote_are_made_anew(site: Site, harm: Callable[[Path], None]) -> None:
    for path in (site.remote / "index").glob("*.arrow"):
        harm(path)
    shutil.rmtree(site.face.folder / ".dsv" / "cache")
    site.face.ok("push", "--repair")
    site.face.ok("fsck", "--remote", "origin", "--full")
    site.clones("ben")


def test_indexes_and_packs(site: Site) -> None:
    for path in [*(site.remote / "index").glob("*.arrow"), *site.packs()[1:]]:
        path.unlink()
    shutil.rmtree(site.face.folder / ".dsv" / "cache")
    site.face.ok("push", "--repair")
    site.face.ok("fsck", "--remote", "origin", "--full")
    site.clones("ben")


def test_what_nobody_has_is_named_and_the_rest_is_mended(site: Site) -> None:
    site.face.ok("clone", f"file://{site.remote}", "ben", cwd=site.folder)
    ben = site.folder / "ben"  # he has the last version only
    for path in site.packs()[-3:]:
        path.unlink()
    told = site.face.json("push", "--repair", code=6, cwd=ben)
    assert told["repaired"]["sent"]
    assert told["repaired"]["lost"]
    assert site.face("fsck", "--remote", "origin", cwd=ben).code == 6
    site.face.ok("push", "--repair")  # she has all of them
    site.face.ok("fsck", "--remote", "origin", "--full")
    site.clones("cem")


def test_a_remote_that_was_emptied(site: Site) -> None:
    site.face.ok("fetch")
    shutil.rmtree(site.remote)
    site.remote.mkdir()
    assert "gone" in site.face.fails("fetch", code=5)["message"]
    assert Workspace(site.face.folder).repo.refs().local.remotes  # type: ignore[union-attr]
    done = site.face("push", "--tags")
    assert done.code == 0
    assert "set back" in done.err
    site.clones("ben")


@pytest.mark.parametrize("command", ["fetch", "push", "pull"])
@pytest.mark.parametrize("more", [False, True])
def test_a_remote_that_was_set_back_is_noticed(site: Site, command: str, more: bool) -> None:
    old = (site.remote / "refs").read_bytes()
    site.face.ok("clone", f"file://{site.remote}", "ben", cwd=site.folder)
    ben = site.folder / "ben"
    (site.face.folder / "a.bin").write_bytes(b"newer")
    site.face.ok("commit", "-am", "newer")
    site.face.ok("push")
    (site.remote / "refs").write_bytes(old)
    if more:  # and somebody who had not seen the newer ones goes on
        site.face.ok("tag", "mine", cwd=ben)
        site.face.ok("push", "--tags", cwd=ben)
    refused = site.face.fails("gc", "--remote", "origin", "--now", code=3)
    assert "set back" in refused["message"]
    done = site.face(command)
    assert "set back" in done.err
    assert "set back" not in site.face("fetch", cwd=ben).err
    assert "set back" not in site.face("fetch").err  # once is enough
    site.face.ok("push")
    assert "set back" not in site.face("fetch", cwd=ben).err
    assert site.face.json("fetch", cwd=ben)["setback"] is False


def test_many_pushes_are_no_setback(site: Site) -> None:
    site.face.ok("clone", f"file://{site.remote}", "ben", cwd=site.folder)
    for number in range(70):
        site.face.ok("tag", f"t{number}")
        site.face.ok("push", "origin", f"t{number}")
    assert site.face.json("fetch", cwd=site.folder / "ben")["setback"] is False


def test_another_place_under_the_same_name_is_no_setback(site: Site) -> None:
    site.face.ok("remote", "remove", "origin")
    site.face.ok("remote", "add", "origin", f"file://{site.folder}/another")
    assert "set back" not in site.face("push").err
