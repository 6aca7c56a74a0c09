import threading
from pathlib import Path

import pytest

from dsv.progress import Total
from dsv.store.blobs.local import LocalBlobs
from dsv.store.blobs.metered import Meter, Metered, Traffic
from dsv.testing.blobs_contract import NAME, OTHER, BlobsContract


class TestMetered(BlobsContract):
    @pytest.fixture
    def blobs(self, tmp_path: Path) -> Metered:
        return Metered(LocalBlobs(tmp_path), Meter())


class Bar:
    def __init__(self) -> None:
        self.done = 0

    def begin(self, label: str, total: Total, unit: str) -> None:
        raise AssertionError((label, total, unit))

    def advance(self, amount: int) -> None:
        self.done += amount


def test_counts(tmp_path: Path) -> None:
    meter = Meter()
    blobs = Metered(LocalBlobs(tmp_path), meter)
    bar = Bar()
    meter.progress = bar
    blobs.put(NAME, b"12345")
    path = blobs.scratch() / "x"
    path.write_bytes(b"678")
    blobs.adopt(OTHER, path)
    assert meter.traffic == Traffic(requests=2, sent=8, received=0)
    before = meter.traffic
    blobs.read(NAME, 1, 3)
    blobs.view(OTHER)
    list(blobs.list("packs/"))
    blobs.swap(None, b"refs")
    blobs.load()
    blobs.delete(NAME)
    assert meter.traffic.since(before) == Traffic(requests=6, sent=4, received=10)
    assert meter.operations == {"put": 3, "read": 3, "list": 1, "delete": 1}
    assert bar.done == 14


def test_no_count_is_lost_between_threads() -> None:
    meter = Meter()

    def work() -> None:
        for _ in range(1000):
            meter.request("read", 1)
            meter.receive(2)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert meter.traffic == Traffic(4000, 4000, 8000)
