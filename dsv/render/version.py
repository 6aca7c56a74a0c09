"""The versions of dsv and of what it is built on: lines for a terminal; the JSON document is the versions."""

from collections.abc import Iterator, Mapping

from dsv.render.telling import Rows, Telling

SHAPE = {
    "dsv": "text: version of dsv",
    "python": "text: version of the Python that runs it",
    "pyarrow": "text: version of pyarrow",
    "digest": "int: version of the table digest",
}


def lines(versions: Mapping[str, object]) -> Iterator[Telling]:
    """Yield them by name."""
    yield Rows([(name, str(value)) for name, value in versions.items()])
