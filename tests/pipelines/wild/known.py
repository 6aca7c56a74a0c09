"""What is known not to hold yet: each fails strictly, so that it is struck out as soon as it holds."""

import pytest

from tests.pipelines.wild.project import Change, Project

FAULTS: dict[str, str] = {}
"""The reason, by `PROJECT TEST` or `PROJECT TEST CHANGE`."""


def marks(project: Project, test: str, change: Change | None = None) -> tuple[pytest.MarkDecorator, ...]:
    """Return the marks of a case."""
    keys = [f"{project.name} {test}"] + ([f"{project.name} {test} {change.name}"] if change else [])
    found = [FAULTS[key] for key in keys if key in FAULTS]
    return tuple(pytest.mark.xfail(reason=reason, strict=True) for reason in found)
