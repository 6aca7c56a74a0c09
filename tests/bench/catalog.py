"""All works, in the order of the table."""

from tests.bench import sharing, tracing, works

WORKS = (*works.WORKS, *tracing.WORKS, *sharing.WORKS)


def chosen(names: str) -> list[str]:
    """Return the works that a list with commas names: each by its name, or by the first part of it.

    Raises:
        ValueError: There is no work of that name.
    """
    found: set[str] = set()
    for name in names.split(","):
        fitting = {work.name for work in WORKS if work.name == name or work.name.startswith(f"{name}-")}
        if not fitting:
            raise ValueError(f"no work {name}")
        found |= fitting
    return [work.name for work in WORKS if work.name in found]
