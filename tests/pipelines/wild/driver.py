"""What is tried with each project of the wild.

A test module has one class that inherits the tests and names a family of projects (a folder in `projects/`);
with `pytest --dist loadfile`, a family is a worker's.

`DSV_TEST_WILD` chooses the changes that are tried: by default one of each project, another one of each; a
number N chooses the Nth after it; `all` tries them all.
"""

import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from dsv import origins
from dsv.ids import ObjectId
from dsv.repo import Repo
from tests.pipelines.catalogue import Shell
from tests.pipelines.strace_truth import Truth, trace
from tests.pipelines.wild.project import ALL, PATH, Change, Project, Step, same, sh

ME = {
    name: "Ada" if name.endswith("NAME") else "ada@example.org"
    for name in ("GIT_AUTHOR_NAME", "GIT_AUTHOR_EMAIL", "GIT_COMMITTER_NAME", "GIT_COMMITTER_EMAIL")
}
GOOD = {"identical", "equal", "close"}


class Place(Shell):
    """dsv in a folder, with the interpreter of the tests as the `python` on PATH, as in an active environment."""

    def __init__(self, folder: Path, home: Path, variables: Mapping[str, str]) -> None:
        home.mkdir(parents=True, exist_ok=True)
        super().__init__(folder, home, PATH=PATH, GIT_CONFIG_NOSYSTEM="1", **ME)
        del self.env["PYTHONPATH"]
        self.env |= variables

    def sh(self, script: str) -> str:
        return sh(self.folder, self.env, script)


@dataclass(frozen=True, slots=True)
class Recorded:
    """A project whose steps were recorded and committed, in dsv and in git.

    Attributes:
        project: The project.
        place: Where.
        runs: What `dsv run --json` said of each step.
    """

    project: Project
    place: Place
    runs: tuple[dict[str, Any], ...]

    def copy(self, base: Path) -> Place:
        """Return a copy of it, with the same file times, in a folder below `base`."""
        shutil.copytree(self.place.folder, base / "copy", symlinks=True)
        place = Place(base / "copy", base / "home", self.project.variables)
        place.sh(self.project.install)
        return place


def record(project: Project, base: Path) -> Recorded:
    """Lay the project out in a folder of `base` and record each step, with nothing declared."""
    place = Place(base / "origin", base / "home", project.variables)
    project.lay_out(place.folder, place.env)
    place.run("init")
    runs = tuple(place.json("-C", step.cwd or ".", "run", *words(step.run)) for step in project.steps)
    place.run("commit", "-m", project.name)
    place.sh("git add -A && git commit -q -m data")
    return Recorded(project, place, runs)


def words(command: str) -> list[str]:
    """Return the words that follow `dsv run` for a step; options of dsv stand before ` -- `."""
    options, _, rest = command.rpartition(" -- ")
    return [*options.split(), "--", *(["sh", "-c", rest] if set(rest) & set("|&;<>*$'\"") else rest.split())]


def bare(command: str) -> str:
    """Return a step as a shell's line, without dsv."""
    options, _, rest = command.rpartition(" -- ")
    for option in options.split():
        if "=" in option:
            rest = rest.replace("{" + option.split("=")[0] + "}", option.split("=")[1])
    return rest


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
        for step, run in zip(project.steps, recorded.runs, strict=True):
            assert (run["complete"], run["incomplete"]) == (True, []), step
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
        target = project.made[-1]
        clone.run("rebuild", target, "--from-raw", "--yes")
        assert target in project.verdict or same(clone.folder / target, place.folder / target)

    def test_the_record_is_what_strace_saw(self, recorded: Recorded, tmp_path: Path) -> None:
        project = recorded.project
        if shutil.which("strace") is None:
            pytest.skip("needs the program strace")
        traced = Place(tmp_path / "traced", tmp_path / "home", project.variables)
        project.lay_out(traced.folder, traced.env)
        for step, said in zip(project.steps, recorded.runs, strict=True):
            truth = trace(
                bare(step.run), traced.folder / step.cwd, traced.folder, traced.env, tmp_path / "log"
            )
            found = differences(recorded.place.folder, said["run"], step, truth)
            assert not found, f"{step.run}: {found}"

    def test_a_change_makes_stale_what_it_should(
        self, recorded: Recorded, change: Change, tmp_path: Path
    ) -> None:
        project, place = recorded.project, recorded.copy(tmp_path)
        place.sh(change.sh)
        stale = {one["path"]: one["reason"] for one in place.json("status")["stale"]}
        assert set(stale) == set(change.stale), stale
        done = place.json("rerun")
        assert {one["state"] for one in done["steps"]} <= {"done", "unchanged"}, done["steps"]
        assert place.json("status")["stale"] == []

        nothing = Place(tmp_path / "nothing", tmp_path / "home", project.variables)
        project.lay_out(nothing.folder, nothing.env)
        nothing.sh(change.sh)
        for step in project.steps:
            sh(nothing.folder / step.cwd, nothing.env, bare(step.run))
        made = project.made if change.made is None else change.made
        strict = set(made) - set(project.verdict)
        kept = {path for path in strict if same(nothing.folder / path, recorded.place.folder / path)}
        assert strict - kept <= set(change.stale), "the catalogue itself is wrong"
        assert {item["path"] for item in place.json("ls")["datasets"]} - set(project.raw) == set(made)
        wrong = [
            path
            for path in made
            if path not in project.verdict and not same(place.folder / path, nothing.folder / path)
        ]
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


def differences(root: Path, oid: str, step: Step, truth: Truth) -> list[str]:
    """Return in what the record of a run is not the truth about it, in words."""
    repo = Repo(root)
    run = origins.run(repo, ObjectId(oid))
    used = {one.path for one in run.inputs} | {entry.path for entry in origins.code(repo, run.code).files}
    made = {one.path for one in run.outputs}
    listed = {one.path for one in run.listings}
    read, written = (
        {path for path in paths if not any(covers(one, path) for one in step.left_out)}
        for paths in (truth.read, truth.written)
    )
    by_hand = set(step.lists)
    return [
        f"{word} {path or '.'}"
        for word, paths in (
            ("missed as read:", {path for path in read if not any(covers(one, path) for one in used)}),
            ("not read:", {one for one in used if not any(covers(one, path) for path in read)}),
            ("missed as written:", {path for path in written if not any(covers(one, path) for one in made)}),
            ("not written:", {one for one in made if not any(covers(one, path) for path in written)}),
            ("missed as listed:", (truth.listed | by_hand) - listed),
            ("not listed:", listed - truth.listed - by_hand),
            ("missed as absent:", (truth.absent | set(step.seeks)) - set(run.absent)),
            ("not absent:", set(run.absent) - truth.absent - set(step.seeks)),
            ("not listed by strace, says the catalogue otherwise:", by_hand - truth.listed - truth.perhaps),
        )
        for path in sorted(paths)
    ]


def covers(dataset: str, path: str) -> bool:
    """Tell whether a file is a dataset or in it."""
    return path == dataset or path.startswith(f"{dataset}/")


def chosen(project: Project) -> tuple[Change, ...]:
    """Return the changes of a project that are tried, by `DSV_TEST_WILD`."""
    wish = os.environ.get("DSV_TEST_WILD", "0")
    if wish == "all":
        return project.changes
    at = (ALL.index(project) + int(wish)) % len(project.changes)
    return project.changes[at : at + 1]
