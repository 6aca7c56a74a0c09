"""Parquet: the pages of real writers are found, odd and hostile files are left to FastCDC."""

import io
import struct
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from dsv.segment import cdc, parquet_layout, parquet_pages
from dsv.segment.cut import SMALL
from dsv.segment.window import Window
from tests.unit.segment.parquet_fixtures import (
    Column,
    close,
    footer,
    noise,
    page,
    page_header,
    read_from,
    segments,
)
from tests.unit.segment.parquet_fixtures import parquet as forged

ROWS = 30_000


def table() -> pa.Table:
    ids = list(range(ROWS))
    words = [noise(12, str(i % 500)).hex() for i in ids]
    return pa.table(
        {
            "id": ids,
            "word": words,
            "unique": [f"{i * 2654435761 % 2**32:x}-{word}" for i, word in zip(ids, words, strict=True)],
            "value": pa.array([None if i % 7 == 0 else i / 3 for i in ids]),
            "list": pa.array([[i, i + 1][: i % 3] for i in ids]),
            "struct": pa.array([{"a": i, "b": [str(i)]} for i in ids]),
        }
    )


def written(table: pa.Table, **options: Any) -> bytes:
    sink = io.BytesIO()
    pq.write_table(table, sink, **options)
    return sink.getvalue()


def chunks_of(data: bytes) -> list[parquet_layout.ChunkBytes]:
    length = parquet_layout.footer_size(data[-8:], len(data))
    assert length is not None
    return parquet_layout.chunks(data[-length:-8], len(data) - length)


def pages_of(data: bytes) -> list[list[tuple[int, int]]]:
    """Return for each chunk where its pages start and end; they must fill it exactly."""
    found = []
    for chunk in chunks_of(data):
        bounds = []
        pos = chunk.start
        while pos < chunk.end:
            one = parquet_layout.page(data, pos)
            assert one is not None
            bounds.append((pos, pos + one.header + one.body))
            pos = bounds[-1][1]
        assert pos == chunk.end
        found.append(bounds)
    return found


OPTIONS = [
    {"compression": "none"},
    {"compression": "snappy"},
    {"compression": "zstd"},
    {"compression": "brotli"},
    {"compression": "gzip", "data_page_version": "2.0"},
    {"compression": "lz4", "use_dictionary": False},
    {"write_page_index": True, "write_page_checksum": True},
    {"bloom_filter_options": {"word": {"ndv": 1000, "fpp": 0.01}}},
    {"use_content_defined_chunking": {"min_chunk_size": 8192, "max_chunk_size": 32_768}},
    {"row_group_size": 4000, "data_page_size": 4096},
    {"use_byte_stream_split": ["value"], "use_dictionary": False},
    {"store_schema": False, "version": "1.0"},
]


@pytest.mark.parametrize("options", OPTIONS, ids=lambda options: ",".join(map(str, options.values()))[:40])
def test_the_pages_of_pyarrow_are_found(options: dict[str, Any]) -> None:
    data = written(table(), **options)
    meta = pq.ParquetFile(io.BytesIO(data)).metadata
    assert len(pages_of(data)) == meta.num_row_groups * meta.num_columns
    check_cuts(data)


def test_the_pages_of_polars_are_found(tmp_path: Path) -> None:
    import polars as pl

    path = tmp_path / "polars"
    pl.from_arrow(table()).write_parquet(path, row_group_size=5000)  # type: ignore[union-attr]
    check_cuts(path.read_bytes())


def test_the_pages_of_duckdb_are_found(tmp_path: Path) -> None:
    import duckdb

    path = tmp_path / "duckdb"
    with duckdb.connect() as connection:
        connection.register("t", table())
        connection.sql("select * from t").write_parquet(str(path), row_group_size=5000)
    check_cuts(path.read_bytes())


def check_cuts(data: bytes) -> None:
    """Check that pages which are not small start a segment, and that the footer stands apart."""
    found = segments(data)
    assert b"".join(found) == data
    starts = {0}
    for segment in found:
        starts.add(max(starts) + len(segment))
    chunks = pages_of(data)
    for start, end in (bounds for chunk in chunks for bounds in chunk):
        assert end - start < SMALL or start in starts or start == len(parquet_layout.MAGIC)
    assert chunks[-1][-1][1] in starts


@pytest.mark.parametrize("empty", [table().slice(0, 0), pa.table({})], ids=["no rows", "no columns"])
def test_an_empty_table_comes_back(empty: pa.Table) -> None:
    # A file this small is one segment: it takes something between the magic and the rest to be walked.
    data = written(empty)
    padded = data[:4] + noise(SMALL) + data[4:]
    assert b"".join(segments(padded)) == padded


def test_three_thousand_columns() -> None:
    data = written(pa.table({f"column {i}": [i, i + 1] for i in range(3000)}))
    found = segments(data)
    assert b"".join(found) == data
    assert len(chunks_of(data)) == 3000
    assert len(found) < len(data) / SMALL + 2


def test_a_page_of_many_megabytes_is_cut_by_fastcdc() -> None:
    data = forged([page(noise(20_000, "before"))], [page(noise(12_000_000))], [page(noise(20_000, "after"))])
    found = segments(data)
    assert b"".join(found) == data
    assert max(map(len, found)) <= cdc.MAX
    assert page(noise(20_000, "after")) in found


def test_a_page_moves_without_being_new() -> None:
    kept = [page(noise(50_000, str(i))) for i in range(4)]
    found = segments(forged([page(noise(33_333)), *kept]))
    assert all(one in found for one in kept)


def test_small_pages_find_the_same_partners_again() -> None:
    small = [page(noise(1000 + 40 * i, str(i))) for i in range(400)]
    before = segments(forged(small))
    after = segments(forged([page(noise(7777)), *small]))
    assert len(set(after) - set(before)) < len(before) / 4


def test_a_header_may_be_long() -> None:
    long = page(noise(30_000), extra=noise(200_000))
    assert long in segments(forged([page(noise(20_000, "first")), long, page(noise(20_000, "last"))]))


@pytest.mark.parametrize(
    "columns",
    [
        pytest.param([Column(4, 60_000, path=b"elsewhere.parquet")], id="in another file"),
        pytest.param([Column(4, 60_000, encrypted=True)], id="encrypted"),
        pytest.param([Column(4, 60_000), Column(1000, 60_000)], id="overlapping"),
        pytest.param([Column(4, 60_000), Column(4, 60_000)], id="twice the same"),
        pytest.param([Column(4, 2**62)], id="longer than the file"),
        pytest.param([Column(4, -5)], id="of negative size"),
        pytest.param([Column(-4, 60_000)], id="before the file"),
        pytest.param([Column(0, 60_000)], id="nowhere"),
    ],
)
def test_a_chunk_that_cannot_be_is_not_walked(columns: list[Column]) -> None:
    body = noise(200_000)
    data = close(b"PAR1" + body, footer(columns))
    assert chunks_of(data) == []
    assert b"".join(segments(data)) == data


def test_an_overlap_costs_only_those_who_overlap() -> None:
    columns = [Column(4, 100), Column(104, 100), Column(150, 100), Column(160, 20), Column(250, 9)]
    data = close(b"PAR1" + noise(1000), footer(columns))
    assert chunks_of(data) == [parquet_layout.ChunkBytes(4, 104), parquet_layout.ChunkBytes(250, 259)]


def test_a_dictionary_page_starts_the_chunk() -> None:
    data = close(b"PAR1" + noise(1000), footer([Column(500, 300, dictionary=400)]))
    assert chunks_of(data) == [parquet_layout.ChunkBytes(400, 700)]


@pytest.mark.parametrize(
    "body",
    [
        pytest.param([page_header(2**40, 2**41), noise(100_000)], id="a page longer than the chunk"),
        pytest.param([page_header(-1, 5), noise(100_000)], id="a page of negative size"),
        pytest.param([page(noise(30_000)), noise(100_000)], id="garbage after a page"),
        pytest.param([page(noise(30_000)), b"\x1c" * 100_000], id="a header without an end"),
        pytest.param([page(b"")] * 20_000, id="pages of nothing"),
    ],
)
def test_a_walk_that_fails_is_gone_on_by_fastcdc(body: list[bytes]) -> None:
    data = forged(body, [page(noise(40_000, "next"))])
    found = segments(data)
    assert b"".join(found) == data
    assert page(noise(40_000, "next")) in found


def test_a_file_of_headers_is_walked_so_far_and_no_further() -> None:
    data = forged([page(b"")] * 20_000, [page(noise(40_000, "next"))])
    first, _ = chunks_of(data)
    walked = list(parquet_pages.walk(Window(read_from(data), len(data)), chunks_of(data), allowance=1000))
    assert 50 < len(walked) < 2000
    assert parquet_pages.Piece(first.end, packed=False) in walked


def test_a_footer_of_too_many_chunks_is_not_kept() -> None:
    four = footer([Column(4 + 10 * i, 10) for i in range(4)])
    assert len(parquet_layout.chunks(four, 1000, most=4)) == 4
    assert parquet_layout.chunks(four, 1000, most=3) == []


@pytest.mark.parametrize(
    "trailer",
    [b"\0\0\0\0PAR1", b"\xff\xff\xff\xffPAR1", b"\1\0\0\0PARE", struct.pack("<I", 99_990) + b"PAR1"],
)
def test_a_footer_that_does_not_fit_is_none(trailer: bytes) -> None:
    assert parquet_layout.footer_size(trailer, 100_000) is None


def test_a_file_with_an_encrypted_footer_is_cut_like_any_other() -> None:
    plain = noise(400_000)
    data = b"PARE" + plain + struct.pack("<I", 100) + b"PARE"
    assert b"".join(segments(data)) == data
    assert sum(segment in plain for segment in segments(data)) > 1


def test_the_reader_is_not_asked_beyond_the_file() -> None:
    data = b"PAR1" + noise(SMALL + 1)
    assert b"".join(segments(data)) == data
    assert read_from(data)(0, 4) == parquet_layout.MAGIC
