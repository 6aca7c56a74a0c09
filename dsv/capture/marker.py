"""The mark of a clean folder in which a run is replayed.

It tells the library that there is no workspace around it, though there may be one further up, and under which
schemas the recorded run read its text. A version `PATH@REV` that the run read lies in the folder under just
that name.
"""

import json
from collections.abc import Mapping
from pathlib import Path

_NAME = ".dsv/replay.json"


def put(folder: Path, schemas: Mapping[str, str]) -> None:
    """Mark `folder`.

    Args:
        folder: The clean folder.
        schemas: By path of an input the encoded schema of its text.

    Raises:
        OSError: It cannot be written.
    """
    place = folder / _NAME
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_text(json.dumps({"v": 1, "schemas": dict(schemas)}), encoding="utf-8")


def find(start: Path) -> Path | None:
    """Return the marked folder that `start` is in; None if it is in none."""
    return next((folder for folder in (start, *start.parents) if (folder / _NAME).is_file()), None)


def schemas(folder: Path) -> dict[str, str]:
    """Return what was put into the mark of `folder`.

    Raises:
        OSError: It cannot be read.
    """
    found: dict[str, str] = json.loads((folder / _NAME).read_text(encoding="utf-8"))["schemas"]
    return found
