"""What cannot be reproduced is told so, with its likely cause, and never passes."""

from pathlib import Path

import pytest

from tests.pipelines import zoo
from tests.pipelines.catalogue import Shell
from tests.pipelines.zoo import Animal

pytest.importorskip("pyarrow")


def name(animal: Animal) -> str:
    return animal.name.replace(" ", "-")


@pytest.mark.parametrize("animal", zoo.ALL, ids=name)
def test_an_irreproducible_step_never_passes(animal: Animal, tmp_path: Path) -> None:
    (tmp_path / "home").mkdir()
    work = tmp_path / "work"
    work.mkdir()
    outside = tmp_path / "elsewhere.txt"
    outside.write_text("5")
    (work / "in.csv").write_text("n\n" + "".join(f"{number}\n" for number in range(1, 30)))
    (work / "make.py").write_text(animal.text.replace("OUTSIDE", repr(str(outside))))
    recording = Shell(work, tmp_path / "home", **dict(animal.env))
    recording.run("init")
    recording.run("run", "--", "python", "make.py")
    recording.run("commit", "-m", animal.name)
    data = (work / "out.parquet").read_bytes()

    later = Shell(work, tmp_path / "home")
    for options, wanted in (((), animal.status), (("--twice",), animal.twice)):
        found = later.json("verify", "out.parquet", "--yes", *options, code=1)
        assert not found["ok"]
        one = next(one for one in found["datasets"] if one["path"] == "out.parquet")
        assert one["status"] == wanted, one
        assert any(word in one["reason"] for word in animal.reason), one["reason"]
    assert (work / "out.parquet").read_bytes() == data
