from pathlib import Path

import pytest

from tests.unit.replay.plant import Plant


@pytest.fixture
def plant(tmp_path: Path) -> Plant:
    return Plant(tmp_path / "w")
