from pathlib import Path

import pytest

from tests.unit.runs.rebuild.replay_fixtures import Plant


@pytest.fixture
def plant(tmp_path: Path) -> Plant:
    return Plant(tmp_path / "w")
