"""All that a store holds, as a thief could read it."""

from collections.abc import Iterator
from pathlib import Path

from dsv.ids import ObjectId
from dsv.workspace import Workspace


def everything(root: Path) -> bytes:
    """Return every file below the `.dsv` of a workspace, and every object in it decompressed, as one."""
    return b"\n".join(_parts(root))


def _parts(root: Path) -> Iterator[bytes]:
    for path in sorted((root / ".dsv").rglob("*")):
        yield str(path.relative_to(root)).encode()
        if path.is_file():
            yield path.read_bytes()
    objects = Workspace(root).repo.objects
    for data in (True, False):
        for index in objects.indexes(data=data):
            for row in range(index.rows):
                yield bytes(objects.get(ObjectId(index.id_at(row).hex())))
