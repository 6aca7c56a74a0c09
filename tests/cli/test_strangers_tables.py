"""Tables that end the process which reads them, or would fill the memory: dsv goes on, and says so."""

import io
import os
import signal
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from dsv.tables import apart
from dsv.tables.formats import parquet
from dsv.tables.formats.byte_source import ByteSource
from tests.cli.face_fixtures import Face
from tests.robustness import thrift_lists
from tests.robustness.damaged_tables import Parquet, metas

pytestmark = pytest.mark.skipif(not apart.POSSIBLE, reason="tables are read in dsv's own process here")

CRASH = "its reader crashed (signal 11)"


def _table(path: Path, marked: bytes = b"") -> None:
    pq.write_table(pa.table({"a": [1, 2], "s": [marked.decode(), "x"]}), path, compression="none")


@pytest.fixture
def crashing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Parquet files that hold the bytes CRASH end the process that reads them, as a fault of Arrow would."""
    sound = parquet.read_footer

    def read_footer(source: ByteSource) -> bytes:
        if b"CRASH" in bytes(source.read_at(0, source.size)):
            os.kill(os.getpid(), signal.SIGSEGV)
        return sound(source)

    monkeypatch.setattr(parquet, "read_footer", read_footer)


@pytest.mark.usefixtures("crashing")
def test_looking_at_it_says_why_there_is_no_table(dsv: Face) -> None:
    _table(dsv.folder / "bad.parquet", b"CRASH")
    (dsv.folder / "d").mkdir()
    _table(dsv.folder / "d/bad.parquet", b"CRASH")
    dsv.ok("add", "bad.parquet", "d")
    dsv.ok("commit", "-m", "one")
    for name in ("bad.parquet", "d"):
        assert CRASH in dsv.ok("show", name)
        for words in (("head", name), ("schema", name), ("cat", name, "--format", "csv")):
            done = dsv(*words)
            assert done.code == 3
            assert CRASH in done.err
    _table(dsv.folder / "bad.parquet", b"CRASH again")
    dsv.ok("diff", "bad.parquet")
    assert dsv("cat", "bad.parquet").code == 0
    dsv.ok("commit", "-a", "-m", "two")
    dsv.ok("fsck")


@pytest.mark.usefixtures("crashing")
def test_a_run_is_recorded_with_a_crashing_table_among_its_outputs(dsv: Face) -> None:
    for name, marked in (("a", b""), ("b", b"CRASH"), ("c", b""), ("d", b"CRASH")):
        _table(dsv.folder / f"from-{name}", marked)
    (dsv.folder / "mk.sh").write_text("for n in a b c d; do cp from-$n $n.parquet; done\n")
    done = dsv("run", "--", "sh", "mk.sh")
    assert done.code == 0, done.err
    for name in ("b", "d"):
        assert f"warning: {name}.parquet has no table id: {CRASH}" in done.err
    dsv.ok("commit", "-m", "one")
    for name in ("a", "c"):
        assert CRASH not in dsv.ok("show", f"{name}.parquet")
    assert CRASH in dsv.ok("show", "d.parquet")
    dsv.ok("fsck")


def _bomb() -> bytes:
    """Return a small Parquet file whose page says that it unpacks to 2 GiB."""
    out = io.BytesIO()
    table = pa.table({"a": pa.array(range(100))})
    pq.write_table(table, out, compression="snappy", use_dictionary=False)
    found = Parquet.of(out.getvalue())
    thrift_lists.put(found.pages[0].header, 2, 2**31 - 1)
    for meta in metas(found.footer):
        thrift_lists.put(meta, 6, 2**31 - 1)
    return found.joined()


def test_a_page_that_claims_gigabytes_is_no_table(dsv: Face) -> None:
    (dsv.folder / "bomb.parquet").write_bytes(_bomb())
    dsv.ok("add", "bomb.parquet")
    dsv.ok("commit", "-m", "one")
    assert "more memory" in dsv.ok("show", "bomb.parquet")
    assert "more memory" in dsv.fails("head", "bomb.parquet", code=3)["message"]
