from pathlib import Path

import pytest

from dsv.errors import NotFound
from dsv.imports.resolve_links import replace_links
from dsv.progress import SILENT


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """A folder with links inside of it, and out of it to a file and a folder."""
    (tmp_path / "room").mkdir()
    (tmp_path / "far" / "sub").mkdir(parents=True)
    (tmp_path / "far" / "f").write_text("far")
    (tmp_path / "far" / "sub" / "g").write_text("deep")
    made = tmp_path / "data"
    (made / "d").mkdir(parents=True)
    (made / "own").write_text("own")
    (made / "d" / "inside").symlink_to("../own")
    (made / "d" / "file").symlink_to(tmp_path / "far" / "f")
    (made / "folder").symlink_to(tmp_path / "far" / "sub")
    return made


def test_what_leads_out_becomes_what_it_leads_to(place: Path) -> None:
    assert replace_links(place, place.parent / "room", SILENT) == 2
    assert (place / "d" / "inside").is_symlink()
    assert not (place / "d" / "file").is_symlink()
    assert (place / "d" / "file").read_text() == "far"
    assert not (place / "folder").is_symlink()
    assert (place / "folder" / "g").read_text() == "deep"
    assert list((place.parent / "room").iterdir()) == []
    assert replace_links(place, place.parent / "room", SILENT) == 0


def test_a_link_alone(place: Path) -> None:
    link = place.parent / "alone"
    link.symlink_to(place / "own")
    assert replace_links(link, place.parent / "room", SILENT) == 1
    assert not link.is_symlink()
    assert link.read_text() == "own"


def test_a_link_to_nothing_is_said_before_anything_is_replaced(place: Path) -> None:
    (place / "z").symlink_to("/nowhere/at/all")
    with pytest.raises(NotFound, match="/nowhere/at/all, which is not there"):
        replace_links(place, place.parent / "room", SILENT)
    assert (place / "d" / "file").is_symlink()
