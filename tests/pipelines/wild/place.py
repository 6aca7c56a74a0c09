"""A place where a project is, and what is done there."""

import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.pipelines.catalogue import Shell
from tests.pipelines.wild.project import PATH, Project, sh

ME = {
    name: "Ada" if name.endswith("NAME") else "ada@example.org"
    for name in ("GIT_AUTHOR_NAME", "GIT_AUTHOR_EMAIL", "GIT_COMMITTER_NAME", "GIT_COMMITTER_EMAIL")
}


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
