"""A push and a pull whose connection breaks at any one request: nothing is lost, and the next try works."""

import random
from pathlib import Path

import pytest

from tests.cli.face_fixtures import Face
from tests.remote.faultproxy import Answer, CutReply, Damage, Fault, FaultProxy, LoseReply, flip
from tests.remote.seaweedfs import Bucket

LARGE = 400_000
LOST = pytest.param(LoseReply(), id="reply-lost")
CUT_REPLY = pytest.param(CutReply(10), id="cut-in-reply")
FAILED = pytest.param(Answer(500, "InternalError"), id="500")
FLIPPED = pytest.param(Damage(flip(100)), id="flipped")


class Team:
    """Workspaces that share a bucket, through the proxy."""

    def __init__(self, folder: Path, bucket: Bucket, proxy: FaultProxy, patch: pytest.MonkeyPatch) -> None:
        self.folder = folder
        self.url = f"s3://{bucket.name}/team"
        self.proxy = proxy
        self.patch = patch
        self._clones = 0

    def workspace(self) -> Face:
        """Return a workspace with two commits, nothing pushed."""
        folder = self.folder / "work"
        folder.mkdir()
        face = Face(folder, self.patch)
        face.ok("init")
        face.ok("remote", "add", "origin", self.url, "--endpoint-url", self.proxy.endpoint)
        face.ok("config", "--shared", "remote.origin.retries", "0")
        self.change(face, 1)
        self.change(face, 2)
        return face

    def change(self, face: Face, seed: int) -> None:
        (face.folder / "large.bin").write_bytes(random.Random(seed).randbytes(LARGE))
        (face.folder / "d").mkdir(exist_ok=True)
        (face.folder / "d" / f"{seed}.csv").write_text(f"a,b\n{seed},2\n")
        face.ok("add", "large.bin", "d")
        face.ok("commit", "-m", f"number {seed}")

    def clone(self) -> Face:
        """Return a new clone, made while all goes well."""
        self._clones += 1
        into = self.folder / f"clone{self._clones}"
        Face(self.folder, self.patch).ok("clone", self.url, str(into), "--endpoint-url", self.proxy.endpoint)
        return Face(into, self.patch)


@pytest.fixture
def team(tmp_path: Path, bucket: Bucket, proxy: FaultProxy, monkeypatch: pytest.MonkeyPatch) -> Team:
    monkeypatch.setenv("DSV_AUTHOR", "ada")
    return Team(tmp_path, bucket, proxy, monkeypatch)


def same(one: Face, other: Face) -> bool:
    def content(face: Face) -> dict[str, bytes]:
        paths = [face.folder / "large.bin", *sorted((face.folder / "d").iterdir())]
        return {path.name: path.read_bytes() for path in paths}

    return content(one) == content(other)


@pytest.mark.parametrize("fault", [LOST, FAILED])
def test_a_push_that_breaks_at_any_request(team: Team, fault: Fault) -> None:
    face = team.workspace()
    seed, stage, broken = 2, 0, 0
    while True:
        stage += 1
        rule = team.proxy.add(fault, first=stage, times=1)
        code = face("push").code
        if not rule.happened:
            assert code == 0
            break
        broken += code != 0
        assert code in {0, 5}, code
        team.proxy.clear()
        seen = team.clone() if stage > 1 else None
        if seen:
            seen.ok("fsck")
        face.ok("push")
        seed += 1
        team.change(face, seed)
    assert broken > 1
    assert same(team.clone(), face)


@pytest.mark.parametrize("fault", [CUT_REPLY, FLIPPED])
def test_a_pull_that_breaks_at_any_request(team: Team, fault: Fault) -> None:
    face = team.workspace()
    face.ok("push")
    other = team.clone()
    other.ok("config", "--shared", "remote.origin.retries", "0")
    seed, stage, broken = 2, 0, 0
    while True:
        stage += 1
        seed += 1
        team.change(face, seed)
        face.ok("push")
        rule = team.proxy.add(fault, first=stage, times=1)
        code = other("pull").code
        if not rule.happened:
            assert code == 0
            break
        broken += code != 0
        assert code in {0, 5, 6}, code
        team.proxy.clear()
        other.ok("fsck")
        other.ok("pull")
        assert same(face, other)
    assert broken > 1
