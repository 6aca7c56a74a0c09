"""Somebody without dsv gets a file out of a bucket, by what docs/format says."""

import random
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.face_fixtures import Face
from tests.remote.seaweedfs import Bucket

STRANGER = Path(__file__).with_name("stranger.py")


def test_a_file_is_rebuilt_from_the_bucket(
    tmp_path: Path, bucket: Bucket, monkeypatch: pytest.MonkeyPatch
) -> None:
    lines = STRANGER.read_text(encoding="utf-8").splitlines()
    assert len(lines) < 100
    assert not [line for line in lines if line.startswith(("import dsv", "from dsv"))]
    monkeypatch.setenv("DSV_AUTHOR", "ada")
    folder = tmp_path / "work"
    folder.mkdir()
    large = random.Random(7).randbytes(3_000_000)
    files = {"raw/trips.csv": b"a,b\n1,2\n" * 5000, "large.bin": large, "images/a/x.bin": b"x" * 100}
    for name, data in files.items():
        path = folder / name
        path.parent.mkdir(exist_ok=True, parents=True)
        path.write_bytes(data)
    dsv = Face(folder, monkeypatch)
    dsv.ok("init")
    dsv.ok("add", "raw/trips.csv", "large.bin", "images")
    dsv.ok("commit", "-m", "one")
    url = f"s3://{bucket.name}/team/flights"
    dsv.ok("remote", "add", "origin", url, "--endpoint-url", bucket.endpoint)
    dsv.ok("push")
    files["large.bin"] = large[:1_000_000] + b"!" + large[1_000_000:]
    (folder / "large.bin").write_bytes(files["large.bin"])
    dsv.ok("commit", "-am", "two")
    dsv.ok("push")
    asked = {"raw/trips.csv": "raw/trips.csv", "large.bin": "large.bin", "images/a/x.bin": "images:a/x.bin"}
    for name, data in files.items():
        command = [sys.executable, str(STRANGER), bucket.endpoint, bucket.name, "team/flights", asked[name]]
        done = subprocess.run(command, capture_output=True, check=False)
        assert done.returncode == 0, done.stderr.decode()
        assert done.stdout == data
