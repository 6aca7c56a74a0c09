"""Commands that make it hard to watch them."""

# mypy: disable-error-code="comparison-overlap"

import os
import shutil
import subprocess
import sys

import pytest

from tests.unit.capture.witness.conftest import Scene

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="needs seccomp")

x86 = pytest.mark.skipif(
    sys.platform != "linux" or os.uname().machine != "x86_64", reason="numbers of x86-64"
)


def can(*argv: str) -> bool:
    try:
        return (
            subprocess.run(argv, capture_output=True, stdin=subprocess.DEVNULL, check=False).returncode == 0
        )
    except OSError:
        return False


@x86
def test_a_filter_of_its_own(scene: Scene) -> None:
    scene.put("in.txt")
    found = scene.python(
        "import ctypes, os, struct\n"
        # mkdir gives EPERM, all else is allowed
        "code = b''.join(struct.pack('=HBBI', *one) for one in (\n"
        "    (0x20, 0, 0, 0), (0x15, 0, 1, 83), (0x06, 0, 0, 0x00050001), (0x06, 0, 0, 0x7FFF0000)))\n"
        "text = ctypes.create_string_buffer(code)\n"
        "head = ctypes.create_string_buffer(struct.pack('=H6xQ', 4, ctypes.addressof(text)))\n"
        "assert ctypes.CDLL(None).prctl(22, 2, head, 0, 0) == 0\n"
        "open('out', 'w').write(open('in.txt').read())\n"
        "try:\n    os.mkdir('d')\nexcept PermissionError:\n    open('refused', 'w')\n"
    )
    assert (found.read, found.written, found.complete) == ({"job.py", "in.txt"}, {"out", "refused"}, True)
    assert found.made_folders == set()


def test_thousands_of_processes(scene: Scene) -> None:
    found = scene.shell(
        "for i in {1..3000}; do (echo $i > f$((i % 7))); done; for i in {1..300}; do cat f1 & done; wait"
    )
    assert found.written == {f"f{n}" for n in range(7)}
    assert (found.read, found.complete) == (set(), True)


def test_processes_that_are_killed_while_they_wait(scene: Scene) -> None:
    scene.put("in.txt")
    found = scene.shell(
        "for i in {1..40}; do (while :; do cat in.txt; done) & done > /dev/null; sleep 0.5; kill -9 $(jobs -p); wait || true;"
        " cat in.txt > out"
    )
    assert (found.read, found.written, found.complete) == ({"in.txt"}, {"out"}, True)


def test_a_folder_that_is_gone(scene: Scene) -> None:
    scene.put("in.txt")
    found = scene.shell("mkdir d; cd d; rmdir ../d; cat x || true; ls . || true; cd ..; cat in.txt > out")
    assert (found.read, found.written, found.made_folders) == ({"in.txt"}, {"out"}, set())
    assert found.absent == set()


def test_long_paths(scene: Scene) -> None:
    room = (4000 - len(str(scene.root))) // 201
    deep = "/".join(["d" * 200] * room)
    scene.put(f"{deep}/in.txt")
    found = scene.python(
        f"deep = {deep!r}\nopen(deep + '/out', 'w').write(open(deep + '/in.txt').read())\n"
        "for path in ('x' * 300, 'y/' * 2100 + 'y', deep + '/nope'):\n"
        "    try:\n        open(path)\n    except OSError:\n        pass\n"
    )
    assert (found.read, found.written) == ({"job.py", f"{deep}/in.txt"}, {f"{deep}/out"})
    assert found.absent == {f"{deep}/nope"}


def test_names_that_are_not_utf8(scene: Scene) -> None:
    name = os.fsdecode(b"in/\xff\xfe\n.csv")
    scene.put(name)
    found = scene.shell("cat in/* > $'out\\xe9'")
    assert (found.read, found.written) == ({name}, {os.fsdecode(b"out\xe9")})


@pytest.mark.skipif(not can("unshare", "-Urm", "true"), reason="needs user namespaces")
def test_a_mount_inside_is_named(scene: Scene) -> None:
    scene.put("in.txt")
    found = scene.shell(
        "cat in.txt > out; unshare -Urm sh -c 'mkdir m; mount -t tmpfs x m; echo 1 > m/f; cat m/g || true'"
    )
    assert found.read == {"in.txt"}
    assert found.written == {"out"}
    assert not found.complete
    assert "mount mounted something, so that names may mean other files to it" in found.blind_spots


@pytest.mark.skipif(not can("unshare", "-Urmpf", "true"), reason="needs user namespaces")
def test_namespaces_of_processes(scene: Scene) -> None:
    scene.put("in.txt")
    found = scene.shell("unshare -Urpf sh -c 'cat in.txt > out'")
    assert (found.read, found.written) == ({"in.txt"}, {"out"})


@pytest.mark.skipif(not can("chroot", "/", "true"), reason="needs the right to chroot")
def test_another_root_is_named(scene: Scene) -> None:
    found = scene.shell("chroot / cat /nope || true")
    assert found.blind_spots == ("chroot gave itself another root, where names mean other files",)


@pytest.mark.skipif(
    sys.platform != "linux" or os.geteuid() != 0, reason="needs root, to make a set-uid program"
)
def test_a_set_uid_program_is_advised_against(scene: Scene) -> None:
    tool = scene.root.parent / "tool"
    shutil.copy("/bin/true", tool)
    os.chown(tool, 65534, 65534)
    tool.chmod(0o4755)
    found = scene.run([str(tool)])
    assert found.advice == (
        "tool gets no rights of another user while its calls are watched; with `dsv config run.witness events` it does",
    )
    assert found.complete


@x86
def test_io_uring_is_named(scene: Scene) -> None:
    found = scene.python("import ctypes\nctypes.CDLL(None).syscall(425, 1, 0)")
    assert len(found.blind_spots) == 1
    assert "uses io_uring, which opens files unseen" in found.blind_spots[0]
    assert not found.complete


def test_pythons_that_do_not_say_what_they_import(scene: Scene) -> None:
    scene.put("helper.py", "")
    scene.put("job.py", "import helper\nopen('out', 'w')")
    found = scene.run([sys.executable, "-E", "job.py"])
    assert found.read >= {"job.py", "helper.py"}
    assert found.written == {"out"}
    assert any("-E" in spot for spot in found.blind_spots)
    assert found.complete


def test_the_eye_for_files_leaves_the_looks_out(scene: Scene) -> None:
    scene.eye = "files"
    scene.put("raw/in.txt")
    found = scene.python(
        "import os\nos.path.exists('nope')\nopen('out', 'w').write(open('raw/in.txt').read())\nos.listdir('raw')"
    )
    assert (found.read, found.written, found.listed) == ({"job.py", "raw/in.txt"}, {"out"}, {"raw"})
    assert (found.eye, found.absent, found.complete) == ("files", set(), True)
    assert found.blind_spots == (
        "what the command looked for and did not find was not watched (run.witness = files)",
    )


def test_the_eye_for_events_is_inotify(scene: Scene) -> None:
    scene.eye = "events"
    scene.put("in.txt")
    found = scene.shell("cat in.txt > out")
    assert (found.read, found.written, found.eye) == ({"in.txt"}, {"out"}, "events")
