from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.robustness.lab_fixtures import Lab, Server


@pytest.fixture(scope="session")
def server() -> Iterator[Server]:
    """A server of commands."""
    running = Server()
    yield running
    running.close()


@pytest.fixture
def lab(tmp_path: Path, server: Server) -> Lab:
    """A new workspace."""
    folder = tmp_path / "work"
    folder.mkdir()
    made = Lab(folder, server)
    made.ok("init")
    return made
