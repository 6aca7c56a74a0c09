"""Which projects and changes each test is given, and the recording of each project, made once."""

import pytest

from tests.pipelines.wild import driver, known
from tests.pipelines.wild.place import Recorded, record
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
