"""The reader that the specification prints, without any of dsv, reads what dsv writes."""

import random
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.face_fixtures import Face

PAGE = (Path(__file__).parents[1] / "docs" / "format.md").read_text(encoding="utf-8")


def test_the_printed_reader_reads_a_store(tmp_path: Path) -> None:
    [code] = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
    assert "dsv." not in re.sub(r"dsv\.packs|\.dsv", "", code)
    reader = tmp_path / "reader.py"
    reader.write_text(code)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DSV_AUTHOR", "ada")
        dsv = Face(tmp_path, patch)
        dsv.ok("init")
        large = random.Random(7).randbytes(3_000_000)
        files = {"raw/trips.csv": b"a,b\n1,2\n" * 5000, "large.bin": large, "empty": b""}
        for name, data in files.items():
            path = tmp_path / name
            path.parent.mkdir(exist_ok=True)
            path.write_bytes(data)
        dsv.ok("add", *files)
        dsv.ok("commit", "-m", "one")
        (tmp_path / "large.bin").write_bytes(large[:1_000_000] + b"!" + large[1_000_000:])
        dsv.ok("commit", "-am", "two")
    files["large.bin"] = large[:1_000_000] + b"!" + large[1_000_000:]
    for name, data in files.items():
        done = subprocess.run(
            [sys.executable, str(reader), str(tmp_path / ".dsv"), name], capture_output=True, check=False
        )
        assert done.returncode == 0, done.stderr.decode()
        assert done.stdout == data
