"""A clean folder looks like the place of the run, as far as the run looked at it."""

import os
import shutil
import subprocess
import sys

import pytest

from dsv.capture.isolation import Isolation
from dsv.model.verdict import VerdictStatus
from dsv.render.verdict_words import reason
from tests.system_walls import needs_namespaces
from tests.unit.runs.rebuild.replay_fixtures import Plant

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="needs automatic capture")

CSV = "a,b\n1,x\n"
WALLS = pytest.mark.parametrize("wall", list(Isolation))


def judged(plant: Plant, path: str, wall: Isolation = Isolation.NAMESPACES, **env: str) -> VerdictStatus:
    plant.commit({})
    found = plant.check(path, settings=plant.settings(strongest=wall, env=env))
    assert found.status is VerdictStatus.IDENTICAL, found
    return found.status


@WALLS
def test_names_that_were_seen_are_there(plant: Plant, wall: Isolation) -> None:
    plant.write({"raw/a.csv": CSV, "raw/b.csv": CSV, "raw/deep/c.csv": CSV})
    plant.run("ls raw > names.csv; cat raw/a.csv >> names.csv")
    judged(plant, "names.csv", wall)


def test_folders_that_were_looked_for_are_there(plant: Plant) -> None:
    (plant.root / "conf/local").mkdir(parents=True)
    plant.write({"in.csv": CSV})
    plant.run("test -d conf/local && test ! -e conf/base && cp in.csv out.csv")
    judged(plant, "out.csv")


@WALLS
def test_links_lead_where_they_led(plant: Plant, wall: Isolation) -> None:
    plant.write({"versions/v1.csv": CSV})
    (plant.root / "versions/current.csv").symlink_to("v1.csv")
    (plant.root / "data").symlink_to("versions")
    plant.run("cat data/current.csv > out.csv")
    judged(plant, "out.csv", wall)


def test_the_root_of_a_project_is_found(plant: Plant) -> None:
    plant.write({"sub/in.csv": CSV})
    subprocess.run(["git", "init", "-q", plant.root], check=True)
    (plant.root / "up.py").write_text(
        "import os, shutil\nhere = os.getcwd()\n"
        "while not os.path.exists(here + '/.git') and here != '/':\n    here = os.path.dirname(here)\n"
        "shutil.copy(here + '/sub/in.csv', here + '/out.csv')\n"
    )
    plant.run("cd sub && python ../up.py")
    judged(plant, "out.csv")


@pytest.mark.skipif(shutil.which("make") is None, reason="needs make")
def test_times_keep_their_order(plant: Plant) -> None:
    plant.write(
        {
            "raw.csv": CSV,
            "mid.csv": "a,b\n2,by hand\n",
            "Makefile": "out.csv: mid.csv\n\tcp mid.csv out.csv\nmid.csv: raw.csv\n\tcp raw.csv mid.csv\n",
        }
    )
    for age, name in enumerate(("mid.csv", "raw.csv", "Makefile"), 1):
        os.utime(plant.root / name, (1_700_000_000 - age, 1_700_000_000 - age))
    plant.run("make -s out.csv")
    assert (plant.root / "out.csv").read_text() == "a,b\n2,by hand\n"
    judged(plant, "out.csv")


@WALLS
def test_the_time_zone_and_the_locale_are_the_recorded_ones(plant: Plant, wall: Isolation) -> None:
    recorded = {"TZ": "Asia/Tokyo", "LC_NUMERIC": "C", "PYTHONHASHSEED": "7"}
    plant.run("echo $TZ $LC_NUMERIC $LC_TIME $PYTHONHASHSEED > out.csv", env=recorded)
    assert (plant.root / "out.csv").read_text() == "Asia/Tokyo C 7\n"
    judged(plant, "out.csv", wall, TZ="Europe/Paris", LC_NUMERIC="de_DE.UTF-8", LC_TIME="C")


@WALLS
def test_folders_of_the_workspace_are_on_the_python_path(plant: Plant, wall: Isolation) -> None:
    plant.write({"src/helper.py": "WORDS = 'a,b\\n1,2\\n'\n"})
    script = "import helper; open('out.csv', 'w').write(helper.WORDS)"
    plant.run(f'python -c "{script}"', env={"PYTHONPATH": str(plant.root / "src")})
    judged(plant, "out.csv", wall)


@needs_namespaces
def test_the_workspaces_own_path_means_the_same(plant: Plant) -> None:
    plant.write({"in.csv": CSV})
    plant.run(f"cat {plant.root}/in.csv > {plant.root}/out.csv; pwd >> out.csv")
    judged(plant, "out.csv")


@needs_namespaces
def test_a_replay_that_takes_too_long_is_ended(plant: Plant) -> None:
    plant.write({"in.csv": CSV})
    plant.run("cp in.csv out.csv; test ! -e /run/dsv || sleep 600")
    plant.commit({})
    found = plant.check("out.csv", settings=plant.settings(timeout=1))
    assert (found.status, reason(found)) == (VerdictStatus.FAILED, "it ran longer than 1 s")
