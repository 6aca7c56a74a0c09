"""Flipped bits and files cut short, anywhere in a store: named by fsck, the rest readable."""

import shutil
from collections.abc import Callable
from pathlib import Path
from random import Random

import pytest

from tests.robustness.lab_fixtures import Lab, Server

CORRUPT = 6
SOUND = {"kept.bin": b"kept" * 5000, "d/one": b"one" * 100, "d/two": b"two" * 100}


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory, server: Server) -> Lab:
    """A workspace of two commits: `kept.bin` and `d`, then `late.bin` in packs of its own."""
    folder = tmp_path_factory.mktemp("damage") / "home"
    folder.mkdir()
    lab = Lab(folder, server)
    lab.ok("init")
    for path, content in SOUND.items():
        lab.write(path, content)
    lab.ok("add", "kept.bin", "d")
    lab.ok("commit", "-m", "first")
    first = set(lab.blobs("packs") + lab.blobs("index"))
    lab.write("late.bin", Random(7).randbytes(90_000))
    lab.ok("add", "late.bin")
    lab.ok("commit", "-m", "second")
    (folder / ".late").write_text(
        "\n".join(sorted({path.name for path in lab.blobs("packs")} - {p.name for p in first}))
    )
    return lab


@pytest.fixture
def copy(home: Lab, tmp_path: Path) -> Lab:
    return home.twin(tmp_path / "copy")


def _flip(path: Path, at: int) -> None:
    data = bytearray(path.read_bytes())
    data[at % len(data)] ^= 0x10
    path.chmod(0o644)
    path.write_bytes(data)


def _cut(path: Path, at: int) -> None:
    path.chmod(0o644)
    path.write_bytes(path.read_bytes()[: at % max(1, path.stat().st_size)])


def _names_damage(lab: Lab, path: Path) -> None:
    done = lab("fsck")
    assert done.code == CORRUPT, f"{path} is damaged, and fsck says {done.code}: {done.out}{done.err}"
    assert "Traceback" not in done.err


@pytest.mark.parametrize("harm", [_flip, _cut])
def test_fsck_names_damage_anywhere_in_packs_and_indexes(
    copy: Lab, harm: Callable[[Path, int], None]
) -> None:
    for path in copy.blobs("packs") + copy.blobs("index"):
        saved = path.read_bytes()
        for at in {0, 9, len(saved) // 3, len(saved) // 2, len(saved) - 20, len(saved) - 1}:
            harm(path, at)
            done = copy("fsck")
            assert done.code == CORRUPT, (
                f"{path.name} at {at} of {len(saved)}: {done.code} {done.out}{done.err}"
            )
            assert path.stem[:8] in done.out, done.out
            path.write_bytes(saved)
    copy.sound()


def test_what_is_in_other_packs_stays_readable(copy: Lab) -> None:
    late = (copy.folder / ".late").read_text().split()
    data = next(path for path in copy.blobs("packs") if path.name in late)
    for harm in (_flip, _cut, lambda path, _: path.unlink()):
        saved = data.read_bytes()
        harm(data, len(saved) // 2)
        for path, content in SOUND.items():
            assert copy(*("cat", f"{path}@HEAD")).raw == content
        error = copy.fails("cat", "late.bin@HEAD", code=CORRUPT)
        assert "late.bin" in error or data.stem[:8] in error
        _names_damage(copy, data)
        copy.ok("status")
        copy.ok("log")
        data.write_bytes(saved)
    copy.sound()


def test_every_index_may_go_and_everything_is_readable(copy: Lab) -> None:
    for path in copy.blobs("index"):
        saved = path.read_bytes()
        for harm in (_flip, _cut, lambda path, _: path.unlink()):
            harm(path, len(saved) // 2)
            for name, content in SOUND.items():
                assert copy("cat", f"{name}@HEAD").raw == content
            _names_damage(copy, path)
            path.write_bytes(saved)


def test_a_damaged_version_can_be_left_again(copy: Lab) -> None:
    copy.ok("checkout", "HEAD~1")
    late = (copy.folder / ".late").read_text().split()
    data = next(path for path in copy.blobs("packs") if path.name in late)
    _flip(data, data.stat().st_size // 2)
    copy.fails("checkout", "main", code=CORRUPT)
    for path, content in SOUND.items():
        assert copy.read(path) == content
    copy.ok("checkout", "main~1")
    assert not (copy.folder / "late.bin").exists()
    assert copy.json("status")["unstaged"] == []
    copy.write("d/one", b"work goes on")
    copy.ok("checkout", "-b", "on")
    copy.ok("commit", "-a", "-m", "on")


@pytest.mark.parametrize("harm", [_flip, _cut])
def test_damage_of_refs_is_said(copy: Lab, harm: Callable[[Path, int], None]) -> None:
    refs = copy.dot / "refs"
    saved = refs.read_bytes()
    for at in range(0, len(saved), 151):
        harm(refs, at)
        for words in (("status",), ("fsck",), ("log",), ("cat", "kept.bin@HEAD"), ("gc",)):
            error = copy.fails(*words, code=CORRUPT)
            assert "refs" in error
        refs.write_bytes(saved)
    copy.sound()


def test_refs_that_are_gone_are_said_and_never_made_anew(copy: Lab) -> None:
    refs = copy.dot / "refs"
    saved = refs.read_bytes()
    refs.unlink()
    for words in (("status",), ("fsck",), ("gc",), ("init",)):
        done = copy(*words)
        assert done.code in {5, 6}, f"{words}: {done.code} {done.out} {done.err}"
        assert "refs" in done.err
    refs.write_bytes(saved)
    copy.sound()


@pytest.mark.parametrize("harm", [_flip, _cut])
def test_damage_of_the_oplog_is_named_and_hurts_only_undo(
    copy: Lab, harm: Callable[[Path, int], None]
) -> None:
    oplog = copy.dot / "oplog"
    saved = oplog.read_bytes()
    for at in range(5, len(saved), max(1, len(saved) // 5)):
        harm(oplog, at)
        _names_damage(copy, oplog)
        copy.ok("status")
        copy.ok("log")
        assert copy("cat", "kept.bin@HEAD").raw == SOUND["kept.bin"]
        copy.fails("gc", code=CORRUPT)  # nobody knows what undo needs
        oplog.write_bytes(saved)
    _cut(oplog, 30)
    copy.fails("undo", code=CORRUPT)
    copy.write("kept.bin", b"new")
    copy.ok("commit", "-a", "-m", "still works")
    copy.ok("undo")


def test_damage_of_the_stat_cache_means_nothing(copy: Lab, tmp_path: Path) -> None:
    copy.ok("status")
    names = [path.name for path in copy.dot.glob("stat*")]
    assert "stat" in names
    for number, name in enumerate(sorted(names)):
        path = copy.dot / name
        size = path.stat().st_size
        for at in range(0, size, max(1, size // 3)):
            twin = copy.twin(tmp_path / f"twin-{number}-{at}")
            (_flip if at % 2 else _cut)(twin.dot / name, at)
            found = twin.json("status")
            assert found["unstaged"] == found["staged"] == []
            twin.write("d/one", b"another one")
            twin.ok("commit", "-a", "-m", "x")
            assert twin("cat", "d@HEAD:one").raw == b"another one"
            twin.sound()
            shutil.rmtree(twin.folder)


def test_a_store_of_a_newer_format_is_refused(copy: Lab) -> None:
    refs = copy.dot / "refs"
    refs.write_bytes(refs.read_bytes().replace(b'"v":1', b'"v":2'))
    for words in (("status",), ("add", "kept.bin"), ("fsck",)):
        error = copy.fails(*words, code=3)
        assert "upgrade dsv" in error
