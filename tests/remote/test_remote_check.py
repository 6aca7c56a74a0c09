"""What `remote check` finds out about good and bad places."""

from dataclasses import replace
from pathlib import Path

import pytest

from dsv.ops.remote_check import RemoteTried, remote_check
from dsv.store.blobs.local import LocalBlobs
from dsv.store.blobs.metered import Meter, Metered
from dsv.store.blobs.s3 import S3Blobs
from tests.remote.faultproxy import Answer, Damage, FaultProxy, Unconditional, unlisted
from tests.remote.seaweedfs import READER_KEY, READER_SECRET, Bucket

NAMES = ["read", "write", "list", "create-only", "compare-and-swap", "parts", "delete"]


def check(blobs: S3Blobs) -> RemoteTried:
    found = remote_check(blobs, blobs.meter)
    assert [one.name for one in found.checks] == NAMES
    assert all(one.advice for one in found.checks if one.ok is False)
    return found


def failed(found: RemoteTried) -> list[str]:
    return [one.name for one in found.checks if one.ok is False]


def test_a_good_bucket(bucket: Bucket, sound: S3Blobs) -> None:
    found = check(sound)
    assert found.ok, found
    assert found.traffic.requests == 17
    assert 4e-5 < found.dollars < 6e-5
    assert bucket.keys() == {}
    assert "nothing was pushed" in found.checks[0].detail


def test_a_good_folder(tmp_path: Path) -> None:
    meter = Meter()
    found = remote_check(Metered(LocalBlobs(tmp_path), meter), meter)
    assert found.ok, found
    assert found.traffic == meter.traffic


def test_reading_is_allowed_and_writing_is_not(bucket: Bucket, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", READER_KEY)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", READER_SECRET)
    found = check(S3Blobs(bucket.settings()))
    assert failed(found) == ["write"]
    assert [one.ok for one in found.checks] == [True, False, None, None, None, None, None]
    assert "s3:PutObject" in str(found.checks[1].advice)


def test_no_bucket(bucket: Bucket) -> None:
    found = check(S3Blobs(replace(bucket.settings(), bucket="nobody-has-this")))
    assert failed(found) == ["read"]
    assert found.traffic.requests == 1


def test_refs_that_are_damaged(sound: S3Blobs) -> None:
    sound.swap(None, b"garbage")
    assert failed(check_without_advice(sound)) == ["read"]


def check_without_advice(blobs: S3Blobs) -> RemoteTried:
    return remote_check(blobs, blobs.meter)


def test_conditions_are_ignored(bucket: Bucket, faulty: S3Blobs, proxy: FaultProxy) -> None:
    proxy.add(Unconditional())
    found = check(faulty)
    assert failed(found) == ["create-only", "compare-and-swap", "parts"]
    assert "--assume-single-writer" in str(found.checks[3].advice)
    assert bucket.keys() == {}


def test_listings_lag(faulty: S3Blobs, proxy: FaultProxy) -> None:
    proxy.add(Damage(unlisted("tmp/")), query="list-type")
    assert failed(check(faulty)) == ["list"]


def test_deleting_is_denied(bucket: Bucket, faulty: S3Blobs, proxy: FaultProxy) -> None:
    proxy.add(Answer(403, "AccessDenied"), method="DELETE")
    found = check(faulty)
    assert "delete" in failed(found)
    assert "s3:DeleteObject" in str(found.checks[-1].advice)
    assert bucket.keys() != {}
