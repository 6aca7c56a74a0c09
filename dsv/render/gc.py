"""What nothing needs any more, and what became of it: lines for a terminal, and a JSON document."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from dsv.render import telling
from dsv.render.style import counted, printable, size
from dsv.render.telling import Telling

if TYPE_CHECKING:
    from dsv.ops.gc import GcResult
    from dsv.store.blobs.owners import Mark

SHAPE = {
    "condemned": ["id: of a pack that goes when the grace is over"],
    "condemned_bytes": "int: their size, less what of them was copied",
    "deleted": ["text: name of a pack, an index or a temporary file"],
    "deleted_bytes": "int: their size",
    "dry_run": "flag: whether nothing was done",
    "held": "int: packs that stay because a workspace that may need them could not be asked",
    "away": [
        {
            "id": "text?: of the workspace's mark in the folder of packs",
            "place": "text: where it was",
            "why": "text: what came of asking it",
        }
    ],
}


def document(result: "GcResult") -> dict[str, object]:
    """Return the JSON document."""
    return {
        "condemned": list(result.condemned),
        "condemned_bytes": result.condemned_bytes,
        "deleted": list(result.deleted),
        "deleted_bytes": result.deleted_bytes,
        "dry_run": result.dry_run,
        "held": result.held,
        "away": [{"id": one.id, "place": one.place, "why": one.why} for one in result.away],
    }


def forgotten(gone: "Mark") -> Iterator[Telling]:
    """Yield that a workspace is not asked any more."""
    yield telling.report(f"forgot workspace {gone.id[:8]}, which was in {printable(gone.places[0])}")


def lines(result: "GcResult") -> Iterator[Telling]:
    """Yield what is said."""
    would = "would be " if result.dry_run else ""
    yield telling.report(
        f"{counted(len(result.deleted), 'file')} {would}deleted ({size(result.deleted_bytes)})"
    )
    yield telling.report(
        f"{counted(len(result.condemned), 'pack')} {would}condemned ({size(result.condemned_bytes)})"
    )
    if result.held:
        yield telling.warning(f"{counted(result.held, 'pack')} not deleted: other workspaces may need them")
        for one in result.away:
            yield telling.warning(f"{printable(one.place)}: {printable(one.why)}")
            yield telling.hint(one.told)
