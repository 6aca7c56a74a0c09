import os
from pathlib import Path

import pytest

from dsv.errors import BadConfig
from dsv.plain import read_plain, read_plain_text


def test_a_file_and_a_link_to_one_are_read(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"a\r\nb\rc\n")
    (tmp_path / "link").symlink_to("file")
    assert read_plain(tmp_path / "link") == b"a\r\nb\rc\n"
    assert read_plain_text(tmp_path / "file") == "a\nb\nc\n"


def test_nothing_else_is_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "endless").symlink_to("/dev/zero")
    for name in ("pipe", "endless"):
        with pytest.raises(BadConfig, match="no regular file"):
            read_plain(tmp_path / name)
    with pytest.raises(IsADirectoryError):
        read_plain(tmp_path)


def test_a_file_may_be_as_long_as_the_limit_and_no_longer(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"x" * 100)
    assert len(read_plain(tmp_path / "file", limit=100)) == 100
    with pytest.raises(BadConfig, match="has more than"):
        read_plain(tmp_path / "file", limit=99)
