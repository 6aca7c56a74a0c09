"""What a listing tells of a folder."""

import os
from pathlib import Path

from dsv.model.node import DIR, FILE, LINK
from dsv.worktree.folder_names import names_in
from dsv.worktree.ignore import Ignore


def test_names_and_kinds(tmp_path: Path) -> None:
    raw = tmp_path / "raw"
    (raw / "deep").mkdir(parents=True)
    (raw / "a.csv").write_text("1")
    (raw / "link").symlink_to("a.csv")
    (raw / "run.sh").write_text("")
    (raw / "run.sh").chmod(0o755)
    os.mkfifo(raw / "pipe")
    assert names_in(tmp_path, "raw") == {"a.csv": FILE, "deep": DIR, "link": LINK, "run.sh": FILE}


def test_what_dsv_and_git_put_there_is_left_out(tmp_path: Path) -> None:
    for name in (".dsv", ".git", "__pycache__"):
        (tmp_path / name).mkdir()
    for name in ("dsv.toml", "dsv.lock", ".dsvignore", ".gitignore", "a.csv"):
        (tmp_path / name).write_text("")
    assert names_in(tmp_path, "") == {"a.csv": FILE}
    (tmp_path / "sub").mkdir()
    for name in ("dsv.lock", ".gitignore"):
        (tmp_path / "sub" / name).write_text("")
    assert names_in(tmp_path, "sub") == {"dsv.lock": FILE}


def test_rules_leave_out_what_they_name(tmp_path: Path) -> None:
    for name in ("a.csv", "a.log"):
        (tmp_path / name).write_text("")
    (tmp_path / "tmp").mkdir()
    assert names_in(tmp_path, "", Ignore(["*.log", "tmp/"])) == {"a.csv": FILE}


def test_what_is_no_folder_has_no_names(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("")
    assert names_in(tmp_path, "a.csv") is None
    assert names_in(tmp_path, "gone") is None


def test_a_name_that_is_not_text(tmp_path: Path) -> None:
    (tmp_path / os.fsdecode(b"\xff.csv")).write_text("")
    assert names_in(tmp_path, "") == {}
