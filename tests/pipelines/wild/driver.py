"""What is tried with each project of the wild.

A test module has one class that inherits the tests and names a family of projects (a folder in `projects/`);
with `pytest --dist loadfile`, a family is a worker's.

`DSV_TEST_WILD` chooses the changes that are tried: by default one of each project, another one of each; a
number N chooses the Nth after it; `all` tries them all.
"""

import os
import re
import shutil
from pathlib import Path

from tests.pipelines.strace_truth import Truth
from tests.pipelines.wild.place import Place, Recorded, bare
from tests.pipelines.wild.project import ALL, Change, Project, same, sh
from tests.pipelines.wild.uses import differences, of_record, of_witness

GOOD = {"identical", "equal", "close"}


class Wild:
    """The tests; a class that inherits them names the `family` whose projects it tries."""

    family: str

    def test_what_it_uses_is_found_out(self, recorded: Recorded) -> None:
        project, place = recorded.project, recorded.place
        status = place.json("status")
        assert (status["staged"], status["unstaged"], status["stale"]) == ([], [], [])
        listed = {item["path"] for item in place.json("ls")["datasets"]}
        assert listed == {*project.made, *project.raw}
        nodes = place.json("lineage")["nodes"]
        assert {node["path"] for node in nodes if node["kind"] == "source"} == set(project.raw)
        shown = place.run("lineage").stdout
        assert all(path in shown for path in project.in_git)
        assert not project.in_git or "made from no dataset" not in shown
        for step, run in zip(project.steps, recorded.runs, strict=True):
            assert run["complete"] or project.blind, step
            assert [spot for spot in run["incomplete"] if not re.search(project.blind or "^$", spot)] == [], (
                step
            )
            assert run["withheld"] == [], step
        checked = place.json("verify", "--level", "hashes")
        assert {one["path"] for one in checked["datasets"] if one["status"] == "recorded"} == set(
            project.made
        )

    def test_it_is_rebuilt_from_raw_data_alone(self, recorded: Recorded, tmp_path: Path) -> None:
        project, place = recorded.project, recorded.place
        (tmp_path / "remote").mkdir()
        place.run("remote", "add", "origin", f"file://{tmp_path}/remote")
        place.run("push", "origin")
        place.sh("git add -A && git commit -q --allow-empty -m remote")
        clone = Place(tmp_path / "clone", tmp_path / "home", project.variables)
        sh(
            tmp_path,
            clone.env,
            f"git -c protocol.file.allow=always clone -q --recurse-submodules {place.folder} clone",
        )
        clone.sh(project.install)
        clone.run(*(["pull", *project.raw] if project.raw else ["fetch"]))
        found = clone.json("verify", "--level", "raw", "--yes", code=None)
        said = {one["path"]: (one["status"], one["reason"]) for one in found["datasets"]}
        expected = {path: project.verdict.get(path, "identical").split("|") for path in project.made}
        wrong = {
            path: said.get(path) for path, right in expected.items() if said.get(path, "?")[0] not in right
        }
        assert not wrong, wrong
        assert found["ok"] == all(status in GOOD | {"source"} for status, _ in said.values())
        assert not any((clone.folder / path).is_file() for path in project.made)
        for target in [path for path in project.made if path not in project.verdict][-1:]:
            clone.run("rebuild", target, "--from-raw", "--yes")
            assert same(clone.folder / target, place.folder / target)

    def test_the_record_is_what_strace_saw(self, recorded: Recorded, truths: tuple[Truth, ...]) -> None:
        for step, said, truth in zip(recorded.project.steps, recorded.runs, truths, strict=True):
            wrong = differences(of_record(recorded.place.folder, said["run"]), truth, step)
            assert not wrong, f"{step.run}: {wrong}"

    def test_the_witness_sees_what_strace_sees(
        self, project: Project, truths: tuple[Truth, ...], tmp_path: Path
    ) -> None:
        watched = Place(tmp_path / "watched", tmp_path / "home", project.variables)
        project.lay_out(watched.folder, watched.env)
        for step, truth in zip(project.steps, truths, strict=True):
            seen = of_witness(bare(step.run), step.cwd, watched.folder, watched.env, tmp_path / "reports")
            wrong = differences(seen, truth, step)
            assert not wrong, f"{step.run}: {wrong}"

    def test_a_change_makes_stale_what_it_should(
        self, recorded: Recorded, change: Change, tmp_path: Path
    ) -> None:
        project, place = recorded.project, recorded.copy(tmp_path)
        place.sh(change.sh)
        stale = {one["path"]: one["reason"] for one in place.json("status")["stale"]}
        assert set(stale) == set(change.stale), stale
        done = place.json("rerun", "--yes")
        assert {one["state"] for one in done["steps"]} <= {"done", "unchanged"}, done["steps"]
        assert place.json("status")["stale"] == []

        nothing = Place(tmp_path / "nothing", tmp_path / "home", project.variables)
        project.lay_out(nothing.folder, nothing.env)
        nothing.sh(change.sh)
        for step in project.steps:
            sh(nothing.folder / step.cwd, nothing.env, bare(step.run))
        made = project.made if change.made is None else change.made
        strict = set(made) - set(project.unstable)
        kept = {path for path in strict if same(nothing.folder / path, recorded.place.folder / path)}
        assert strict - kept <= set(change.stale), "the catalogue itself is wrong"
        assert {item["path"] for item in place.json("ls")["datasets"]} - set(project.raw) == set(made)
        wrong = [path for path in strict if not same(place.folder / path, nothing.folder / path)]
        assert not wrong

    def test_it_can_be_moved(self, recorded: Recorded, tmp_path: Path) -> None:
        home = recorded.place.folder
        shutil.move(home, tmp_path / "elsewhere")
        try:
            place = Place(tmp_path / "elsewhere", tmp_path / "home", recorded.project.variables)
            place.sh(recorded.project.install)
            status = place.json("status")
            assert (status["unstaged"], status["stale"]) == ([], [])
            found = place.json("verify", "--level", "last", "--yes", code=None)
            wrong = [one for one in found["datasets"] if one["status"] not in GOOD | {"source"}]
            assert not wrong, wrong
        finally:
            shutil.move(tmp_path / "elsewhere", home)


def chosen(project: Project) -> tuple[Change, ...]:
    """Return the changes of a project that are tried, by `DSV_TEST_WILD`."""
    wish = os.environ.get("DSV_TEST_WILD", "0")
    if wish == "all":
        return project.changes
    at = (ALL.index(project) + int(wish)) % len(project.changes)
    return project.changes[at : at + 1]
