"""Which projects and changes each test is given, and the recording of each project and its truth, made once."""

import shutil

import pytest

from tests.pipelines.strace_truth import Truth, trace
from tests.pipelines.wild import driver, known
from tests.pipelines.wild.place import Place, Recorded, bare, record
from tests.pipelines.wild.project import ALL, Project


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if metafunc.cls is None or not issubclass(metafunc.cls, driver.Wild):
        return
    test = metafunc.function.__name__
    projects = [one for one in ALL if one.family == metafunc.cls.family]
    if "change" not in metafunc.fixturenames:
        rows = [pytest.param(one, id=one.name, marks=known.marks(one, test)) for one in projects]
        metafunc.parametrize("project", rows)
        return
    cases = [(project, change) for project in projects for change in driver.chosen(project)]
    rows = [
        pytest.param(one, change, id=f"{one.name}-{change.name}", marks=known.marks(one, test, change))
        for one, change in cases
    ]
    metafunc.parametrize(("project", "change"), rows)


@pytest.fixture(scope="module")
def recordings() -> dict[str, Recorded]:
    """What was recorded for this module, by project."""
    return {}


@pytest.fixture
def recorded(
    project: Project, recordings: dict[str, Recorded], tmp_path_factory: pytest.TempPathFactory
) -> Recorded:
    """The project, recorded and committed; tests leave it as it is."""
    lacking = project.missing()
    if lacking:
        pytest.skip(lacking)
    if project.name not in recordings:
        recordings[project.name] = record(project, tmp_path_factory.mktemp(project.name))
    return recordings[project.name]


@pytest.fixture(scope="module")
def traces() -> dict[str, tuple[Truth, ...]]:
    """What strace saw for this module, by project."""
    return {}


@pytest.fixture
def truths(
    project: Project, traces: dict[str, tuple[Truth, ...]], tmp_path_factory: pytest.TempPathFactory
) -> tuple[Truth, ...]:
    """What each step of the project used and made, by strace, in a place of its own."""
    lacking = project.missing() or (None if shutil.which("strace") else "needs the program strace")
    if lacking:
        pytest.skip(lacking)
    if project.name not in traces:
        base = tmp_path_factory.mktemp(project.name)
        place = Place(base / "traced", base / "home", project.variables)
        project.lay_out(place.folder, place.env)
        traces[project.name] = tuple(
            trace(bare(step.run), step.cwd, place.folder, place.env, base / "log") for step in project.steps
        )
    return traces[project.name]
