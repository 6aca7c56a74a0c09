"""Sharing through a bucket on a real server: pushes, pulls and clones, with the bars that dsv has to reach."""

import time
from pathlib import Path

from tests.bench.work import Row, Work, Workspace

CLONES = 5


def play_folder(w: Workspace, data: Path) -> None:
    """Push a folder of many small files; somebody else pulls it into an empty clone."""
    w.place(data / "0", "data")
    w.plain(w.commit("data"))
    w.share()
    w.timed("push", w.tool.push())
    other = w.clone("other")
    other.timed("pull", w.tool.pull())
    other.check("data", data / "0")


def play_parquet(w: Workspace, data: Path) -> None:
    """Push a large file, and again after 1% was appended; somebody else pulls it into an empty clone."""
    old, new = sorted(data.iterdir())
    w.place(old, "data.parquet")
    w.plain(w.commit("data.parquet"))
    w.share()
    w.timed("push", w.tool.push())
    other = w.clone("other")
    other.timed("pull", w.tool.pull())
    other.check("data.parquet", old)
    w.place(new, "data.parquet")
    w.plain(w.commit("data.parquet"))
    w.timed("append", w.tool.push())
    third = w.clone("third")
    third.timed("newer", w.tool.pull())
    third.check("data.parquet", new)


def play_traffic(w: Workspace, data: Path) -> None:
    """Push the same through a proxy that counts, and then one small commit."""
    old, new = sorted(data.iterdir())
    w.share(counted=True)
    w.place(old, "data.parquet")
    w.plain(w.commit("data.parquet"))
    w.counted({"all": "sent"}, w.tool.push())
    w.place(new, "data.parquet")
    w.plain(w.commit("data.parquet"))
    w.counted({"append": "sent", "asked": "requests"}, w.tool.push())
    (w.folder / "small.csv").write_text("day,value\n1,2\n")
    w.plain(w.commit("small.csv"))
    w.counted({"small": "requests"}, w.tool.push())


def play_commits(w: Workspace, data: Path) -> None:
    """Push a long history at once; clone it without its data."""
    (count,) = data.iterdir()
    w.helper("commits", str(w.folder), count.name)
    w.share()
    w.timed("push", w.tool.push())
    look(w)


def play_pushes(w: Workspace, data: Path) -> None:
    """Commit and push often, each time by a process of its own; clone that without its data."""
    (count,) = data.iterdir()
    w.share()
    for number in range(int(count.name)):
        path = f"table-{number % 10}.csv"
        (w.folder / path).write_text(f"day,value\n{number},{number * number}\n")
        w.plain(w.commit(path))
        w.timed("push", w.tool.push())
    look(w)


def play_many(w: Workspace, data: Path) -> None:
    """Push very often by one process; clone that without its data."""
    (count,) = data.iterdir()
    w.share()
    begin = time.perf_counter()
    w.helper("commits", str(w.folder), count.name, "push")
    print(f"{count.name} pushes: {time.perf_counter() - begin:.0f} s", flush=True)
    look(w)


def look(w: Workspace) -> None:
    """Clone the bucket without data, several times by the clock, and once through the proxy that counts."""
    for number in range(CLONES):
        w.timed("clone", clone(w, w.bucket.endpoint, f"clone-{number}"))
    w.counted({"requests": "requests"}, clone(w, w.bucket.proxy, "counted"))


def clone(w: Workspace, address: str, name: str) -> list[list[str]]:
    """Return the command that clones the bucket without its data into a new folder beside the workspace."""
    url = f"s3://{w.bucket.name}/shared"
    return [[*w.tool.command("clone", "--no-data", "--endpoint-url", address, url, str(w.root / name))]]


FOLDER = "20,000 files of 2-20 KB"
LARGE = "430 MB Parquet"
PUSHED = (
    Row("clone", "the same: `clone --no-data`", "", None),
    Row("requests", "the same: requests of `clone --no-data`", "", 200, unit="requests"),
)

WORKS = (
    Work(
        "remote-folder",
        "folder",
        (20_000, 1_000),
        (
            Row("push", f"push of {FOLDER}", "DVC", 0.1),
            Row("pull", f"pull of {FOLDER} into an empty clone", "DVC", 0.15),
        ),
        play_folder,
        only=("dsv", "DVC"),
        bucket=True,
    ),
    Work(
        "remote-parquet",
        "parquet",
        (430_000_000, 20_000_000),
        (
            Row("push", f"push of {LARGE}", "DVC", 0.6),
            Row("append", f"push after appending 1% to {LARGE}", "DVC", 0.1),
            Row("pull", f"pull of {LARGE} into an empty clone", "DVC", 0.8),
            Row("newer", f"pull of {LARGE} with 1% appended into an empty clone", "DVC", 0.8),
        ),
        play_parquet,
        only=("dsv", "DVC"),
        bucket=True,
    ),
    Work(
        "remote-traffic",
        "parquet",
        (430_000_000, 20_000_000),
        (
            Row("all", f"push of {LARGE}: bytes sent", "DVC", None, unit="B"),
            Row("append", f"push after appending 1% to {LARGE}: bytes sent", "DVC", 0.03, unit="B"),
            Row("asked", f"push after appending 1% to {LARGE}: requests", "DVC", None, unit="requests"),
            Row("small", "push of one small commit: requests", "", 6, unit="requests"),
        ),
        play_traffic,
        only=("dsv", "DVC"),
        most=1,
        bucket=True,
    ),
    Work(
        "remote-commits",
        "count",
        (1_000, 50),
        (
            Row("push", "1,000 commits: push of all of them", "", None),
            Row("clone", "1,000 commits: `clone --no-data`", "", 3.0),
            Row("requests", "1,000 commits: requests of `clone --no-data`", "", 200, unit="requests"),
        ),
        play_commits,
        only=("dsv",),
        most=1,
        bucket=True,
    ),
    Work(
        "remote-pushes",
        "count",
        (100, 5),
        (Row("push", "100 small commits pushed one after the other: each push", "", None), *PUSHED),
        play_pushes,
        only=("dsv",),
        most=1,
        bucket=True,
    ),
    Work(
        "remote-many",
        "count",
        (10_000, 40),
        (
            Row("clone", "10,000 small commits pushed one after the other: `clone --no-data`", "", None),
            PUSHED[1],
        ),
        play_many,
        only=("dsv",),
        most=1,
        bucket=True,
    ),
)
