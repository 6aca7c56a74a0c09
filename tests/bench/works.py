# ruff: noqa: ARG001 - all plays are called alike, as are all loops
"""Keeping versions: what each tool is asked to do with files and folders, and the bars that dsv has to reach."""

import shutil
import sys
import time
from pathlib import Path

from tests.bench.book import Book
from tests.bench.measure import Sample, remove, settle, together, warm
from tests.bench.work import Row, Work, Workspace, loop


def play_edits(w: Workspace, data: Path) -> None:
    """Commit twelve versions of one file; then go back to the first."""
    versions = sorted((data / w.work.removeprefix("edits-")).iterdir())
    costs: list[Sample] = []
    for version in versions:
        w.place(version, "data.parquet")
        settle()
        costs += w.plain(w.commit("data.parquet"))
    w.book.add(f"{w.work}.commits", w.tool.name, together(costs))
    total = sum(v.stat().st_size for v in versions)
    w.book.add(f"{w.work}.store", w.tool.name, Sample(w.store() / total, 0.0, 0))
    w.plain(w.tool.checkout("data.parquet", len(versions) - 1))
    w.check("data.parquet", versions[0])


def play_table(w: Workspace, data: Path) -> None:
    """Commit a large file, then the same with 1% appended; check the older version out."""
    path = f"data.{w.work}"
    old, new = sorted(data.iterdir())
    w.place(old, path)
    w.timed("first", w.commit(path))
    w.place(new, path)
    w.timed("append", w.commit(path))
    size = old.stat().st_size + new.stat().st_size
    w.book.add(f"{w.work}.store", w.tool.name, Sample(w.store() / size, 0.0, 0))
    w.timed("checkout", w.tool.checkout(path, 1))
    w.check(path, old)


def copy_table(book: Book, data: Path, root: Path) -> None:
    """Copy the older version with `cp`, over a newer one as checkout does."""
    old, new = sorted(data.iterdir())
    target = root / f"copy{old.suffix}"
    shutil.copyfile(new, target)
    warm(old)
    loop(book, f"{old.suffix[1:]}.checkout", "cp", "cp", str(old), str(target))
    target.unlink()


def play_facts(w: Workspace, data: Path) -> None:
    """Ask for the table facts of a new version, and again after 1% was appended."""
    for version, metric in zip(sorted(data.iterdir()), ("first", "append"), strict=True):
        w.place(version, "data.parquet")
        w.plain(w.commit("data.parquet"))
        w.timed(metric, [w.tool.command("show", "data.parquet@HEAD", "--json")])


def decode_table(book: Book, data: Path, root: Path) -> None:
    """Decode both versions with pyarrow alone."""
    for version, metric in zip(sorted(data.iterdir()), ("first", "append"), strict=True):
        warm(version)
        loop(book, f"facts.{metric}", "decode", "decode", str(version))


def play_folder(w: Workspace, data: Path) -> None:
    """Commit a folder, ask for its status, commit a few changes, go back."""
    w.place(data / "0", "data")
    w.timed("first", w.commit("data"))
    time.sleep(0.1)  # beyond the time in which a just-written file may be hashed again
    w.timed("status", w.tool.status("data"))
    w.place(data / "1", "data")
    w.timed("second", w.commit("data"))
    w.timed("checkout", w.tool.checkout("data", 1))
    w.check("data", data / "0")


def play_million(w: Workspace, data: Path) -> None:
    """Commit very many small files, ask for their status, bring them back after all were deleted."""
    w.place(data / "0", "data")
    w.timed("first", w.commit("data"))
    time.sleep(0.1)
    w.timed("status", w.tool.status("data"))
    remove(w.folder / "data")
    w.timed("checkout", w.tool.checkout("data", 0))
    w.check("data", data / "0")


def bare_million(book: Book, data: Path, root: Path) -> None:
    """Hash, stat and write as many files by bare loops."""
    warm(data / "0")
    loop(book, "million.first", "loop", "hash", str(data / "0"))
    loop(book, "million.status", "loop", "stat", str(data / "0"))
    loop(book, "million.checkout", "loop", "write", str(data / "0"), str(root / "written"))
    remove(root / "written")


def play_large(w: Workspace, data: Path) -> None:
    """Commit one very large file and bring it back after it was deleted."""
    w.place(data / "0.csv", "data.csv")
    w.timed("first", w.commit("data.csv"))
    (w.folder / "data.csv").unlink()
    w.timed("checkout", w.tool.checkout("data.csv", 0))
    w.check("data.csv", data / "0.csv")


def play_startup(w: Workspace, data: Path) -> None:
    """Start the program often, and ask for the status of a small clean workspace."""
    (w.folder / "data.txt").write_text("one small file\n")
    w.plain(w.commit("data.txt"))
    time.sleep(0.1)
    for _ in range(7):
        w.timed("version", [w.tool.command(*w.tool.version_words())])
        w.timed("status", w.tool.status("data.txt"))


def bare_startup(book: Book, data: Path, root: Path) -> None:
    """Start an empty Python as often."""
    for _ in range(7):
        for metric in ("version", "status"):
            loop(book, f"startup.{metric}", "pass", sys.executable, "-c", "pass")


def edits(name: str, label: str, time_bar: float | None, size_bar: float | None) -> Work:
    """Return the work of twelve commits for one variant of the file."""
    rows = (
        Row("commits", f"twelve edits of {label}: total commit time", "DVC", time_bar),
        Row("store", f"twelve edits of {label}: store / sum of the files", "", size_bar, unit=""),
    )
    return Work(f"edits-{name}", "edits", (30_000_000, 3_000_000), rows, play_edits)


def table(kind: str, label: str, first: float) -> Work:
    """Return the work on one large file."""
    rows = (
        Row("first", f"first commit of {label}", "DVC", first),
        Row("append", f"commit after appending 1% to {label}", "DVC", 0.35),
        Row("checkout", f"check the older version of {label} out", "DVC", 0.8),
        Row("checkout", "the same beside `cp` (bar: 2.5 of it and 0.3 s)", "cp", 2.5, 0.3),
        Row("store", f"store of both versions of {label} / sum of the files", "", None, unit=""),
    )
    return Work(kind, kind, (400_000_000, 20_000_000), rows, play_table, copy_table)


WORKS = (
    edits("default", "a 30 MB text Parquet, default writer", 0.6, 0.68),
    edits("cdc", "the same with content-defined chunking", 0.6, 0.52),
    edits("zstd", "a 30 MB text Parquet, pages in zstd", 0.6, 0.68),
    edits("zstd-cdc", "zstd and content-defined chunking", 0.6, 0.52),
    edits("flights", "the real flights table, 6 MB Parquet", None, None),
    table("parquet", "400 MB Parquet", 0.5),
    table("csv", "400 MB CSV", 0.6),
    Work(
        "facts",
        "parquet",
        (400_000_000, 20_000_000),
        (
            Row("first", "table facts of 400 MB Parquet, first time", "decode", 1.6),
            Row("append", "table facts after the 1% append", "decode", 0.35),
        ),
        play_facts,
        decode_table,
        only=("dsv",),
    ),
    Work(
        "folder",
        "folder",
        (20_000, 1_000),
        (
            Row("first", "20,000 files of 2-20 KB: add and commit", "DVC", 0.5),
            Row("status", "20,000 files: status when clean", "DVC", 0.3),
            Row("second", "20,000 files: add and commit after 10 edits and 100 new files", "DVC", 0.35),
            Row("checkout", "20,000 files: check the old version out", "DVC", 0.3),
        ),
        play_folder,
        most_others=1,
    ),
    Work(
        "million",
        "million",
        (1_000_000, 10_000),
        (
            Row("first", "1 million files of 100 bytes: add and commit", "loop", 4.0),
            Row("status", "1 million files: status", "loop", 3.0),
            Row("checkout", "1 million files: checkout into an empty folder", "loop", 3.0),
        ),
        play_million,
        bare_million,
        only=("dsv",),
        most=1,
    ),
    Work(
        "large",
        "large",
        (4_000_000_000, 100_000_000),
        (
            Row("first", "one 4 GB CSV: add and commit", "DVC", None),
            Row("checkout", "one 4 GB CSV: bring it back", "DVC", None),
        ),
        play_large,
        only=("dsv", "DVC"),
        most=1,
    ),
    Work(
        "startup",
        "",
        (0, 0),
        (
            Row("version", "`dsv --version`", "pass", 6.0),
            Row("status", "`dsv status` in a small clean workspace", "pass", 15.0),
        ),
        play_startup,
        bare_startup,
        only=("dsv", "DVC"),
    ),
)
