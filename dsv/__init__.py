"""dsv: git-like version control for ML datasets.

Every transformation of a dataset is snapshotted into a content-addressed Arrow
checkpoint and joined to the others by a lineage graph, so that any processed
dataset can be traced to its raw sources, rebuilt, and verified.

For scripts and notebooks:

- `write_table(path, table)` writes Parquet or Arrow whose versions share their bytes;
- `open_table(path, rev)` and `open(path, rev)` read any version without checking it out;
- `with run(name, ...):` and `@step` record what a piece of a program reads and writes.

They are loaded when they are first used.
"""

TYPE_CHECKING = False  # as in typing, which takes longer to load than the supervisor of a run

if TYPE_CHECKING:
    from dsv._version import VERSION as __version__  # noqa: N811 (the name that packages have)
    from dsv.api.datasets import open_file as open  # noqa: A004 (as gzip and bz2 call theirs)
    from dsv.api.datasets import open_table, write_table
    from dsv.api.running import run
    from dsv.api.steps import step
    from dsv.errors import DsvError

__all__ = ["DsvError", "__version__", "open", "open_table", "run", "step", "write_table"]

_PLACES = {
    "__version__": ("dsv._version", "VERSION"),
    "DsvError": ("dsv.errors", "DsvError"),
    "open": ("dsv.api.datasets", "open_file"),
    "open_table": ("dsv.api.datasets", "open_table"),
    "run": ("dsv.api.running", "run"),
    "step": ("dsv.api.steps", "step"),
    "write_table": ("dsv.api.datasets", "write_table"),
}


def __getattr__(name: str) -> object:
    place = _PLACES.get(name)
    if place is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    found: object = getattr(import_module(place[0]), place[1])
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    return [*globals(), *_PLACES]
