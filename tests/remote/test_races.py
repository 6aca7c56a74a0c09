"""Many who push at once, while gc runs: what was told to be pushed is there, and nothing is lost."""

import json
import os
import random
import threading
import time
from pathlib import Path

from tests.remote.seaweedfs import Bucket
from tests.remote.team_fixtures import Person, Ran, variables

WRITERS = int(os.environ.get("DSV_TEST_WRITERS", "4"))
SECONDS = float(os.environ.get("DSV_TEST_RACE_SECONDS", "8"))


class Writer(threading.Thread):
    """Commits and pushes for a while, and at least once; merges where somebody was faster."""

    def __init__(self, person: Person, name: str, branch: str) -> None:
        super().__init__()
        self.person = person
        self.label = name
        self.branch = branch
        self.end = time.monotonic()
        self.pushed: list[str] = []
        self.odd: list[Ran] = []

    def run(self) -> None:
        number = 0
        while number == 0 or time.monotonic() < self.end:
            number += 1
            data = random.Random(f"{self.label} {number}").randbytes(3000)
            commit = self.person.commit({f"{self.label}.bin": data})
            for _ in range(20):
                ran = self.person("push")
                if ran.code == 0:
                    self.pushed.append(commit)
                    break
                if ran.code != 4:
                    self.odd.append(ran)
                    break
                self.person("fetch")
                merged = self.person("merge", f"origin/{self.branch}")
                if merged.code not in {0, 4}:
                    self.odd.append(merged)


def test_everybody_pushes_and_gc_runs(bucket: Bucket, tmp_path: Path) -> None:
    first = Person(tmp_path / "first", variables())
    first.ok("init")
    first.ok("remote", "add", "origin", f"s3://{bucket.name}/team", "--endpoint-url", bucket.endpoint)
    first.commit({"start.bin": b"start"})
    first.ok("push")
    writers = []
    for number in range(WRITERS):
        person = Person(tmp_path / f"person-{number}", variables())
        person.ok("clone", f"s3://{bucket.name}/team", ".", "--endpoint-url", bucket.endpoint)
        branch = "main" if number % 2 else f"side-{number}"
        if branch != "main":
            person.ok("checkout", "-b", branch)
        writers.append(Writer(person, f"writer-{number}", branch))
    end = time.monotonic() + SECONDS
    for writer in writers:
        writer.end = end
        writer.start()
    collections = []
    while time.monotonic() < end:
        collections.append(first("gc", "--remote", "origin"))
    for writer in writers:
        writer.join()
    assert [ran for writer in writers for ran in writer.odd] == []
    assert {ran.code for ran in collections} <= {0, 4}
    first.ok("fetch")
    history = set()
    for branch in {writer.branch for writer in writers}:
        log = json.loads(first.ok("log", f"origin/{branch}", "--json"))
        history |= {one["id"] for one in log["commits"]}
    for writer in writers:
        assert writer.pushed
        assert set(writer.pushed) <= history
    assert first.json("fsck", "--remote", "origin", "--full")["ok"]
    reader = Person(tmp_path / "reader", variables())
    reader.ok("clone", f"s3://{bucket.name}/team", ".", "--endpoint-url", bucket.endpoint)
    assert reader.json("fsck")["ok"]
