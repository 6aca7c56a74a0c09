"""A push that is killed at any of its requests leaves a sound remote, and is taken up again."""

import os
import random
import signal
import subprocess
import sys
from collections.abc import Callable

import pytest

from dsv.store.blobs.s3.upload import PART
from tests.cli.face_fixtures import Face, environment
from tests.remote.faultproxy import Damage
from tests.remote.test_stages import Team, same, team

__all__ = ["team"]

LARGE = 2 * PART + (1 << 20)


class Victim:
    """A push in a process of its own, which dies when a request of its has been answered."""

    def __init__(self) -> None:
        self.process: subprocess.Popen[bytes] | None = None

    def kill(self) -> Callable[[bytes], bytes]:
        def change(data: bytes) -> bytes:
            assert self.process is not None
            os.kill(self.process.pid, signal.SIGKILL)
            return data

        return change

    def push(self, face: Face) -> int:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "dsv", "push"],
            cwd=face.folder,
            env=environment(),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        return self.process.wait()


def sent(team: Team) -> list[str]:
    return [asked.query.partition("&")[2] for asked in team.proxy.log if "partNumber" in asked.query]


def test_parts_that_arrived_are_not_sent_again(team: Team) -> None:
    face = team.workspace()
    (face.folder / "large.bin").write_bytes(random.Random(1).randbytes(LARGE))
    face.ok("commit", "-am", "large")
    face.ok("config", "--shared", "remote.origin.concurrency", "1")
    victim = Victim()
    rule = team.proxy.add(Damage(victim.kill()), query="partNumber", first=3, times=1)  # one is of a check
    assert victim.push(face) == -signal.SIGKILL
    assert rule.happened
    assert len(sent(team)) == 3
    team.proxy.clear()
    face.ok("push")
    assert len(sent(team)) == 1
    assert same(team.clone(), face)


@pytest.mark.parametrize("stage", range(1, 7))
def test_killed_at_any_request(team: Team, stage: int) -> None:
    face = team.workspace()
    face.ok("push")
    team.change(face, 3)
    team.proxy.clear()
    victim = Victim()
    team.proxy.add(Damage(victim.kill()), first=stage, times=1)
    assert victim.push(face) == -signal.SIGKILL
    team.proxy.clear()
    before = team.clone()
    before.ok("fsck")
    face.ok("fsck")
    face.ok("push")
    before.ok("pull")
    assert same(before, face)
    assert same(team.clone(), face)
