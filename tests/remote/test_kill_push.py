"""A push that is killed at any moment leaves a sound remote, and the next one goes on where it was."""

import random
import threading
from pathlib import Path

import pytest

from tests.remote.faultproxy import FaultProxy
from tests.remote.seaweedfs import Bucket
from tests.remote.team_fixtures import Person, variables

SIZE = 150 << 20
"""Three packs: when it is killed, one has arrived and one is on its way."""


@pytest.fixture
def ada(bucket: Bucket, proxy: FaultProxy, tmp_path: Path) -> Person:
    person = Person(tmp_path / "ada", variables())
    person.ok("init")
    person.ok("remote", "add", "origin", f"s3://{bucket.name}/team", "--endpoint-url", proxy.endpoint)
    return person


def content(size: int, seed: int = 1) -> bytes:
    return random.Random(seed).randbytes(size)


def uploaded(proxy: FaultProxy) -> int:
    return sum(one.size for one in proxy.log if one.method == "PUT")


def test_a_killed_push_goes_on(ada: Person, proxy: FaultProxy, tmp_path: Path) -> None:
    data = content(SIZE)
    ada.commit({"big.bin": data})
    process = ada.start("push")
    proxy.wait(lambda: uploaded(proxy) >= 0.6 * SIZE)
    process.kill()
    process.communicate()
    sent = uploaded(proxy)
    proxy.clear()
    ada.ok("push")
    assert uploaded(proxy) + sent < SIZE * 1.02 + 8 * (16 << 20)
    assert ada.json("fsck", "--remote", "origin", "--full")["ok"]
    url = ada.json("remote", "list")["remotes"][0]
    ben = Person(tmp_path / "ben", variables())
    ben.ok("clone", url["url"], ".", "--endpoint-url", url["endpoint_url"])
    assert (ben.root / "big.bin").read_bytes() == data


def test_two_pushes_at_once_from_one_workspace(ada: Person) -> None:
    ada.commit({"a.bin": content(100_000)})
    ada.ok("checkout", "-b", "other")
    ada.commit({"b.bin": content(100_000, 2)})
    codes: list[int] = []
    threads = [
        threading.Thread(target=lambda name=name: codes.append(ada("push", "origin", name).code))
        for name in ("main", "other")
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert codes == [0, 0]
    assert ada.json("fsck", "--remote", "origin", "--full")["ok"]
