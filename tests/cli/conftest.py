from pathlib import Path

import pytest

from tests.cli.face_fixtures import Face


@pytest.fixture
def outside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Face:
    """dsv in a folder that is no workspace."""
    monkeypatch.setenv("DSV_AUTHOR", "Ada <ada@example.org>")
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    folder = tmp_path / "work"
    folder.mkdir()
    return Face(folder, monkeypatch)


@pytest.fixture
def dsv(outside: Face) -> Face:
    """dsv in a new workspace."""
    outside.ok("init")
    return outside
