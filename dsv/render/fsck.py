"""What a check of a store found: lines for a terminal, and a JSON document."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from dsv.render import telling
from dsv.render.style import Style, counted, printable
from dsv.render.telling import Telling

if TYPE_CHECKING:
    from dsv.ops.fsck import FsckResult
    from dsv.ops.repair import Healed

SHAPE = {
    "ok": "flag: whether there is no damage",
    "objects": "int: how many were reached",
    "files": "int: how many file contents were reached and proved",
    "findings": [
        {
            "what": "text: pack, index, object, file, content, oplog or owner",
            "name": "text: an id, or the name of a file",
            "damage": "checksum|id|format|missing|unreadable|garbage|absent|away: the last three are harmless",
            "detail": "text: for people",
            "pack": "text?: the pack that it is about",
        }
    ],
    "healed": [
        {
            "pack": "text?: a damaged pack that is not used any more; null: the indexes were rebuilt",
            "brought": "int: objects of it that came from the remote",
            "kept": "int: objects of it that were sound, or held elsewhere",
        }
    ],
}


def document(result: "FsckResult", healed: "Sequence[Healed]" = ()) -> dict[str, object]:
    """Return the JSON document; `healed`: what was mended before."""
    return {
        "ok": not result.damage,
        "objects": result.objects,
        "files": result.files,
        "findings": [finding._asdict() for finding in result.findings],
        "healed": [{"pack": one.name, "brought": one.brought, "kept": one.kept} for one in healed],
    }


def lines(
    result: "FsckResult",
    style: Style,
    healed: "Sequence[Healed]" = (),
    *,
    remote: str | None = None,
    whole: bool = False,
) -> Iterator[Telling]:
    """Yield what is said.

    Args:
        result: What was found.
        style: Colours.
        healed: What was mended before.
        remote: The remote that was checked; None: the store here.
        whole: Whether also what is harmless is told.
    """
    damage = set(result.damage)
    for one in healed:
        yield telling.line(f"{style.added('healed')}  {_told(one)}")
    for finding in result.findings:
        if finding in damage or whole:
            word = style.removed(finding.damage) if finding in damage else finding.damage
            where = f" (pack {finding.pack[:8]})" if finding.pack else ""
            yield telling.line(
                f"{word}  {finding.what} {printable(finding.name)}{where}: {printable(finding.detail)}"
            )
    checked = f"{counted(result.objects, 'object')}, {counted(result.files, 'file')}"
    if not damage:
        yield telling.report(f"{checked}, no damage")
        return
    if remote is not None:
        yield telling.hint(f"dsv push --repair {remote} sends again what this store has")
    yield telling.line(f"{checked}, {style.removed(counted(len(damage), 'finding'))}")


def _told(one: "Healed") -> str:
    if one.name is None:
        return "the indexes, from what the packs say"
    return f"pack {one.name[:8]}: {counted(one.brought, 'object')} brought from the remote, {one.kept} kept"
