"""What each way of using a file is taken for, with real programs."""

# mypy: disable-error-code="comparison-overlap"

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from dsv.worktree.ignore import Ignore
from tests.unit.capture.witness.conftest import Scene

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="needs seccomp")

needs_gcc = pytest.mark.skipif(not shutil.which("gcc"), reason="needs a C compiler")
needs_make = pytest.mark.skipif(not shutil.which("make"), reason="needs make")


def test_plain_open(scene: Scene) -> None:
    scene.put("in.txt")
    scene.put("unused.txt")
    found = scene.python("open('out.txt', 'w').write(open('in.txt').read())")
    assert (found.read, found.written) == ({"job.py", "in.txt"}, {"out.txt"})
    assert (found.eye, found.complete, found.blind_spots) == ("calls", True, ())
    assert (found.listed, found.absent, found.outside) == (set(), set(), set())


@pytest.mark.parametrize(
    ("act", "read", "written", "appended"),
    [
        ("open('x', 'r').read()", True, False, False),
        ("open('x', 'w').write('new')", False, True, False),
        ("open('x', 'w').write('old')", False, True, False),
        ("open('x', 'a').write('more')", True, True, True),
        ("open('x', 'a')", False, False, False),
        ("f = open('x', 'r+'); f.seek(1); f.write('n')", True, True, False),
        ("open('x', 'r+').read()", True, False, False),
        ("open('x', 'w+').write('new')", False, True, False),
        ("os.truncate('x', 0)", False, True, False),
        ("os.truncate('x', 1)", True, True, True),
        ("os.remove('x'); open('x', 'w').write('new')", False, True, False),
        ("open('y', 'w').write('new'); os.replace('y', 'x'); open('x').read()", False, True, False),
        ("t = open('x').read(); open('y', 'w').write(t); os.replace('y', 'x')", True, True, False),
        ("os.rename('x', 'y'); open('x', 'w').write('new')", True, True, False),
        ("os.utime('x')", False, False, False),
        ("os.chmod('x', 0o600)", False, False, False),
        ("os.stat('x'); os.access('x', 4); os.path.getsize('x')", False, False, False),
        ("open('x', 'w').write('new'); open('x').read()", False, True, False),
        ("open('x').read(); open('x', 'w').write('new')", True, True, False),
    ],
)  # fmt: skip
def test_an_old_file(scene: Scene, act: str, read: bool, written: bool, appended: bool) -> None:
    scene.put("x", "old")
    found = scene.python(f"import os\n{act}")
    assert ("x" in found.read, "x" in found.written, "x" in found.appended) == (read, written, appended)


@pytest.mark.parametrize(
    ("script", "read", "written", "stamped"),
    [
        ("touch x", False, True, True),
        ("sort -o x x", True, True, False),
        ("sort -o x y", False, True, False),
        ("sed -i s/a/b/ x", True, True, False),
        ("dd if=y of=x bs=1 count=1 conv=notrunc 2>/dev/null", True, True, True),
        ("cat y > x", False, True, False),
        ("cat y >> x", True, True, True),
        ("cp y x", False, True, False),
        ("cp -p y x", False, True, False),
        ("mv y x", False, True, False),
        ("ln -sf y x", False, True, False),
        ("tee x < y > /dev/null", False, True, False),
    ],
)
def test_tools(scene: Scene, script: str, read: bool, written: bool, stamped: bool) -> None:
    scene.put("x", "b\na\n")
    scene.put("y", "d\nc\n")
    found = scene.shell(script)
    assert ("x" in found.read, "x" in found.written, "x" in found.stamped) == (read, written, stamped)
    assert ("y" in found.read) == (
        script.startswith(("cat", "cp", "mv", "dd", "tee")) or script == "sort -o x y"
    )


def test_a_file_of_the_run_is_no_input(scene: Scene) -> None:
    found = scene.shell(
        "echo 1 > t; cat t > u; mv t v; cat v >> u; mkdir d; mv v d; cat d/v; ls d; ls nope || rm u"
    )
    assert (found.read, found.written, found.removed) == (set(), {"d/v"}, set())
    assert (found.listed, found.made_folders, found.absent) == (set(), {"d"}, {"nope"})


def test_moving_and_removing(scene: Scene) -> None:
    for name in "abc":
        scene.put(name)
    scene.put("d/e/x")
    found = scene.shell("mv a z; rm b; cat c; rm c; mv d f; cat f/e/x; echo > f/e/y")
    assert (found.read, found.written) == ({"a", "c", "d/e/x"}, {"z", "f/e/x", "f/e/y"})
    assert found.removed == {"a", "b", "c", "d/e/x"}
    assert found.made_folders == {"f", "f/e"}


def test_a_refused_change_is_none(scene: Scene) -> None:
    scene.put("d/x", "old")
    scene.put("e/y", "old")
    found = scene.python(
        "import os\n"
        "for act in (lambda: os.rename('d', 'e'), lambda: os.rename('d/x', 'e'), lambda: os.mkdir('d'),\n"
        "            lambda: open('d/x', 'x'), lambda: os.rmdir('d'), lambda: os.link('d/x', 'e/y'),\n"
        "            lambda: os.rename('nope', 'd/x'), lambda: open('d', 'w')):\n"
        "    try:\n        act()\n    except OSError:\n        continue\n    raise SystemExit(1)\n"
        "open('d/x').read()\nopen('e/y').read()"
    )
    assert found.read == {"job.py", "d/x", "e/y"}
    assert (found.written, found.removed, found.made_folders) == (set(), set(), set())


def test_exchanged_files_were_read(scene: Scene) -> None:
    scene.put("a", "1")
    scene.put("b", "2")
    found = scene.python("import os\nos.rename('a', 't'); os.rename('b', 'a'); os.rename('t', 'b')")
    assert (found.read, found.written) == ({"job.py", "a", "b"}, {"a", "b"})


def test_second_names(scene: Scene, tmp_path: Path) -> None:
    os.link(scene.put("a", "old"), tmp_path / "b")
    os.link(scene.put("c", "old"), scene.root / "d")
    found = scene.shell(f"echo 1 > {tmp_path}/b; echo 1 > c; ln a e")
    assert found.written == {"a", "c", "d", "e"}
    assert found.complete


def test_links(scene: Scene, tmp_path: Path) -> None:
    scene.put("data/real.txt")
    (tmp_path / "far").mkdir()
    (tmp_path / "far/y.csv").write_text("1")
    (scene.root / "alias").symlink_to("data/real.txt")
    (scene.root / "folder").symlink_to("data")
    (scene.root / "out").symlink_to(tmp_path / "far")
    (scene.root / "dangling").symlink_to("nowhere")
    found = scene.shell("cat alias folder/real.txt out/y.csv; cat dangling || true")
    assert found.read == {"data/real.txt"}
    assert found.links == {"alias", "folder", "out", "dangling"}
    assert found.outside == {str(tmp_path / "far/y.csv")}
    assert found.absent == {"nowhere"}


def test_what_is_listed_and_looked_for(scene: Scene) -> None:
    scene.put("raw/a.csv")
    scene.put("raw/deep/b.csv")
    scene.put("conf/local/x")
    scene.put("seen")
    found = scene.python(
        "import glob, os, pathlib\n"
        "glob.glob('raw/*.csv')\nlist(pathlib.Path('raw').rglob('*'))\n"
        "os.path.exists('override.json')\nos.path.isdir('conf/local')\nos.path.exists('seen')\n"
        "try:\n    open('late.csv')\nexcept OSError:\n    pass\n"
        "if not os.path.exists('made'):\n    open('made', 'w')\n"
    )
    assert found.listed == {"raw", "raw/deep"}
    assert found.absent == {"override.json", "late.csv"}
    assert found.found == {"conf/local", "seen"}


def test_a_folder_that_is_made_again_is_not_listed(scene: Scene) -> None:
    scene.put("out/old.csv")
    found = scene.python("import shutil, os\nshutil.rmtree('out'); os.mkdir('out'); open('out/new.csv', 'w')")
    assert (found.listed, found.written, found.removed) == (set(), {"out/new.csv"}, {"out/old.csv"})


def test_descriptors_of_folders_and_changes_of_folder(scene: Scene) -> None:
    scene.put("a/b/x")
    scene.put("a/y")
    found = scene.python(
        "import os\nf = os.open('a/b', os.O_RDONLY)\nos.close(os.open('x', os.O_RDONLY, dir_fd=f))\n"
        "os.chdir('a')\nopen('y').read()\nos.fchdir(f)\nopen('x').read()\n"
        "os.mkdir('m', dir_fd=f)\nos.close(os.open('m/z', os.O_CREAT | os.O_WRONLY, dir_fd=f))\nos.listdir(f)"
    )
    assert found.read == {"job.py", "a/b/x", "a/y"}
    assert (found.written, found.made_folders, found.listed) == ({"a/b/m/z"}, {"a/b/m"}, {"a/b"})


def test_the_import_system_lists_and_looks_for_itself(scene: Scene) -> None:
    scene.put("pack/__init__.py", "")
    scene.put("pack/helper.py", "value = 1\n")
    scene.put("pack/unused.py", "value = 1\n")
    for _ in range(2):
        found = scene.python(
            "from pack.helper import value\nimport importlib.metadata\n"
            "list(importlib.metadata.distributions())\nopen('out', 'w').write(str(value))"
        )
        assert found.read == {"job.py", "pack/__init__.py", "pack/helper.py"}
        assert (found.written, found.listed, found.absent) == ({"out"}, set(), set())


def test_the_program_may_list_what_python_lists(scene: Scene) -> None:
    scene.put("plugins/__init__.py", "")
    scene.put("plugins/one.py", "")
    found = scene.python(
        "import pkgutil, plugins\nprint([m.name for m in pkgutil.iter_modules(plugins.__path__)])"
    )
    assert found.listed == {"plugins"}


def test_a_module_that_is_nowhere_is_absent(scene: Scene) -> None:
    scene.put("pack/__init__.py", "")
    found = scene.python(
        "import importlib.util\n"
        "for name in ('local_settings', 'pack.local'):\n"
        "    try:\n        __import__(name)\n    except ImportError:\n        pass\n"
        "importlib.util.find_spec('plugin')\nimport json, email"
    )
    assert found.absent == {"local_settings.py", "pack/local.py", "plugin.py"}


def test_libraries_may_miss_modules(scene: Scene) -> None:
    scene.put("lib/site-packages/library.py", "try:\n    import accelerator\nexcept ImportError:\n    pass")
    found = scene.python("import sys\nsys.path.append('lib/site-packages')\nimport library")
    assert found.absent == set()


def test_a_python_that_does_not_say_what_its_import_system_does(scene: Scene) -> None:
    scene.put("src/pack/__init__.py", "import os, pack.part\nos.listdir('conf')\n")
    scene.put("src/pack/part.py")
    scene.put("conf/base.toml")
    (scene.root / "src/pack/part.py").write_text("")
    seen = scene.shell(f"PYTHONPATH=src {sys.executable} -m pack.part")
    assert seen.listed == {"conf"}
    assert {"src/pack/__init__.py", "src/pack/part.py"} <= seen.read
    assert seen.complete
    assert "PYTHONPATH of its own" in seen.blind_spots[0]


def test_a_lock_outside_is_no_data(scene: Scene, tmp_path: Path) -> None:
    (tmp_path / "tool.lock").touch()
    (tmp_path / "data.csv").write_text("x\n")
    seen = scene.shell(f"cat {tmp_path}/data.csv; exec 9<>{tmp_path}/tool.lock; flock 9")
    assert seen.outside == {f"{tmp_path}/data.csv"}


def test_a_shell_looks_for_commands(scene: Scene) -> None:
    scene.put("bin/other")
    found = scene.shell("true; ls > /dev/null; [ -f settings ] || cat < job.py", PATH=f"{scene.root}/bin:/usr/bin:/bin",
                        code=1)  # fmt: skip
    assert found.absent == {"settings", "job.py"}
    assert found.listed == {""}


def test_programs_of_the_workspace(scene: Scene) -> None:
    tool = scene.put("tool.sh", "#!/bin/sh\ncat in.txt\n")
    tool.chmod(0o755)
    scene.put("in.txt")
    found = scene.shell("./tool.sh a b")
    assert found.read == {"tool.sh", "in.txt"}
    assert [one.argv[-1] for one in found.programs] == ["./tool.sh a b", "b", "in.txt"]
    assert found.programs[1].path == str(tool)
    assert found.programs[1].resolved == os.path.realpath("/bin/sh")


def test_files_outside(scene: Scene, tmp_path: Path) -> None:
    (tmp_path / "home").mkdir()
    for name in ("data.csv", "home/.config", "home/data.csv"):
        (tmp_path / name).write_text("1")
    found = scene.shell(
        f"cat {tmp_path}/data.csv ~/.config ~/data.csv /etc/passwd /proc/self/stat; t=$(mktemp); echo > $t; cat $t; rm $t",
        HOME=str(tmp_path / "home"),
    )
    assert found.outside == {str(tmp_path / "data.csv"), str(tmp_path / "home/data.csv")}


def test_programs_outside_are_no_data(scene: Scene, tmp_path: Path) -> None:
    (tmp_path / "bin").mkdir()
    tool = tmp_path / "bin/tool"
    tool.write_text('#!/bin/sh\nexec cat "$1"\n')
    tool.chmod(0o755)
    (tmp_path / "other.sh").write_text("true")
    scene.put("in.txt")
    found = scene.shell(f"tool in.txt; sh {tmp_path}/other.sh", PATH=f"{tmp_path}/bin:/usr/bin:/bin")
    assert found.outside == {str(tmp_path / "other.sh")}
    assert str(tool) in {one.path for one in found.programs}


def test_contacts(scene: Scene) -> None:
    found = scene.python(
        "import socket, os\n"
        "s = socket.create_server(('127.0.0.1', 0))\nport = s.getsockname()[1]\n"
        "c = socket.create_connection(('127.0.0.1', port))\n"
        "u = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); u.sendto(b'x', ('127.0.0.1', port))\n"
        "six = socket.socket(socket.AF_INET6)\n"
        "try:\n    six.connect(('::1', port))\nexcept OSError:\n    pass\n"
        "print(port)"
    )
    assert scene.execution is not None
    port = scene.execution.tail.strip()
    said = {(one.call, one.address) for one in found.contacts}
    assert said >= {
        ("connect", f"127.0.0.1:{port}"),
        ("sendto", f"127.0.0.1:{port}"),
        ("connect", f"[::1]:{port}"),
    }
    assert {Path(one.program).name[:6] for one in found.contacts} == {"python"}


def test_environments_caches_and_ignored_files_are_nothing(scene: Scene) -> None:
    for path in ("venv/pyvenv.cfg", "venv/lib/x.py", ".git/HEAD", ".dsv/refs", "logs/a.log", ".mypy_cache/x"):
        scene.put(path)
    found = scene.run(
        ["bash", "-ec", "cat venv/pyvenv.cfg venv/lib/x.py .git/HEAD .dsv/refs logs/a.log .mypy_cache/x; echo >> logs/a.log"],
        Ignore(["*.log"]),
    )  # fmt: skip
    assert (found.read, found.written, found.listed) == (set(), set(), set())


def test_a_mark_of_git_was_found(scene: Scene) -> None:
    scene.put(".git/HEAD")
    found = scene.python("import os\nos.path.isdir('.git')")
    assert found.found == {".git"}


@pytest.mark.parametrize("method", ["fork", "spawn", "forkserver"])
def test_pools(scene: Scene, method: str) -> None:
    for number in range(20):
        scene.put(f"in/{number}")
    found = scene.python(
        "import multiprocessing as m\n"
        "def copy(n):\n    open(f'out{n}', 'w').write(open(f'in/{n}').read())\n"
        f"if __name__ == '__main__':\n    with m.get_context('{method}').Pool(4) as pool:\n"
        "        pool.map(copy, range(20))\n"
    )
    assert found.read == {"job.py", *(f"in/{n}" for n in range(20))}
    assert found.written == {f"out{n}" for n in range(20)}
    assert (found.listed, found.absent, found.complete) == (set(), set(), True)


def test_threads(scene: Scene) -> None:
    for number in range(400):
        scene.put(f"in/{number}")
    found = scene.python(
        "from concurrent.futures import ThreadPoolExecutor as T\n"
        "with T(16) as pool:\n    list(pool.map(lambda n: open(f'in/{n}').read(), range(400)))"
    )
    assert found.read == {"job.py", *(f"in/{n}" for n in range(400))}


_UPDATE = r"""
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
int main(int n, char **words) {
    int fd = open("x", O_RDWR);
    char *map = mmap(0, 4, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (n > 1) map[0] = 'n'; else if (map[0] != 'o') return 1;
    munmap(map, 4);
    close(fd);
    fd = open(".", O_TMPFILE | O_WRONLY, 0600);
    if (write(fd, "hi", 2) != 2) return 2;
    char name[64] = "/proc/self/fd/9";
    dup2(fd, 9);
    if (linkat(AT_FDCWD, name, AT_FDCWD, "late", AT_SYMLINK_FOLLOW)) return 3;
    return 0;
}
"""


@needs_gcc
@pytest.mark.parametrize("static", [False, True])
def test_mappings_and_files_that_get_a_name_late(scene: Scene, static: bool) -> None:
    scene.put("x", "old\n")
    scene.put("../update.c", _UPDATE)
    build = ["gcc", *(["-static"] if static else []), "-D_GNU_SOURCE", "-o", "../update", "../update.c"]
    subprocess.run(build, cwd=scene.root, check=True)
    found = scene.run([str(scene.root.parent / "update")])
    assert (found.read, found.written) == ({"x"}, {"late"})
    (scene.root / "late").unlink()
    found = scene.run([str(scene.root.parent / "update"), "write"])
    assert (found.read, found.written, found.stamped) == ({"x"}, {"x", "late"}, {"x"})


@needs_gcc
@needs_make
@pytest.mark.parametrize("globs", [True, False])
def test_make(scene: Scene, globs: bool) -> None:
    names = [f"s{n}.c" for n in range(6)]
    for name in names:
        scene.put(name, f'#include "s.h"\nint {name[:2]}(void) {{ return N; }}\n')
    scene.put("s.h", "#define N 1\n")
    scene.put("main.c", "int main(void) { return 0; }\n")
    sources = "$(wildcard s*.c)" if globs else " ".join(names)
    scene.put(
        "Makefile",
        f"OBJECTS := $(patsubst %.c,%.o,{sources})\nprog: $(OBJECTS) main.o\n\tgcc -o $@ $^\n"
        "%.o: %.c s.h\n\tgcc -c -o $@ $<\n-include local.mk\n",
    )
    found = scene.run(["make", "-j4"])
    assert found.read == {"Makefile", "s.h", "main.c", *names}
    assert found.written == {"prog", "main.o", *(name[:2] + ".o" for name in names)}
    assert found.listed == ({""} if globs else set())
    assert found.absent == {"local.mk"}
    assert found.outside == set()
