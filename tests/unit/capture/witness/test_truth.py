"""The witness compared with `strace -f`: nothing missed, nothing more."""

# mypy: disable-error-code="comparison-overlap"

import os
import shutil
import sys
import tempfile
from pathlib import Path

import pytest

from dsv.capture.python_imports import marking, observed
from tests.unit.capture.conftest import environment
from tests.unit.capture.witness.conftest import Scene
from tests.unit.capture.witness.witness_truth import STRACE, truth

pytestmark = pytest.mark.skipif(
    sys.platform != "linux" or STRACE is None, reason="needs seccomp, and strace to compare with"
)

SCRIPTS = {
    "copy": "open('out.txt', 'w').write(open('raw/a.csv').read())",
    "append": "open('log.txt', 'a').write('more')\nopen('raw/a.csv', 'a')",
    "update": "f = open('raw/a.csv', 'r+')\nf.read()\nf.write('more')",
    "replace": "import os\nopen('t', 'w').write(open('raw/a.csv').read())\nos.replace('t', 'raw/a.csv')\nopen('raw/a.csv').read()",
    "list": "import glob, os\nprint(glob.glob('raw/**/*.csv', recursive=True), os.listdir('.'))\nos.makedirs('n/m')\nos.listdir('n')",
    "look": "import os\nfor n in ('a', 'raw/zz', 'conf/x', 'log.txt'):\n    os.path.exists(n)\nopen('a', 'w')",
    "import": "import helper, pack.mod\ntry:\n    import local_settings\nexcept ImportError:\n    pass\nopen('o', 'w')",
    "move": "import os, shutil\nshutil.move('raw/a.csv', 'moved.csv')\nshutil.copytree('raw', 'copy')\nshutil.rmtree('raw')",
    "database": "import sqlite3\nc = sqlite3.connect('x.db')\nc.execute('create table t (a)')\nc.commit()",
    "children": "import subprocess, sys\nsubprocess.run(['sh', '-c', 'sort raw/a.csv | uniq > s; cat nope || true'])\n"
    "subprocess.run([sys.executable, '-c', 'open(\"raw/b.csv\").read()'])",
    "threads": "from concurrent.futures import ThreadPoolExecutor as T\nwith T(8) as p:\n"
    "    list(p.map(lambda n: open(f'raw/deep/{n}').read(), range(30)))",
    "pool": "import multiprocessing as m\ndef f(n):\n    open(f'o{n}', 'w').write(open(f'raw/deep/{n}').read())\n"
    "if __name__ == '__main__':\n    with m.get_context('spawn').Pool(2) as p:\n        p.map(f, range(9))",
    "pandas": "import pandas as pd\npd.read_csv('raw/a.csv').to_parquet('o.parquet')\npd.read_parquet('o.parquet')",
}

SHELL = {
    "pipeline": "cat raw/*.csv | sort -u > all; wc -l < all > count; rm all",
    "tests": "[ -f conf ] || [ -d raw ] && for f in raw/*.csv; do head -1 $f >> heads; done; test -e heads",
    "find": "find raw -name '*.csv' -exec cat {} + > all; grep -rl x raw > names || true",
    "awk": "awk -F, '{print $1}' raw/a.csv > o; sed -i s/x/y/ raw/b.csv; cp -r raw copy; mv copy other",
    "links": "ln -s raw/a.csv l; cat l k > o; ln raw/b.csv second; cat second",
    "archive": "tar cf raw.tar raw; mkdir u; tar xf raw.tar -C u; gzip -k raw/a.csv",
    "env": "env X=1 sh -c 'cat raw/a.csv' > o; xargs cat < names.txt > p",
}


def _fill(scene: Scene) -> None:
    for path in ("raw/a.csv", "raw/b.csv", "log.txt", "pack/__init__.py", "pack/mod.py", "helper.py"):
        scene.put(path, "" if path.endswith(".py") else "x,y\n1,2\n")
    for number in range(30):
        scene.put(f"raw/deep/{number}", "x\n")
    scene.put("names.txt", "raw/a.csv\nraw/b.csv\n")
    (scene.root / "k").symlink_to("raw/b.csv")


def _compare(scene: Scene, argv: list[str]) -> None:
    copy = scene.root.parent / "copy"
    shutil.copytree(scene.root, copy, symlinks=True)
    with tempfile.TemporaryDirectory(prefix="dsv-") as folder:
        for name in ("r", "c"):
            Path(folder, name).mkdir()
        env = marking(observed(environment(), Path(folder, "r"), Path(folder, "c")), copy)
        expected = truth(argv, copy, env)
    found = scene.run(argv)
    assert found.read == expected.reads
    assert found.written == expected.writes
    assert found.listed == expected.listings
    assert found.absent == expected.absences


@pytest.mark.parametrize("name", SCRIPTS)
def test_python(scene: Scene, name: str) -> None:
    _fill(scene)
    scene.put("job.py", SCRIPTS[name])
    _compare(scene, [sys.executable, "job.py"])


@pytest.mark.parametrize("name", SHELL)
@pytest.mark.parametrize("shell", ["sh", "bash"])
def test_shell(scene: Scene, name: str, shell: str) -> None:
    _fill(scene)
    _compare(scene, [shell, "-c", SHELL[name]])


@pytest.mark.skipif(not (shutil.which("gcc") and shutil.which("make")), reason="needs make and a C compiler")
def test_make(scene: Scene) -> None:
    for number in range(8):
        scene.put(
            f"src/s{number}.c",
            f'#include "s.h"\nint x{number};\n' if number else "int main(void) { return 0; }\n",
        )
    scene.put("src/s.h", "")
    scene.put(
        "Makefile",
        "O := $(patsubst src/%.c,build/%.o,$(wildcard src/*.c))\n-include config.mk\nprog: $(O)\n\tgcc -o $@ $^\n"
        "build/%.o: src/%.c src/s.h | build\n\tgcc -c -o $@ $<\nbuild:\n\tmkdir build\n",
    )
    _compare(scene, ["make", "-j8"])


def test_names_that_are_not_utf8(scene: Scene) -> None:
    name = os.fsdecode(b"raw/caf\xe9.csv")
    scene.put(name)
    found = scene.run(["sh", "-c", "cat raw/* > out"])
    assert found.read == {name}
