"""What is known not to hold yet: each fails strictly, so that it is struck out as soon as it holds."""

import pytest

from tests.pipelines.wild.project import Change, Project

FAULTS: dict[str, str] = {
    "links_to_data test_a_change_makes_stale_what_it_should another-current": "where a link leads is kept with the"
    " attempt, which decides nothing: a link that leads to another file now makes nothing stale",
}
"""The reason, by `PROJECT TEST` or `PROJECT TEST CHANGE`."""


def marks(project: Project, test: str, change: Change | None = None) -> tuple[pytest.MarkDecorator, ...]:
    """Return the marks of a case."""
    keys = [f"{project.name} {test}"] + ([f"{project.name} {test} {change.name}"] if change else [])
    found = [FAULTS[key] for key in keys if key in FAULTS]
    return tuple(pytest.mark.xfail(reason=reason, strict=True) for reason in found)
