from pathlib import Path

import pytest

from dsv.runs.rebuild.scratch import clear, keep, room


def interrupted(scratch: Path) -> None:
    with room(scratch) as folder:
        (folder / "x").mkdir()
        (folder / "x/y").write_text("1")
        (folder / "x").chmod(0)
        raise KeyboardInterrupt


def test_a_room_goes_away_however_it_ends(tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt):
        interrupted(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_what_a_killed_replay_left_is_removed_and_a_living_one_is_not(tmp_path: Path) -> None:
    (tmp_path / "replay-dead").mkdir()
    (tmp_path / "replay-dead.lock").touch()
    with room(tmp_path) as first, room(tmp_path) as second:
        assert first.is_dir()
        assert second.is_dir()
        assert not (tmp_path / "replay-dead").exists()
    assert list(tmp_path.iterdir()) == []


def test_a_result_that_is_kept(tmp_path: Path) -> None:
    with room(tmp_path) as folder:
        (folder / "a").write_text("1")
        kept = keep(tmp_path, folder / "a", "data/a.csv")
    assert kept.read_text() == "1"
    assert kept.parts[-2:] == ("data", "a.csv")
    with room(tmp_path):
        pass
    assert kept.exists()


def test_links_are_not_followed(tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out/file").touch()
    (tmp_path / "room").mkdir()
    (tmp_path / "room/link").symlink_to(tmp_path / "out")
    clear(tmp_path / "room")
    clear(tmp_path / "room")
    assert (tmp_path / "out/file").exists()
