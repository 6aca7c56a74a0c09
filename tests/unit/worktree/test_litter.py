"""What of a run's output nobody wants to keep."""

import time
import uuid

import pytest

from dsv.worktree.litter import CLOCK, RANDOM, Litter, told


@pytest.mark.parametrize(
    ("path", "rule"),
    [
        ("train.log", "*.log"),
        ("out/train.log", "*.log"),
        ("build/main.o", "*.o"),
        ("node_modules/left/pad.js", "node_modules/"),
        ("deep/mlruns/0/meta.yaml", "mlruns/"),
        (".snakemake/metadata/x", ".snakemake/"),
        (".doit.db.dat", ".doit.db*"),
        ("runs/events.out.tfevents.170.host", "events.out.tfevents.*"),
        ("data/lock.mdb", "lock.mdb"),
        ("set/cache-0123456789abcdef.arrow", "cache-*.arrow"),
    ],
)
def test_caches_logs_and_the_state_of_tools(path: str, rule: str) -> None:
    assert Litter().pattern_of(path) == rule


@pytest.mark.parametrize(
    "path",
    [
        "catalog.csv",
        "mlruns.csv",
        "logs.csv",
        "a.logs",
        "wandbox/x",
        "object",
        "lock.csv",
        "by/2026-11-27.csv",
    ],
)
def test_what_only_looks_like_it(path: str) -> None:
    assert Litter().pattern_of(path) is None


def test_settings_add_lines_and_take_defaults_back() -> None:
    litter = Litter(["scratch/", "!*.log", "*.tmp.csv"])
    assert litter.pattern_of("scratch/a.csv") == "scratch/"
    assert litter.pattern_of("x.tmp.csv") == "*.tmp.csv"
    assert litter.pattern_of("train.log") is None
    assert litter.pattern_of("main.o") == "*.o"


def test_names_with_the_time_of_the_run() -> None:
    began = 1_795_000_000.0
    here, there = time.localtime(began + 30), time.gmtime(began + 30)
    litter = Litter((), began, 60.0)
    for moment in (here, there):
        for form in (
            "outputs/%Y-%m-%d/%H-%M-%S/x.pkl",
            "m_%Y%m%d_%H%M%S.pkl",
            "r/%Y%m%dT%H%M.csv",
            "%b%d_%H-%M-%S_host/e",
        ):
            assert litter.pattern_of(time.strftime(form, moment)) == CLOCK, form
    assert litter.pattern_of(f"run-{began + 5:.0f}/x") == CLOCK
    # Another day, only a day, and runs that nobody saw: that is a name like any other.
    assert litter.pattern_of(time.strftime("m_%Y%m%d_%H%M%S.pkl", time.gmtime(began - 86400 * 3))) is None
    assert litter.pattern_of(time.strftime("by/%Y-%m-%d.csv", here)) is None
    assert Litter().pattern_of(time.strftime("m_%Y%m%d_%H%M%S.pkl", here)) is None


def test_random_ids_in_the_folders_of_runs() -> None:
    one = str(uuid.uuid4())
    assert Litter().pattern_of(f"runs/{one}/model.bin") == RANDOM
    assert Litter().pattern_of(f"{one}/model.bin") == RANDOM
    assert Litter().pattern_of(f"table/part-0-{one}.parquet") is None


def test_what_is_left_out_is_counted_and_one_is_named() -> None:
    assert told({"a.log": "*.log", "b.log": "*.log", "x/main.o": "*.o"}) == [
        "2 files (*.log)",
        "x/main.o (*.o)",
    ]


def test_the_memory_of_tools_is_no_input_either() -> None:
    assert Litter().is_state(".snakemake/x")
    assert not Litter().is_state("raw/server.log")
    assert not Litter(["!mlruns/"]).is_state("mlruns/0/meta.yaml")
