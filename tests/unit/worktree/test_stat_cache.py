import os
import sqlite3
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dsv.hashing import checksum
from dsv.worktree import boot
from dsv.worktree.stat_cache import SNAPSHOTS_KEPT, StatCache
from dsv.worktree.stat_pages import (
    COARSE_NS,
    LASTING,
    SETTLE_NS,
    Body,
    Head,
    decode_body,
    decode_head,
    encode_body,
    encode_head,
    is_racy,
    pack_stats,
    settles,
)

HEAD = Head(b"s" * 16, b"n" * 16, b"i" * 32, 2, 2, 7, 123, -1, False, True, 7)
BODY = Body(["a", "b"], pack_stats([1, 2, 3, 4, 5] * 2), b"x" * 64, b"\0\1", {"b": "target"})
OID = "ab" * 32


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "stat"


def fill(path: Path) -> None:
    with StatCache(path) as cache:
        cache.put("data", "sub", "b", HEAD, BODY)
        cache.remember_snapshot(OID, [["data", 1, None]])
        cache.commit()


def test_what_was_committed_is_there_again(path: Path) -> None:
    fill(path)
    with StatCache(path) as cache:
        assert cache.rows("data", "sub") == [("b", HEAD)]
        assert cache.body("data", "sub", "b") == BODY
        assert cache.page(HEAD.node) == BODY
        assert cache.snapshot(OID) == [["data", 1, None]]
        assert cache.rows("data", "other") == []
        assert cache.body("data", "sub", "c") is None
        assert cache.snapshot("cd" * 32) is None


def test_what_was_not_committed_is_forgotten(path: Path) -> None:
    fill(path)
    with StatCache(path) as cache:
        cache.forget("data")
        assert cache.rows("data", "sub") == []
    with StatCache(path) as cache:
        cache.drop_folder("data", "sub")
        cache.rollback()
        assert cache.rows("data", "sub") == [("b", HEAD)]


def test_folders_are_forgotten_with_what_is_below(path: Path) -> None:
    with StatCache(path) as cache:
        for folder in ("s", "s/t", "s/t/u", "s0", "st"):
            cache.put("data", folder, "b", HEAD, BODY)
        cache.drop_folder("data", "s")
        assert [folder for folder in ("s", "s/t", "s/t/u", "s0", "st") if cache.rows("data", folder)] == [
            "s0",
            "st",
        ]


def test_old_snapshots_are_forgotten(path: Path) -> None:
    with StatCache(path) as cache:
        for number in range(SNAPSHOTS_KEPT + 5):
            cache.remember_snapshot(f"{number:064}", [])
        kept = [number for number in range(SNAPSHOTS_KEPT + 5) if cache.snapshot(f"{number:064}") is not None]
        assert kept == list(range(5, SNAPSHOTS_KEPT + 5))


@pytest.mark.parametrize("damage", [b"", b"not a database" * 100, "middle", "version"])
def test_a_damaged_cache_starts_over(path: Path, damage: bytes | str) -> None:
    fill(path)
    if damage == "middle":
        data = bytearray(path.read_bytes())
        data[len(data) // 4 :] = bytes(len(data) - len(data) // 4)
        path.write_bytes(data)
    elif damage == "version":
        database = sqlite3.connect(path)
        database.execute("PRAGMA user_version = 99")
        database.close()
    elif isinstance(damage, bytes):
        path.write_bytes(damage)
    with StatCache(path) as cache:
        assert cache.rows("data", "sub") == []
        # Damage may be met only when something is written, which is then forgotten.
        for _ in range(2):
            cache.put("data", "sub", "b", HEAD, BODY)
        cache.commit()
    with StatCache(path) as cache:
        assert cache.rows("data", "sub") == [("b", HEAD)]


@pytest.mark.parametrize("column", ["head", "body"])
def test_a_damaged_row_is_not_believed(path: Path, column: str) -> None:
    fill(path)
    database = sqlite3.connect(path)
    (value,) = database.execute(f"SELECT {column} FROM pages").fetchone()
    database.execute(f"UPDATE pages SET {column} = ?", (value[:20] + bytes([value[20] ^ 1]) + value[21:],))
    database.commit()
    database.close()
    with StatCache(path) as cache:
        cache.body("data", "sub", "b")
        assert cache.rows("data", "sub") == []


def test_a_row_under_another_name_is_not_believed(path: Path) -> None:
    fill(path)
    database = sqlite3.connect(path)
    database.execute("UPDATE pages SET dir = 'elsewhere'")
    database.commit()
    database.close()
    with StatCache(path) as cache:
        assert cache.rows("data", "elsewhere") == []


def test_a_second_writer_goes_on_without(path: Path) -> None:
    fill(path)
    with StatCache(path) as first, StatCache(path) as second:
        first.put("data", "new", "b", HEAD, BODY)
        second.put("data", "other", "b", HEAD, BODY)
        assert not second.writable
        second.commit()
        assert second.rows("data", "sub") == [("b", HEAD)]
        first.commit()
        assert second.rows("data", "new") == [("b", HEAD)]
        assert second.rows("data", "other") == []


def test_a_place_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "stat").mkdir()
    with StatCache(tmp_path / "stat") as cache:
        cache.put("data", "", "b", HEAD, BODY)
        cache.commit()
        assert cache.rows("data", "") == []
    with StatCache(tmp_path / "missing" / "stat") as cache:
        assert not cache.writable
        assert cache.snapshot(OID) is None


def test_a_store_that_is_only_read(path: Path) -> None:
    fill(path)
    cache = StatCache(None)
    cache._path = path
    cache._open_frozen(path)
    with cache:
        assert cache.rows("data", "sub") == [("b", HEAD)]
        cache.put("data", "x", "b", HEAD, BODY)
        cache.commit()
        assert cache.rows("data", "x") == []


def test_damage_is_told_by_the_codec() -> None:
    with pytest.raises(ValueError, match="length"):
        decode_head(b"", "key")
    with pytest.raises(ValueError, match="checksum"):
        decode_head(encode_head(HEAD, "key"), "other")
    with pytest.raises(ValueError, match="checksum"):
        decode_body(encode_body(BODY)[:-1])
    assert decode_head(encode_head(HEAD, "key"), "key") == HEAD


@given(
    st.lists(
        st.text(st.characters(exclude_characters="\0/", exclude_categories=["Cs"]), min_size=1), unique=True
    )
)
def test_a_body_of_any_names_comes_back(names: list[str]) -> None:
    count = len(names)
    body = Body(sorted(names), bytes(40 * count), bytes(32 * count), bytes(count), {})
    assert decode_body(encode_body(body)) == body


def test_stats_out_of_range_are_packed() -> None:
    assert len(pack_stats([-1, 2**63, 2**64 - 1, 0, 1])) == 40


def test_times_settle() -> None:
    now = time.time_ns() // 10**9 * 10**9
    assert settles(5, now + 1) == now + 1 + SETTLE_NS
    assert settles(5, now) == now + COARSE_NS
    assert is_racy([0, 5, now + 1, 0, 0], now + 1 + SETTLE_NS)
    assert not is_racy([0, 5, now + 1, 0, 0], now + 2 + SETTLE_NS)
    assert not is_racy([], 0)


def test_importing_the_package_is_light() -> None:
    import subprocess
    import sys

    code = (
        "import sys, dsv.worktree.observe, dsv.worktree.materialise, dsv.worktree.untracked;"
        "print([name for name in ('pyarrow', 'numpy', 'rich', 'boto3') if name in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, env=os.environ
    )
    assert done.stdout.strip() == "[]"


def test_a_head_of_before_boots_were_kept_is_of_an_unknown_one() -> None:
    raw = encode_head(HEAD, "key")[:-16]
    old = raw + checksum(raw + b"key").to_bytes(8, "little")
    found = decode_head(old, "key")
    assert found[:-1] == HEAD[:-1]
    assert found.boot not in (LASTING, boot.session())
