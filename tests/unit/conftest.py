from pathlib import Path

import pytest

from tests.unit.workshop import Workshop


@pytest.fixture
def shop(tmp_path: Path) -> Workshop:
    return Workshop(tmp_path / "w")
