import os
import sys
import threading
from collections.abc import Set as AbstractSet
from pathlib import Path

import pytest

from dsv.worktree.ignore import Ignore
from tests.unit.capture.conftest import Lab

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="needs inotify")


def sets(*found: AbstractSet[str]) -> list[AbstractSet[str]]:
    return list(found)


def _open_files() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


def test_plain_open(lab: Lab) -> None:
    lab.put("in.txt")
    lab.put("unused.txt")
    found = lab.python("open('out.txt', 'w').write(open('in.txt').read())")
    assert found.read == {"job.py", "in.txt"}
    assert found.written == {"out.txt"}
    assert found.complete
    assert found.blind_spots == ()


def test_what_is_only_looked_at_is_not_read(lab: Lab) -> None:
    lab.put("data/a.csv")
    lab.put("data/b/c.csv")
    found = lab.shell(
        "ls -lR; find . -type f; stat data/a.csv; [ -f data/a.csv ]; du -a; chmod 600 data/a.csv"
    )
    assert found.read == frozenset()
    assert found.written == frozenset()


def test_git_status_reads_no_data(lab: Lab) -> None:
    lab.put("data/a.csv")
    lab.shell("git init -q . && git add . && sleep 1.1 && git status && git status")
    assert lab.shell("git status").read == frozenset()


def test_pandas(lab: Lab) -> None:
    lab.put("in.csv", "a,b\n1,2\n")
    found = lab.python("import pandas as pd\npd.read_csv('in.csv').to_parquet('out.parquet')")
    assert sets(found.read, found.written) == sets({"job.py", "in.csv"}, {"out.parquet"})
    again = lab.python("import pandas as pd\npd.read_parquet('out.parquet').to_csv('in.csv')")
    assert sets(again.read, again.written) == sets({"job.py", "out.parquet"}, {"in.csv"})
    assert again.overwritten == {"in.csv"}


@pytest.mark.parametrize("lazy", ["read_parquet('in.parquet').write", "scan_parquet('in.parquet').sink"])
def test_polars(lab: Lab, lazy: str) -> None:
    lab.python("import polars as pl\npl.DataFrame({'a': [1, 2]}).write_parquet('in.parquet')")
    for _ in range(2):
        found = lab.python(f"import polars as pl\npl.{lazy}_parquet('out.parquet')")
        assert sets(found.read, found.written) == sets({"job.py", "in.parquet"}, {"out.parquet"})


@pytest.mark.parametrize("mapped", [True, False])
def test_pyarrow(lab: Lab, mapped: bool) -> None:
    lab.python(
        "import pyarrow as pa, pyarrow.parquet as pq\npq.write_table(pa.table({'a': [1]}), 'in.parquet')"
    )
    found = lab.python(
        "import pyarrow.parquet as pq\n"
        f"pq.write_table(pq.read_table('in.parquet', memory_map={mapped}), 'out.parquet')"
    )
    assert sets(found.read, found.written) == sets({"job.py", "in.parquet"}, {"out.parquet"})


def test_a_mapping_and_nothing_else(lab: Lab) -> None:
    lab.put("in.bin", "abc" * 5000)
    found = lab.python(
        "import mmap\nf = open('in.bin', 'rb')\nm = mmap.mmap(f.fileno(), 0, access=mmap.ACCESS_READ)\n"
        "f.close()\nopen('out', 'wb').write(m[:10])"
    )
    assert sets(found.read, found.written) == sets({"job.py", "in.bin"}, {"out"})


def test_a_file_changed_through_a_mapping_is_input_and_output(lab: Lab) -> None:
    lab.put("x.bin", "abc" * 5000)
    found = lab.python("import mmap\nf = open('x.bin', 'r+b')\nm = mmap.mmap(f.fileno(), 0)\nm[3] = 65")
    assert found.read == {"job.py", "x.bin"}
    assert found.written == {"x.bin"}


def test_a_mapped_input_that_is_replaced_is_both(lab: Lab) -> None:
    lab.put("x.bin", "abc")
    found = lab.python(
        "import mmap, os\nf = open('x.bin', 'rb')\nm = mmap.mmap(f.fileno(), 0, access=mmap.ACCESS_READ)\n"
        "open('x.tmp', 'wb').write(m[:] + b'd')\nos.replace('x.tmp', 'x.bin')"
    )
    assert found.read == {"job.py", "x.bin"}
    assert found.written == {"x.bin"}


def test_duckdb(lab: Lab) -> None:
    lab.put("in.csv", "a,b\n1,2\n")
    for _ in range(2):
        found = lab.python("import duckdb\nduckdb.sql(\"copy (from 'in.csv') to 'out.parquet'\")")
        assert sets(found.read, found.written) == sets({"job.py", "in.csv"}, {"out.parquet"})


def test_a_database_that_is_changed_is_both(lab: Lab) -> None:
    lab.python("import duckdb\nduckdb.connect('x.db').execute('create table t as select 1 a')")
    found = lab.python("import duckdb\nduckdb.connect('x.db').execute('insert into t values (2)')")
    assert found.read == {"job.py", "x.db"}
    assert found.written == {"x.db"}
    found = lab.python("import duckdb\nduckdb.connect('x.db', read_only=True).execute('from t').fetchall()")
    assert found.read == {"job.py", "x.db"}
    assert found.written == frozenset()


def test_a_pipeline_of_the_shell(lab: Lab) -> None:
    lab.put("in.txt", "b\na\n")
    found = lab.shell("cat in.txt | sort | uniq > out.txt")
    assert sets(found.read, found.written) == sets({"in.txt"}, {"out.txt"})
    again = lab.shell("cat in.txt | sort | uniq > out.txt")
    assert sets(again.read, again.written, again.overwritten) == sets({"in.txt"}, {"out.txt"}, {"out.txt"})


def test_a_child_of_a_child(lab: Lab) -> None:
    lab.put("in.txt")
    lab.put("deep.py", "open('out.txt', 'w').write(open('in.txt').read())")
    found = lab.python(
        "import subprocess, sys\nsubprocess.run(['bash', '-c', sys.executable + ' deep.py; true'], check=True)"
    )
    assert sets(found.read, found.written) == sets({"job.py", "deep.py", "in.txt"}, {"out.txt"})


def test_folders(lab: Lab) -> None:
    for number in range(5):
        lab.put(f"in/part={number}/x.csv", "a\n1\n")
    found = lab.python(
        "import pandas as pd, os, pathlib\n"
        "for p in pathlib.Path('in').rglob('*.csv'):\n"
        "    q = pathlib.Path('out', *p.parts[1:]).with_suffix('.parquet')\n"
        "    q.parent.mkdir(parents=True)\n    pd.read_csv(p).to_parquet(q)\n"
    )
    assert found.read == {"job.py", *(f"in/part={n}/x.csv" for n in range(5))}
    assert found.written == {f"out/part={n}/x.parquet" for n in range(5)}


def test_many_new_folders_slip_nothing(lab: Lab) -> None:
    found = lab.shell("for i in {1..300}; do mkdir -p o/$i/a/b; echo $i > o/$i/a/b/x; cat o/$i/a/b/x; done")
    assert found.written == {f"o/{n}/a/b/x" for n in range(1, 301)}
    assert found.read == frozenset()


def test_what_the_run_made_is_no_input(lab: Lab) -> None:
    lab.put("old.txt")
    found = lab.shell("echo 1 > t; cat t > u; echo 2 > old.txt; cat old.txt >> u; rm t")
    assert sets(found.read, found.written) == sets(frozenset(), {"u", "old.txt"})
    assert found.overwritten == {"old.txt"}
    assert found.removed == frozenset()


@pytest.mark.parametrize(
    "script",
    ["sort -o x x", "sed -i s/a/b/ x", "tr a b < x > y; mv y x", "awk 1 x > y && cp y x && rm y"],
)
def test_an_update_in_place_is_input_and_output(lab: Lab, script: str) -> None:
    lab.put("x", "b\na\n")
    found = lab.shell(script)
    assert sets(found.read, found.written, found.overwritten) == sets({"x"}, {"x"}, frozenset())


def test_an_append_is_told_with_overwriting(lab: Lab) -> None:
    lab.put("log.txt", "one\n")
    found = lab.shell("echo two >> log.txt")
    assert found.overwritten == {"log.txt"} == found.written


def test_moving_and_removing(lab: Lab) -> None:
    lab.put("a")
    lab.put("b")
    lab.put("c")
    found = lab.shell("mv a z; rm b; cat c; rm c")
    assert sets(found.read, found.written, found.removed) == sets({"a", "c"}, {"z"}, {"a", "b", "c"})


def test_moving_a_folder(lab: Lab) -> None:
    lab.put("d/e/x")
    found = lab.shell("mv d f; sleep 0.2; cat f/e/x; echo > f/e/y")
    assert found.read == {"d/e/x"}
    assert found.written == {"f/e/x", "f/e/y"}
    assert found.removed == {"d/e/x"}


def test_a_folder_moved_in_and_out(lab: Lab, tmp_path: Path) -> None:
    (tmp_path / "there").mkdir()
    (tmp_path / "there/x").write_text("x")
    lab.put("mine/y")
    found = lab.shell(f"mv ../there here; sleep 0.2; mv mine ..; echo 1 >> {tmp_path}/mine/y; cat here/x")
    assert found.read == frozenset()
    assert "here/x" in found.written
    assert "mine/y" not in found.written


def test_local_modules_count_also_when_their_cache_is_read(lab: Lab) -> None:
    lab.put("pack/__init__.py", "")
    lab.put("pack/helper.py", "value = 1\n")
    lab.put("pack/unused.py", "value = 1\n")
    for _ in range(2):
        found = lab.python("from pack.helper import value\nopen('out', 'w').write(str(value))")
        assert found.read == {"job.py", "pack/__init__.py", "pack/helper.py"}
        assert found.written == {"out"}
    assert (lab.root / "pack/__pycache__").is_dir()


def test_environments_caches_and_ignored_files_are_nothing(lab: Lab) -> None:
    lab.put("venv/pyvenv.cfg")
    lab.put("venv/lib/x.py")
    lab.put(".git/HEAD")
    lab.put(".dsv/refs")
    lab.put("logs/a.log")
    lab.put(".mypy_cache/x")
    script = (
        "cat venv/pyvenv.cfg venv/lib/x.py .git/HEAD .dsv/refs logs/a.log .mypy_cache/x; echo >> logs/a.log"
    )
    found = lab.during(lambda: lab._run(["bash", "-ec", script]), Ignore(["*.log"]))
    assert sets(found.read, found.written) == sets(frozenset(), frozenset())


def test_a_folder_beside_an_environment_made_in_the_run(lab: Lab) -> None:
    found = lab.shell("mkdir v; touch v/pyvenv.cfg; mkdir -p v/lib; echo 1 > v/lib/x; echo 1 > out")
    assert found.written == {"out"}


def test_unusual_names(lab: Lab) -> None:
    lab.put("in/ä ö\n.csv")
    found = lab.shell("cat in/* > 'out put'")
    assert sets(found.read, found.written) == sets({"in/ä ö\n.csv"}, {"out put"})


def test_links_are_followed_inside_and_named_outside(lab: Lab, tmp_path: Path) -> None:
    lab.put("real.txt")
    (lab.root / "inside").symlink_to("real.txt")
    found = lab.shell("cat inside")
    assert found.read == {"real.txt"}
    assert found.complete
    (tmp_path / "far").mkdir()
    (lab.root / "data").symlink_to(tmp_path / "far")
    found = lab.shell("ls data/")
    assert not found.complete
    assert found.blind_spots == ("links that lead out of the workspace: data",)


def test_hard_links_are_named(lab: Lab, tmp_path: Path) -> None:
    os.link(lab.put("a"), tmp_path / "b")
    found = lab.shell(f"echo 1 > {tmp_path}/b")
    assert found.written == {"a"}
    assert found.blind_spots == ("files with a second name (hard links): a",)


def test_a_flood_of_events(lab: Lab) -> None:
    lab.put("in")
    found = lab.python(
        "import os\nopen('in').read()\nos.mkdir('o')\n"
        "for i in range(3000):\n    open(f'o/{i}', 'w').write('x')\n    os.stat('in')\n"
    )
    assert found.read == {"job.py", "in"}
    assert found.written == {f"o/{n}" for n in range(3000)}


def test_no_thread_and_no_file_stays_open(lab: Lab) -> None:
    before = _open_files(), threading.active_count()
    lab.shell("true")
    assert (_open_files(), threading.active_count()) == before


def test_an_error_inside_passes(lab: Lab) -> None:
    def fail() -> None:
        raise KeyError("mine")

    with pytest.raises(KeyError, match="mine"):
        lab.during(fail)
