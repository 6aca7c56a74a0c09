"""What holds for all tests, and a real S3 server, started when the first test asks for it."""

import gc
import os
import sys
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, settings

from tests.remote.seaweedfs import Bucket, Weed
from tests.waiting import Gate

# A test says nothing about time, least of all on a machine that does other work as well.
settings.register_profile("dsv", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("dsv")

# `python` is the one that runs the tests, whether or not its environment is active.
os.environ["PATH"] = os.pathsep.join((os.path.dirname(sys.executable), os.environ.get("PATH", os.defpath)))  # noqa: PTH120


@pytest.fixture(autouse=True)
def _collects() -> Iterator[None]:
    """A command that a test runs in its own process leaves the collector of garbage as it was.

    Otherwise what it opened stays open, and after a thousand tests nothing can be opened any more.
    """
    before = gc.isenabled(), gc.get_threshold()
    yield
    assert (gc.isenabled(), gc.get_threshold()) == before


@pytest.fixture
def gate(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gate]:
    """A pipe, outside of any workspace, by which a command says that it came somewhere."""
    with Gate(tmp_path_factory.mktemp("gate") / "gate") as made:
        yield made


@pytest.fixture(scope="session")
def weed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Weed]:
    """A server for the whole session."""
    with Weed(tmp_path_factory.mktemp("weed")) as running:
        yield running


@pytest.fixture
def bucket(weed: Weed, monkeypatch: pytest.MonkeyPatch) -> Bucket:
    """An empty bucket of the test's own; the environment has the credentials for it."""
    for name in ("AWS_PROFILE", "AWS_SESSION_TOKEN", "AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_S3"):
        monkeypatch.delenv(name, raising=False)
    for name, value in weed.environment.items():
        monkeypatch.setenv(name, value)
    return weed.new_bucket()
