"""Random damage to any file of `.dsv`: never a wrong byte, never a clean bill where something is lost."""

import os
import shutil
from pathlib import Path
from random import Random

import pytest

from tests.robustness.lab_fixtures import Lab, Server

ROUNDS = int(os.environ.get("DSV_FLIPS", "24"))
"""How many files are damaged; 2000 by hand."""

CORRUPT = 6
VERSIONS = {f"v{number}": Random(number).randbytes(20_000) for number in range(3)}
FOLDER = {"one": b"one" * 50, "two": b"two" * 50}


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory, server: Server) -> Lab:
    """Three versions of a file, a folder, a remote and packs in a folder of their own."""
    folder = tmp_path_factory.mktemp("flips") / "home"
    folder.mkdir()
    lab = Lab(folder, server)
    lab.ok("init")
    for name, content in FOLDER.items():
        lab.write(f"d/{name}", content)
    lab.ok("add", "d")
    for name, content in VERSIONS.items():
        lab.write("a.bin", content)
        lab.ok("add", "a.bin")
        lab.ok("commit", "-m", name)
        lab.ok("tag", name)
    lab.ok("status")
    return lab


def _harm(path: Path, dice: Random) -> str:
    data = bytearray(path.read_bytes())
    if not data:
        return "nothing"
    at = dice.randrange(len(data))
    how = dice.choice(["flip", "flip", "cut", "zero", "swap"])
    if how == "flip":
        data[at] ^= 1 << dice.randrange(8)
    elif how == "cut":
        del data[at:]
    elif how == "zero":
        size = min(dice.choice([1, 64, 512]), len(data) - at)
        data[at : at + size] = bytes(size)
    else:
        size = min(64, len(data) // 2)
        other = dice.randrange(len(data) - size + 1)
        at = dice.randrange(len(data) - size + 1)
        data[at : at + size], data[other : other + size] = (
            data[other : other + size],
            data[at : at + size],
        )
    path.chmod(0o644)
    path.write_bytes(data)
    return f"{how} at {at} of {path.name}"


@pytest.mark.parametrize("seed", range(ROUNDS))
def test_no_wrong_byte_and_no_false_clean(home: Lab, tmp_path: Path, seed: int) -> None:
    dice = Random(seed)
    lab = home.twin(tmp_path / "copy")
    files = sorted(path for path in lab.dot.rglob("*") if path.is_file())
    path = dice.choice(files)
    before = path.read_bytes()
    live = {ref.id for ref in lab.workspace().repo.refs().indexes} | {
        pack.stem for pack in lab.blobs("packs")
    }
    where = _harm(path, dice)
    same = path.read_bytes() == before
    lost = []
    for name, content in VERSIONS.items():
        done = lab("cat", f"a.bin@{name}")
        assert "Traceback" not in done.err, f"{where}: {done.err}"
        assert done.code != 0 or done.raw == content, f"{where}: {name} has wrong bytes"
        lost += [name] if done.code else []
    status = lab("status")
    assert "Traceback" not in status.err, f"{where}: {status.err}"
    checked = lab("fsck")
    assert "Traceback" not in checked.err, f"{where}: {checked.err}"
    assert checked.code == 0 or not same, where
    assert not lost or checked.code != 0, f"{where}: {lost} are lost, and fsck says that all is well"
    if path.stem in live and not same:
        assert checked.code == CORRUPT, f"{where}: {checked.out}"
    collected = lab("gc", "--now")
    assert "Traceback" not in collected.err, f"{where}: {collected.err}"
    assert path.exists() or path.stem not in live, f"{where}: gc deleted it"
    if path.exists():
        path.chmod(0o644)
        path.write_bytes(before)  # what gc deleted on the word of the damage would lack now
    for extra in (lab.dot / "cache", lab.dot / "stat"):
        if extra != path and extra.is_dir():
            shutil.rmtree(extra)
    for name, content in VERSIONS.items():
        assert lab("cat", f"a.bin@{name}").raw == content, f"{where}, then gc: {name} is gone"
