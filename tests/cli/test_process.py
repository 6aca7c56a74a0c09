"""The process of a command: what it loads, what it starts, how it ends."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.face_fixtures import Face

ROOT = Path(__file__).parents[2]

_TOLD = """
import atexit, json, os, sys, threading, time
syncs = []
fsync = os.fsync
def counted(fd):
    syncs.append(fd)
    fsync(fd)
os.fsync = counted
def tell():
    with open(os.environ["TOLD"], "w") as file:
        json.dump({"modules": sorted(sys.modules), "syncs": len(syncs)}, file)
atexit.register(tell)
from dsv.cli.main import entry
entry()
"""

_COPY = """
import csv
rows = list(csv.reader(open("in.csv")))
csv.writer(open("out.csv", "w")).writerows(rows)
"""


class Told:
    """What a process said of itself when it ended."""

    def __init__(self, folder: Path, *arguments: str, code: int = 0, **variables: str) -> None:
        told = folder.parent / "told.json"
        env = {
            "PATH": "/usr/bin:/bin",
            "HOME": os.fspath(folder.parent),
            "PYTHONPATH": os.fspath(ROOT),
            "DSV_AUTHOR": "ada",
            "TOLD": os.fspath(told),
            **variables,
        }
        command = [sys.executable, "-P", "-c", _TOLD, *arguments]
        done = subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True, check=False)
        assert done.returncode == code, done.stderr
        self.out, self.err = done.stdout, done.stderr
        self.syncs: int
        found = json.loads(told.read_text())
        self.modules, self.syncs = set(found["modules"]), found["syncs"]


def put(folder: Path, name: str, text: str) -> None:
    (folder / name).write_text(text, encoding="utf-8")


def test_a_run_that_writes_no_table_loads_nothing_that_reads_one(dsv: Face) -> None:
    put(dsv.folder, "in.csv", "a,b\n1,2\n")
    put(dsv.folder, "step.py", "open('out.bin', 'wb').write(open('in.csv', 'rb').read())\n")
    told = Told(dsv.folder, "run", "--", sys.executable, "step.py")
    assert "out.bin" in told.err
    heavy = {"numpy", "pyarrow", "pandas", "rich", "hashlib", "hmac", "dsv.records.version_tables"}
    assert told.modules & heavy == set()
    assert told.modules & {"dsv.capture.inotify", "dsv.capture.witness.makefiles"} == set()


def test_a_run_that_writes_a_small_table_loads_only_what_reads_it(dsv: Face) -> None:
    pytest.importorskip("pandas")  # it is there, and is left alone
    put(dsv.folder, "in.csv", "a,b,c,d\n1,x,2.5,2020-01-01\n3,y,,2020-01-02\n")
    put(dsv.folder, "step.py", _COPY)
    told = Told(dsv.folder, "run", "--", sys.executable, "step.py")
    assert "2 rows" in told.err
    assert "pyarrow" in told.modules
    heavy = {"pandas", "pyarrow.compute", "pyarrow.parquet", "pyarrow.fs", "pyarrow.dataset", "ssl"}
    assert told.modules & heavy == set()


def test_a_run_syncs_as_often_for_many_tables_as_for_one(dsv: Face) -> None:
    put(dsv.folder, "in.csv", "a,b\n1,2\n")
    put(dsv.folder, "step.py", _COPY)
    one = Told(dsv.folder, "run", "--", sys.executable, "step.py")
    many = "for n in range(12): open(f'many{n}.csv', 'w').write(open('in.csv').read() + f'3,{n}\\n')\n"
    put(dsv.folder, "many.py", many)
    twelve = Told(dsv.folder, "run", "--", sys.executable, "many.py")
    assert twelve.err.count("2 rows") == 12
    # Two publications, each of packs, indexes and refs; a folder that is made in the store adds one.
    assert max(one.syncs, twelve.syncs) <= 40


def test_a_run_asks_git_a_few_times_however_much_there_is(dsv: Face) -> None:
    git = shutil.which("git")
    assert git is not None
    subprocess.run([git, "init", "-q"], cwd=dsv.folder, check=True)
    programs = dsv.folder.parent / "programs"
    programs.mkdir()
    log = programs / "log"
    put(programs, "git", f'#!/bin/sh\necho "$@" >> {log}\nexec {git} "$@"\n')
    (programs / "git").chmod(0o755)
    for n in range(15):
        put(dsv.folder, f"in{n}.csv", f"a,b\n1,{n}\n")
    put(
        dsv.folder,
        "all.py",
        "for n in range(15): open(f'out{n}.bin', 'w').write(open(f'in{n}.csv').read())\n",
    )
    path = f"{programs}:/usr/bin:/bin"
    Told(dsv.folder, "run", "--", sys.executable, "all.py", PATH=path)
    assert len(log.read_text().splitlines()) <= 5


def test_a_command_gets_the_variables_of_its_caller_and_no_other(dsv: Face) -> None:
    put(dsv.folder, "env.sh", "env > seen.bin\n")
    Told(dsv.folder, "run", "--", "sh", "env.sh")
    assert "OPENBLAS" not in (dsv.folder / "seen.bin").read_text()


def test_the_end_comes_after_threads_and_what_was_registered(tmp_path: Path) -> None:
    code = """
import atexit, sys, threading
atexit.register(lambda: print("registered"))
from concurrent.futures import ThreadPoolExecutor
pool = ThreadPoolExecutor(1)
ends = threading.Event()
threading._register_atexit(ends.set)  # called when the end begins, and before threads are waited for
pool.submit(lambda: (ends.wait(), print("thread")))
from dsv.cli.main import entry
entry()
"""
    env = {"PATH": "/usr/bin:/bin", "PYTHONPATH": os.fspath(ROOT)}
    command = [sys.executable, "-c", code, "status"]
    done = subprocess.run(command, cwd=tmp_path, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 3, "there is no workspace"
    assert done.stdout.split() == ["thread", "registered"]
