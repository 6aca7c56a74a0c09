"""What a step gets: at level raw what was rebuilt, wherever that is not the recorded bytes."""

import sys

import pytest

from dsv.model.verdict import VerdictStatus
from dsv.ops.verify import Level
from dsv.render.verdict_words import details, reason
from dsv.runs.rebuild.checked_dataset import Checked
from tests.unit.runs.rebuild.replay_fixtures import Plant

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="needs automatic capture")

SHUFFLE = (
    "import os\n"
    "rows = [f'{n}\\n' for n in range(40)]\n"
    "turn = int.from_bytes(os.urandom(1), 'little') % 39 + 1\n"
    "open('mid.csv', 'w').write('x\\n' + ''.join(rows[turn:] + rows[:turn]))\n"
)
ANY_ORDER = '[[dataset]]\nmatch = "mid.csv"\npolicy = "unordered"\n'


@pytest.fixture
def woven(plant: Plant) -> Plant:
    """raw.csv -> mid.csv (rows in another order each time, which is allowed) -> head.csv, sum.csv -> last.csv."""
    plant.write({"raw.csv": "x\n1\n", "mk.py": SHUFFLE, "dsv.toml": ANY_ORDER})
    plant.run("cat raw.csv > /dev/null; python mk.py")
    while plant.read("mid.csv").startswith("x\n0\n"):
        plant.run("cat raw.csv > /dev/null; python mk.py")
    plant.run("head -n 5 mid.csv > head.csv")
    plant.run("sort -n mid.csv > sum.csv")
    plant.run("cp head.csv last.csv")
    plant.commit({})
    return plant


def raw(plant: Plant) -> dict[str, Checked]:
    return {check.path: check for check in plant.verify(level=Level.RAW).checks}


def test_what_depends_on_an_order_that_may_differ_is_seen(woven: Plant) -> None:
    for _ in range(4):  # the order can by chance be the recorded one
        found = raw(woven)
        if found["mid.csv"].status is VerdictStatus.CLOSE:
            break
    assert found["mid.csv"].status is VerdictStatus.CLOSE
    assert found["sum.csv"].status is VerdictStatus.IDENTICAL, (
        "what does not depend on it is replayed on it, too"
    )
    assert found["head.csv"].status is VerdictStatus.DIFFERENT
    assert details(found["head.csv"])[0] == "likely cause: made from mid.csv as it was rebuilt (close)"
    assert found["last.csv"].status is VerdictStatus.DIFFERENT
    assert reason(found["last.csv"]).startswith("head.csv (different), which it was made from: ")


def test_the_answer_is_the_same_without_the_bytes_between(woven: Plant) -> None:
    woven.lose("mid.csv", "head.csv")
    for _ in range(4):
        found = raw(woven)
        if found["mid.csv"].status is VerdictStatus.FAILED:
            break
    assert reason(found["mid.csv"]).endswith("cannot be told: the recorded bytes are not here")
    assert found["last.csv"].status is VerdictStatus.FAILED
    assert reason(found["last.csv"]).startswith("mid.csv (failed), which it was made from: ")


def test_the_last_step_alone_is_replayed_on_what_was_recorded(woven: Plant) -> None:
    assert woven.check("head.csv").status is VerdictStatus.IDENTICAL


def test_what_cannot_be_told_is_not_called_different(woven: Plant) -> None:
    woven.lose("mid.csv")
    for _ in range(4):
        found = woven.check("head.csv")
        if found.status is not VerdictStatus.IDENTICAL:
            break
    assert found.status is VerdictStatus.FAILED
    assert "cannot be told" in details(found)[0]


def test_what_is_behind_something_bad_is_as_bad(plant: Plant) -> None:
    plant.write({"raw.csv": "x\n1\n"})
    plant.run("sh -c 'date +%N; cat raw.csv' > mid.txt")
    plant.run("wc -l < mid.txt > lines.txt")
    plant.commit({})
    for level, status in ((Level.LAST, VerdictStatus.IDENTICAL), (Level.RAW, VerdictStatus.DIFFERENT)):
        assert plant.check("lines.txt", level).status is status
    plant.lose("mid.txt")
    assert plant.check("lines.txt", Level.RAW).status is VerdictStatus.DIFFERENT
