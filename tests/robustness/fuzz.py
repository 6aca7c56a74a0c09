"""Files that were changed at random, read in processes of their own: nobody's bytes end dsv.

    python -m tests.robustness.fuzz KIND COUNT [SEED]

prints what went wrong and keeps the input in the folder `fuzz-found`. Kinds are in `KINDS`.
"""

import gzip
import io
import os
import random
import signal
import sys
import tempfile
import traceback
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from dsv.tables import apart
from tests.robustness import damaged_tables

CHUNK = 250
"""Inputs of one process."""

SECONDS = 10
"""Processor time for one input."""

RESIDENT = 1 << 30
"""Bytes that one input may take beside what the process had."""

_WORDS = (b"0", b"9" * 30, b"-1", b"1e999", b"[", b"{", b'"', b"\\", b",", b"\n", b"\xff", b"\0", b"null", b"\xff" * 8,
          b"\x7f\xff\xff\xff", b"\xff\xff\xff\x7f", b"\x80", b"\x00" * 8, b"\xc3\xa9", b"'''", b"=", b"inf", b"1979-05-27")  # fmt: skip


@dataclass(frozen=True)
class Kind:
    """What is changed, and what has to bear it.

    Attributes:
        seeds: Sound inputs.
        read: Reads one; it may raise what it documents and nothing else.
        change: Makes an input of the seeds.
    """

    seeds: Callable[[], list[bytes]]
    read: Callable[[bytes], None]
    change: Callable[[random.Random, list[bytes]], bytes] = lambda chance, seeds: mutated(
        chance, chance.choice(seeds)
    )


def mutated(chance: random.Random, data: bytes) -> bytes:
    """Return `data` with a few changes of the kinds that programs and disks make."""
    found = bytearray(data)
    for _ in range(chance.choice((1, 1, 1, 2, 3, 8))):
        place = chance.randrange(len(found) + 1)
        stop = min(len(found), place + chance.choice((1, 2, 4, 8, 64)))
        match chance.randrange(8):
            case 0 if found:
                place = min(place, len(found) - 1)
                found[place] ^= 1 << chance.randrange(8)
            case 1:
                found[place:stop] = chance.randbytes(stop - place)
            case 2:
                del found[place:stop]
            case 3:
                found[place:place] = found[place:stop] * chance.choice((1, 2, 50))
            case 4:
                found[place:place] = chance.choice(_WORDS)
            case 5:
                found[place:stop] = chance.choice(_WORDS)[: stop - place]
            case 6 if stop - place in {4, 8}:
                found[place:stop] = chance.choice((0, 1, -1, 2**31 - 1, 10**6)).to_bytes(
                    stop - place, "little", signed=True
                )
            case _:
                other = chance.randrange(len(found) + 1)
                found[place:stop] = found[other : other + stop - place]
    return bytes(found[: chance.randrange(len(found) + 1)] if chance.random() < 0.05 else found)


def tables() -> list[Any]:
    """Return tables of all shapes."""
    import decimal

    import pyarrow as pa

    text = pa.array(["a", None, "é" * 40, ""] * 25)
    flat = {
        "i": pa.array(range(100)),
        "f": pa.array([0.5, None, float("nan"), -0.0] * 25),
        "s": text,
        "b": pa.array([True, None] * 50),
        "t": pa.array([0, 10**15] * 50, pa.timestamp("us", "Europe/Paris")),
        "d": pa.array([decimal.Decimal("1.25"), None] * 50, pa.decimal128(12, 2)),
    }
    nested = {
        "l": pa.array([[1, 2], None, [], [3]] * 25),
        "st": pa.array([{"x": 1, "y": ["a"]}, None] * 50),
        "m": pa.array([[("k", 1)], None] * 50, pa.map_(pa.string(), pa.int64())),
        "fl": pa.array([[1.0, 2.0], None] * 50, pa.list_(pa.float32(), 2)),
        "di": text.dictionary_encode(),
    }
    only = {
        "r": pa.RunEndEncodedArray.from_arrays(pa.array([60, 100], pa.int32()), pa.array(["a", "b"])),
        "v": text.cast(pa.string_view()),
        "lv": pa.array([[1], [2, 3]] * 50, pa.list_view(pa.int32())),
        "n": pa.nulls(100),
    }
    return [pa.table(flat), pa.table(nested), pa.table(only)]


def _parquet() -> list[bytes]:
    import pyarrow.parquet as pq

    found = []
    for table in tables()[:2]:
        for options in ({}, {"compression": "zstd", "use_dictionary": False, "row_group_size": 40}, {"use_deprecated_int96_timestamps": True}):  # fmt: skip
            out = io.BytesIO()
            pq.write_table(table, out, **options)
            found.append(out.getvalue())
    return found


def _arrow(stream: bool) -> list[bytes]:
    import pyarrow as pa
    import pyarrow.ipc

    found = []
    for table in tables():
        for compression in (None, "zstd"):
            out = io.BytesIO()
            make = pa.ipc.new_stream if stream else pa.ipc.new_file
            with make(out, table.schema, options=pa.ipc.IpcWriteOptions(compression=compression)) as writer:
                writer.write_table(table, max_chunksize=60)
            found.append(out.getvalue())
    return found


def _csv() -> list[bytes]:
    return [
        b'i,f,s,t\n1,0.5,"a ""b"" c",2020-01-01 10:00:00\n,NA,,\n3,1e5,"x\ny",2020-01-01T00:00:00.5\n' * 3,
        "é;b (x, y);c\r\n1,5;2;3\r\n2,5;;4\r\n".encode(),
        b"a\n1\n\n0.123456789012345678\n12345678901234567890\n",
    ]


def _jsonl() -> list[bytes]:
    return [
        b'{"a":1,"b":"x","c":[1,2.5,null],"d":{"e":{"f":[{"g":true}]}}}\n{"a":null,"z":1e5}\n' * 4,
        b'{"x":0.123456789012345678,"y":12345678901234567890}\n{"x":[],"y":1}\n'.replace(b"[]", b"1"),
        b'{"t":"\\u00e9\\n\\"","n":-0.0}\n',
    ]


def _packed(seeds: list[bytes]) -> list[bytes]:
    import zstandard

    return [
        pack(seed)
        for seed in seeds
        for pack in (zstandard.compress, lambda data: gzip.compress(data, mtime=0))
    ]


def _reads(name: str) -> Callable[[bytes], None]:
    def read(data: bytes) -> None:
        from dsv.errors import NoTable, Refused
        from dsv.tables.facts.compute import compute
        from dsv.tables.format_names import text_format
        from dsv.tables.formats.infer import infer
        from dsv.tables.formats.open_table import open_table
        from dsv.tables.formats.preview import preview
        from dsv.tables.formats.reader import TableReader
        from dsv.tables.formats.text import TextReader
        from dsv.tables.values import metadata
        from dsv.tables.write import convert
        from dsv.testing.table_strategies import MemorySource

        source = MemorySource(name, data)
        uses: list[Callable[[TableReader], object]] = [lambda table: preview(table, 50), compute]
        if text_format(name) is None:
            form = random.Random(data).choice(("csv", "jsonl", "parquet", "arrow"))
            uses += [
                lambda table: compute(table) and metadata.of_schema(table.schema),
                lambda table: convert.write(table, form, io.BytesIO()),
            ]
        for use in uses:
            with suppress(NoTable, Refused):  # Refused: what CSV or JSON cannot say
                if text_format(name) is None:
                    use(open_table(source))
                else:
                    use(TextReader(source, infer(source)))

    return read


def _settings(data: bytes) -> None:
    from dsv.config import edit
    from dsv.config.load import flatten, parse, read_toml
    from dsv.errors import BadConfig

    text = data.decode(errors="replace")
    with suppress(BadConfig):
        found = parse(shared=text)
        flatten(read_toml(text, "dsv.toml"))
        for path in ("data/a.csv", "b"):
            found.rule_for(path)
            with suppress(BadConfig):
                found.policy_for(path)
        parse(shared=edit.with_values(text, {"remote.new.url": "s3://b/c", "user": None}))


def _lock(data: bytes) -> None:
    from dsv.errors import BadConfig
    from dsv.worktree import lockfile

    with suppress(BadConfig), tempfile.TemporaryDirectory() as folder:
        path = Path(folder, lockfile.NAME)
        path.write_bytes(data)
        lockfile.sides(Path(folder))
        lockfile.read(Path(folder))


def _record_seeds() -> list[bytes]:
    from tests.golden.test_records import RECORDS

    return [bytes(data) for _, data in RECORDS.values()]


def _record(data: bytes) -> None:
    from dsv.errors import Corrupt, TooNew
    from dsv.model.attempt import Attempt
    from dsv.model.checkpoint import Checkpoint
    from dsv.model.code_list import Code
    from dsv.model.commit import Commit
    from dsv.model.environment import Environment
    from dsv.model.origin import Source
    from dsv.model.recipe import Recipe
    from dsv.model.run import Run
    from dsv.store.refs import Refs
    from dsv.tables.facts import table_facts
    from dsv.tables.formats.dialect import TextSchema

    for record in (Attempt, Checkpoint, Code, Commit, Environment, Recipe, Refs, Run, Source, TextSchema):
        with suppress(Corrupt, TooNew):
            record.decode(data, "a record")
    with suppress(Corrupt, TooNew):
        table_facts.decode(data, None, "facts")


def _toml_seeds() -> list[bytes]:
    return [
        (
            b'[remote.origin]\nurl = "s3://bucket/p"\nregion = "eu"\ndefault = true\ntimeout = 30\n\n[[dataset]]\n'
            b'match = "data/*.csv"\npolicy = "table"\ntolerance = 1e-9\nignore_columns = ["a"]\nkey = ["id"]\n'
            b'schema = { a = "int64", "b c" = "timestamp[us, tz=UTC]" }\n\n[rebuild]\npass_env = ["HOME"]\n[git]\nfollow = false\n'
        ),
        b'user = "A <a@b>"\nstore = "../x"\n',
    ]


def _lock_seeds() -> list[bytes]:
    one = b'# dsv\nbranch = "main"\ncommit = "' + b"a" * 64 + b'"\n'
    return [one, b"<<<<<<< ours\n" + one + b"=======\n" + one + b">>>>>>> theirs\n"]


KINDS = {
    "parquet": Kind(_parquet, _reads("t.parquet")),
    "arrow-file": Kind(lambda: _arrow(False), _reads("t.arrow")),
    "arrow-stream": Kind(lambda: _arrow(True), _reads("t.arrows")),
    "parquet-shaped": Kind(damaged_tables.parquet_seeds, _reads("t.parquet"), damaged_tables.damaged_parquet),
    "arrow-file-shaped": Kind(
        damaged_tables.arrow_seeds, _reads("t.arrow"), partial(damaged_tables.damaged_arrow, file=True)
    ),
    "arrow-stream-shaped": Kind(
        damaged_tables.arrow_seeds, _reads("t.arrows"), partial(damaged_tables.damaged_arrow, file=False)
    ),
    "csv": Kind(_csv, _reads("t.csv")),
    "tsv": Kind(lambda: [seed.replace(b",", b"\t") for seed in _csv()], _reads("t.tsv")),
    "jsonl": Kind(_jsonl, _reads("t.jsonl")),
    "csv-packed": Kind(lambda: _packed(_csv()), _reads("t.csv.gz")),
    "jsonl-packed": Kind(lambda: _packed(_jsonl()), _reads("t.jsonl.zst")),
    "settings": Kind(_toml_seeds, _settings),
    "lock": Kind(_lock_seeds, _lock),
    "records": Kind(_record_seeds, _record),
}


def failures(kind: str, count: int, seed: int = 0) -> Iterator[tuple[bytes, str]]:
    """Yield the changed inputs that went wrong, each with how."""
    what = KINDS[kind]
    seeds = what.seeds()
    yield from failures_of(what, lambda number: what.change(random.Random(f"{seed} {number}"), seeds), count)


def failures_of(what: Kind, make: Callable[[int], bytes], count: int) -> Iterator[tuple[bytes, str]]:
    """Yield those of `count` inputs that went wrong, each with how."""
    for start in range(0, count, CHUNK):
        with tempfile.TemporaryFile() as now, tempfile.TemporaryFile() as said:
            done = start
            while done < min(count, start + CHUNK):
                child = os.fork()
                if not child:
                    numbers = range(done, min(count, start + CHUNK))
                    _work(what, make, numbers, now.fileno(), said.fileno())
                _, status = os.waitpid(child, 0)
                code = os.waitstatus_to_exitcode(status)
                said.seek(0)
                words = said.read().decode(errors="replace")
                at = int.from_bytes(os.pread(now.fileno(), 8, 0), "little")
                if code or words:
                    yield make(at), f"exit {code}: {words[-1500:]}"
                said.truncate(0)
                done = at + 1 if code else start + CHUNK


def _work(what: Kind, make: Callable[[int], bytes], numbers: range, now: int, said: int) -> None:
    """Read the inputs of some numbers, say what goes wrong into the file `said`, and end the process."""
    code = 0
    try:
        os.dup2(said, 2)
        sys.stderr = open(2, "w", closefd=False)  # noqa: SIM115
        for number in numbers:
            os.pwrite(now, number.to_bytes(8, "little"), 0)
            signal.setitimer(signal.ITIMER_PROF, SECONDS)
            signal.setitimer(signal.ITIMER_REAL, 40 * SECONDS)
            data = make(number)
            apart.limit(len(data))
            before = _highest(reset=True)
            what.read(data)
            took = _highest() - before
            if took > RESIDENT:
                raise MemoryError(f"{took >> 20} MiB for an input of {len(data)} bytes")
    except BaseException:  # noqa: BLE001 - whatever it is, it is what is looked for
        traceback.print_exc()
        sys.stderr.flush()
        code = 1
    finally:
        os._exit(code)


def _highest(*, reset: bool = False) -> int:
    """Return the most memory that this process has had since the last reset; 0 where that is not known."""
    try:
        if reset:
            Path("/proc/self/clear_refs").write_text("5")
        lines = Path("/proc/self/status").read_text().splitlines()
    except OSError:
        return 0
    return next(int(line.split()[1]) << 10 for line in lines if line.startswith("VmHWM"))


def main() -> None:
    kind, count = sys.argv[1], int(sys.argv[2])
    seed = int(sys.argv[3]) if len(sys.argv) > 3 else 0
    folder = Path("fuzz-found")
    wrong = 0
    for data, words in failures(kind, count, seed):
        wrong += 1
        folder.mkdir(exist_ok=True)
        (folder / f"{kind}-{seed}-{wrong}").write_bytes(data)
        print(f"{kind} {wrong}: {words}", flush=True)
    print(f"{kind}: {count} inputs, {wrong} went wrong")
    sys.exit(wrong > 0)


if __name__ == "__main__":
    main()
