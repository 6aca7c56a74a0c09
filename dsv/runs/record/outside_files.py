"""Files outside of the workspace that a run read: known by their bytes, which are not kept."""

from collections.abc import Iterable
from pathlib import Path

from dsv.capture.secrets import files
from dsv.hashing import file_hasher
from dsv.ids import ObjectId
from dsv.model.run import Outside
from dsv.progress import SILENT, Progress
from dsv.runs.record.classify import Classified
from dsv.runs.record.without_secrets import Screen

_STEP = 1 << 20


def outside(
    paths: Iterable[str], screen: Screen, uses: Classified, progress: Progress = SILENT
) -> tuple[Outside, ...]:
    """Return what the files at `paths` hold, sorted by path; the home folder stands as `~` in it.

    Files that may hold secrets are withheld, and those that cannot be read any more are noted as unsure.

    Args:
        paths: Absolute paths.
        screen: Knows the home folder.
        uses: Takes note of what is left out.
        progress: Counts the bytes that are read.
    """
    found = {}
    for path in paths:
        shown = screen.without_home(path)
        if files.by_name(path.lstrip("/")):
            uses.withheld.add(shown)
            continue
        try:
            content, size = _hash(Path(path), progress)
        except OSError:
            uses.unsure.append(f"{shown}, outside of the workspace, was read and cannot be read any more")
            continue
        found[shown] = Outside(shown, content, size)
    return tuple(found[path] for path in sorted(found, key=str.encode))


def _hash(path: Path, progress: Progress) -> tuple[ObjectId, int]:
    hasher = file_hasher()
    size = 0
    with path.open("rb") as file:
        while data := file.read(_STEP):
            hasher.update(data)
            size += len(data)
            progress.advance(len(data))
    return ObjectId(hasher.hexdigest()), size
