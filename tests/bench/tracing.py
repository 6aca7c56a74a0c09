"""Recording and tracing: what `run` costs, and questions to many records, with the bars that dsv has to reach."""

import sys
import time
from pathlib import Path

from tests.bench.work import Row, Work, Workspace

STEP = """\
import pyarrow.compute as pc
import pyarrow.parquet as pq

table = pq.read_table("in.parquet")
where = table.column_names.index("text")
pq.write_table(table.set_column(where, "text", pc.utf8_upper(table["text"])), "out.parquet")
"""
"""A script that reads a Parquet file and writes one of about the same size, most of whose bytes are others."""


def play_run(w: Workspace, data: Path) -> None:
    """Let a script be run and recorded, and once more when there is nothing new to record."""
    w.place(data / "0.parquet", "in.parquet")
    w.plain(w.commit("in.parquet"))
    (w.folder / "step.py").write_text(STEP)
    time.sleep(0.1)
    for metric in ("first", "again"):
        argv = [sys.executable, "step.py"]
        again = metric == "again"
        w.timed(metric, w.tool.record(argv, "in.parquet", "out.parquet", "step.py", again=again))


def play_records(w: Workspace, data: Path) -> None:
    """Check the records of many processed datasets, at first as in a new clone, and ask for their status."""
    (count,) = data.iterdir()
    w.helper("pipeline", str(w.folder), count.name)
    for stat in (w.folder / ".dsv").glob("stat*"):
        stat.unlink()
    time.sleep(0.1)
    check = [w.tool.command("verify", "--level", "hashes")]
    w.timed("first", check)
    w.timed("again", check)
    w.timed("status", w.tool.status(""))


def play_lineage(w: Workspace, data: Path) -> None:
    """Trace a dataset up and down a long history of runs, in which nearly all hangs together."""
    (count,) = data.iterdir()
    w.helper("history", str(w.folder), count.name)
    down = [w.tool.command("lineage", "--down", "raw/005.txt")]
    w.timed("cold", down)
    w.timed("down", down)
    up = w.tool.command("lineage", "made/005/0.txt")
    w.plain([up])
    w.timed("up", [up])
    w.timed("some", [w.tool.command("lineage", "--down", "made/005/0.txt@HEAD~10")])
    w.plain([w.tool.command("tag", "later", (w.folder / "next").read_text())])
    w.timed("more", [w.tool.command("lineage", "--down", "raw/005.txt@later")])


WORKS = (
    Work(
        "run",
        "parquet",
        (30_000_000, 3_000_000),
        (
            Row("first", "a script that reads and writes 30 MB Parquet: `dsv run`", "by hand", 1.0, 1.0),
            Row("again", "the same again, when nothing is new", "by hand", 1.0, 1.0),
        ),
        play_run,
        only=("dsv", "DVC", "by hand"),
    ),
    Work(
        "records",
        "count",
        (1_000, 50),
        (
            Row(
                "first",
                "1,000 processed datasets: `dsv verify --level hashes` in a new clone",
                "",
                2.0,
            ),
            Row("again", "the same again", "", 2.0),
            Row("status", "1,000 processed datasets: status", "", 1.0),
        ),
        play_records,
        only=("dsv",),
    ),
    Work(
        "lineage",
        "count",
        (10_000, 2_000),
        (
            Row(
                "up",
                "10,000 runs, 100,000 checkpoints: `lineage` of one dataset, 9,300 runs",
                "",
                1.0,
            ),
            Row("some", "the same: `lineage --down` of one version of ten commits ago", "", 1.0),
            Row(
                "down",
                "the same: `lineage --down` of all versions of raw data, 9,400 runs, 84,000 checkpoints",
                "",
                1.0,
            ),
            Row("more", "the same: `lineage --down` of what a new commit brought", "", 1.0),
            Row("cold", "the same for the first time, when every record is read", "", None),
        ),
        play_lineage,
        only=("dsv",),
        most=1,
    ),
)
