"""Rebuild, on runs that were really recorded."""

import sys
from pathlib import Path

import pytest

from dsv.errors import InTheWay, Refused
from dsv.model.verdict import VerdictStatus
from tests.unit.runs.rebuild.replay_fixtures import Plant
from tests.unit.runs.rebuild.test_verifying import chain, table

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="needs automatic capture")


def test_an_absent_dataset_comes_back(plant: Plant) -> None:
    chain(plant)
    before = plant.read("top.csv")
    plant.lose("top.csv")
    found = plant.rebuild("top.csv")
    assert found.ok
    assert (found.check.status, found.runs, found.written) == (VerdictStatus.IDENTICAL, 1, True)
    assert plant.read("top.csv") == before
    assert plant.changes() == ({}, {})
    assert plant.status().absent == ()
    assert plant.local.dropped == ()
    assert plant.scratch() == []


def test_missing_intermediates_are_rebuilt_and_stay_absent(plant: Plant) -> None:
    chain(plant)
    plant.lose("top.csv", "mid.csv")
    found = plant.rebuild("top.csv")
    assert (found.check.status, found.runs) == (VerdictStatus.IDENTICAL, 2)
    assert not plant.holds("mid.csv")


def test_from_raw_replays_everything(plant: Plant) -> None:
    chain(plant)
    assert plant.rebuild("top.csv").runs == 1
    assert plant.rebuild("top.csv", from_raw=True).runs == 2


def test_an_old_version_is_an_uncommitted_change(plant: Plant) -> None:
    chain(plant)
    old = plant.read("top.csv")
    plant.run("cp raw.csv top.csv")
    plant.commit({})
    found = plant.rebuild("top.csv@HEAD~1")
    assert found.ok
    assert plant.read("top.csv") == old
    assert plant.changes() == ({}, {"top.csv": "modified"})


def test_a_changed_dataset_is_not_overwritten(plant: Plant) -> None:
    chain(plant)
    plant.write({"top.csv": "mine"})
    found = plant.rebuild("top.csv")
    assert not found.ok
    assert not found.written
    assert found.check.status is VerdictStatus.IDENTICAL
    assert plant.read("top.csv") == "mine"
    assert found.place is not None
    assert found.place.is_relative_to(plant.root / ".dsv/tmp")
    assert found.place.read_text() == "a,b\n1,x\n3,Z\n"


def test_other_data_is_left_aside(plant: Plant) -> None:
    table(plant, "[1, 2, 3, random.getrandbits(60)]")
    before = (plant.root / "out.parquet").read_bytes()
    found = plant.rebuild("out.parquet")
    assert not found.ok
    assert found.check.status is VerdictStatus.DIFFERENT
    assert (plant.root / "out.parquet").read_bytes() == before
    assert found.place is not None
    assert found.place.read_bytes() != before


def test_other_bytes_of_the_same_table_are_written(plant: Plant) -> None:
    table(plant, "[1, 2, 3, 4]\npa.Table.from_pydict({'x': x})\nn = random.random()")
    script = plant.read("make.py").replace("pa.table({", "pa.table(metadata={'n': str(n)}, data={")
    plant.write({"make.py": script})
    plant.run("python make.py")
    plant.commit({})
    found = plant.rebuild("out.parquet")
    assert found.ok
    assert found.check.status is VerdictStatus.EQUAL
    assert plant.changes() == ({}, {"out.parquet": "modified"})


def test_into_a_folder(plant: Plant, tmp_path: Path) -> None:
    chain(plant)
    plant.run("mkdir d; cp mid.csv d/x.csv; mkdir d/e; cp raw.csv d/e/y.csv")
    plant.commit({})
    plant.write({"top.csv": "mine"})
    assert plant.rebuild("top.csv", into=tmp_path / "o").place == tmp_path / "o/top.csv"
    assert (tmp_path / "o/top.csv").read_text() == "a,b\n1,x\n3,Z\n"
    with pytest.raises(InTheWay):
        plant.rebuild("top.csv", into=tmp_path / "o")
    folder = next(path for path in plant.datasets() if path.startswith("d"))
    assert plant.rebuild(folder, into=tmp_path / "o").ok


def test_raw_data_cannot_be_rebuilt(plant: Plant) -> None:
    chain(plant)
    with pytest.raises(Refused, match="raw data"):
        plant.rebuild("raw.csv")
    plant.commit({"mid.csv": "x"})
    with pytest.raises(Refused, match="edited by hand"):
        plant.rebuild("mid.csv")
