"""The documented format is enough to read the golden store without dsv."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.golden.make import expected

HERE = Path(__file__).parent
STORE = HERE / "store-v1" / "store"
FORMAT = HERE.parents[1] / "docs" / "format.md"


@pytest.mark.parametrize("name", expected()["main"])
def test_a_stranger_reads_every_file(name: str, tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-W", "error", HERE / "stranger.py", STORE, name],
        cwd=tmp_path,
        capture_output=True,
        check=False,
    )
    assert done.stderr.decode() == ""
    assert done.stdout == expected()["main"][name]


def test_the_stranger_knows_nothing_of_dsv() -> None:
    text = (HERE / "stranger.py").read_text(encoding="utf-8")
    assert not re.search(r"^\s*(import|from)\s+dsv", text, re.MULTILINE)
    assert len(text.splitlines()) < 100


@pytest.mark.parametrize("name", ["big.txt", "table.csv"])
def test_the_example_in_the_documents_works(name: str, tmp_path: Path) -> None:
    text = FORMAT.read_text(encoding="utf-8")
    (code,) = re.findall(r"## By hand.*?```python\n(.*?)```", text, re.DOTALL)
    show = "\nif 'data' in globals():\n    open('out', 'wb').write(data)\n"
    (tmp_path / "example.py").write_text(code + show, encoding="utf-8")
    subprocess.run([sys.executable, "example.py", STORE, name], cwd=tmp_path, capture_output=True, check=True)
    assert (tmp_path / "out").read_bytes() == expected()["main"][name]
