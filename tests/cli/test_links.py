"""Links in datasets: counted and named by `add`, and replaced by what they lead to with `--follow`."""

from pathlib import Path

import pytest

from tests.cli.face_fixtures import Face


@pytest.fixture
def snapshot(dsv: Face, tmp_path: Path) -> Path:
    """A folder as the cache of Hugging Face makes them: all links to blobs beside it."""
    blobs = tmp_path / "cache" / "blobs"
    (blobs / "tree").mkdir(parents=True)
    (blobs / "aaa").write_text("weights")
    (blobs / "tree" / "inner").write_text("inner")
    (blobs / "back").write_text("x")
    folder = dsv.folder / "snapshot"
    folder.mkdir()
    (folder / "model").symlink_to(blobs / "aaa")
    (folder / "folder").symlink_to(blobs / "tree")
    (folder / "plain").write_text("plain")
    (folder / "same").symlink_to("plain")
    return folder


def test_links_are_counted_and_those_that_lead_out_named(dsv: Face, snapshot: Path) -> None:
    said = dsv("add", "snapshot")
    assert "snapshot holds 3 links; 2 out of it, to bytes that are not kept with it" in said.err
    assert "snapshot/folder" in said.err
    assert "snapshot/model" in said.err
    assert (snapshot / "model").is_symlink()


def test_a_link_to_nothing_is_named(dsv: Face, snapshot: Path) -> None:
    (snapshot / "gone").symlink_to("nowhere")
    assert "1 to nothing: snapshot/gone" in dsv("add", "snapshot").err
    found = dsv("add", "--follow", "snapshot")
    assert found.code == 3
    assert "nowhere, which is not there" in found.err
    assert (snapshot / "model").is_symlink()


def test_what_links_lead_to_is_kept(dsv: Face, snapshot: Path) -> None:
    found = dsv.json("add", "--follow", "snapshot")
    assert found["notes"][0] == "snapshot: 2 links replaced by what they led to"
    assert not (snapshot / "model").is_symlink()
    assert (snapshot / "same").is_symlink()
    dsv.ok("commit", "-m", "kept")
    (snapshot / "model").unlink()
    dsv.ok("restore", "snapshot")
    assert (snapshot / "model").read_text() == "weights"
    assert (snapshot / "folder" / "inner").read_text() == "inner"
    assert dsv.json("status")["unstaged"] == []
    assert dsv.json("add", "--follow", "snapshot")["unchanged"] == ["snapshot"]


def test_a_dataset_that_is_a_link(dsv: Face, tmp_path: Path) -> None:
    (tmp_path / "far.csv").write_text("a\n1\n")
    (dsv.folder / "near.csv").symlink_to(tmp_path / "far.csv")
    assert "link out of the workspace" in dsv("add", "near.csv").err
    dsv.ok("add", "--follow", "near.csv")
    assert (dsv.folder / "near.csv").read_text() == "a\n1\n"
    assert not (dsv.folder / "near.csv").is_symlink()
    assert (tmp_path / "far.csv").read_text() == "a\n1\n"


def test_folders_that_are_links_are_not_gone_through(dsv: Face, tmp_path: Path) -> None:
    (tmp_path / "there" / "d").mkdir(parents=True)
    (tmp_path / "there" / "d" / "x").symlink_to(tmp_path)
    (dsv.folder / "way").symlink_to(tmp_path / "there")
    assert dsv("add", "--follow", "way/d").code == 3
    assert (tmp_path / "there" / "d" / "x").is_symlink()


def test_links_in_a_circle(dsv: Face, snapshot: Path, tmp_path: Path) -> None:
    (tmp_path / "cache" / "blobs" / "tree" / "up").symlink_to(tmp_path / "cache" / "blobs")
    assert "without an end" in dsv("add", "--follow", "snapshot").err
    assert (snapshot / "folder").is_symlink()
