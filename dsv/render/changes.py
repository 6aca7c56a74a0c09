"""How changes of datasets are told, in text and in JSON, wherever they are listed."""

from typing import TYPE_CHECKING

from dsv.render.shape import Maybe, Shape
from dsv.render.style import Style, printable

if TYPE_CHECKING:
    from dsv.model.file_diff import FileCounts
    from dsv.ops.status import DatasetChange

FILES_SHAPE: Shape = Maybe({"added": "int: files", "removed": "int: files", "modified": "int: files"})
CHANGE_SHAPE: Shape = {
    "path": "path: of the dataset",
    "change": "added|removed|modified",
    "files": FILES_SHAPE,
    "origin_only": "flag: whether the data is the same, and only where it came from differs",
}


def record(change: "DatasetChange") -> dict[str, object]:
    """Return a change for JSON."""
    return {
        "path": change.path,
        "change": change.change,
        "files": counts_record(change.files),
        "origin_only": change.only in ("run", "origin"),
    }


def counts_record(files: "FileCounts | None") -> dict[str, int] | None:
    """Return counts of files for JSON."""
    if files is None:
        return None
    return {"added": files.added, "removed": files.removed, "modified": files.modified}


def line(change: "DatasetChange", style: Style) -> str:
    """Return a change as a line: `modified  data/images (+1 -0 ~0 files)`."""
    word = style.change(change.change, f"{change.change:<8}")
    note = "" if change.only is None else f" (same data, another {change.only})"
    return f"{word}  {printable(change.path)}{counts(change.files)}{note}"


def counts(files: "FileCounts | None") -> str:
    """Return counts of files, with a space before them, or nothing."""
    if files is None:
        return ""
    return f" (+{files.added:,} -{files.removed:,} ~{files.modified:,} files)"
