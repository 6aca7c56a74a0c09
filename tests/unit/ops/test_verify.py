"""A higher level of verify passes nothing that a lower one does not."""

import sys

import pytest

from dsv.model.verdict import VerdictStatus
from dsv.ops.verify import Level, Selection, StalePolicy, verify_hashes
from dsv.render.verdict_words import reason
from dsv.render.verdict_words import stale as why_stale
from dsv.runs.rebuild.checked_dataset import Checked
from tests.unit.runs.rebuild.replay_fixtures import Plant

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="needs automatic capture")


@pytest.fixture
def plant(tmp_path: object) -> Plant:
    from pathlib import Path

    assert isinstance(tmp_path, Path)
    return Plant(tmp_path / "w")


@pytest.fixture
def stale(plant: Plant) -> Plant:
    """in.csv -> out.csv, and in.csv was changed and committed since."""
    plant.commit({"in.csv": "a\n1\n"}, "in.csv")
    plant.run("cp in.csv out.csv")
    plant.commit({})
    plant.commit({"in.csv": "a\n2\n"})
    return plant


def check(plant: Plant, level: Level, stale: StalePolicy) -> Checked:
    if level is Level.HASHES:
        (found,) = verify_hashes(plant.workspace, Selection(("out.csv",), stale=stale)).checks
    else:
        (found,) = plant.verify("out.csv", level=level, stale=stale).checks
    return found


@pytest.mark.parametrize("level", list(Level))
def test_what_is_stale_fails_at_every_level_and_is_said_where_it_may(stale: Plant, level: Level) -> None:
    found = check(stale, level, StalePolicy.FAIL)
    assert (found.status, found.good, why_stale(found)) == (VerdictStatus.STALE, False, "in.csv changed")
    assert reason(found) == "in.csv changed"
    passed = check(stale, level, StalePolicy.IGNORE)
    assert passed.good
    assert why_stale(passed) == "in.csv changed"
    assert passed.status is (VerdictStatus.RECORDED if level is Level.HASHES else VerdictStatus.IDENTICAL)


def test_what_the_replay_gave_is_said_of_what_is_stale(stale: Plant) -> None:
    assert check(stale, Level.LAST, StalePolicy.FAIL).replayed is VerdictStatus.IDENTICAL


def test_a_replay_that_is_worse_is_told_first(plant: Plant) -> None:
    plant.commit({"in.csv": "a\n1\n"}, "in.csv")
    plant.run("sh -c 'cat in.csv; date +%N' > out.csv")
    plant.commit({})
    plant.commit({"in.csv": "a\n2\n"})
    found = check(plant, Level.LAST, StalePolicy.FAIL)
    assert (found.status, why_stale(found)) == (VerdictStatus.DIFFERENT, "in.csv changed")


def test_a_copy_that_is_not_the_committed_one_passes_at_no_level(plant: Plant) -> None:
    plant.write({"in.csv": "a\n1\n"})
    plant.run("cp in.csv out.csv")
    plant.commit({})
    plant.write({"out.csv": "a\n9\n"})
    for level in Level:
        assert check(plant, level, StalePolicy.IGNORE).status is VerdictStatus.DIFFERENT
