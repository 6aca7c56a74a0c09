"""What was pushed: lines for a terminal, and a JSON document."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from dsv.ids import short
from dsv.render import setbacks, telling, traffic
from dsv.render.style import Style, counted, size
from dsv.render.telling import Telling

if TYPE_CHECKING:
    from dsv.ops.push import PushResult
    from dsv.remotes.mend_remote import Repaired

SHAPE = {
    "remote": "text: where to",
    "moved": [
        {
            "name": "text: of a branch or tag of the remote that is another commit now",
            "tag": "flag: whether it is a tag",
            "before": "id?: what it was; null if it is new there",
            "after": "id: what it is",
        }
    ],
    "packs": "int: how many were sent",
    "size": "int: their bytes",
    "setback": setbacks.SHAPE,
    "repaired?": {
        "packs": ["id: of a pack of the remote that was missing or damaged"],
        "sent": "int: objects that were sent again",
        "kept": "int: objects that were sound in a damaged pack, and copied",
        "lost": ["id: of an object that is neither sound there nor here"],
    },
    "traffic": traffic.SHAPE,
}


def document(result: "PushResult") -> dict[str, object]:
    """Return the JSON document."""
    mended = result.repaired
    return {
        "remote": result.remote,
        "moved": [
            {"name": one.name, "tag": one.tag, "before": one.before, "after": one.after}
            for one in result.moved
        ],
        "packs": result.packs,
        "size": result.size,
        "setback": result.setback,
        "traffic": traffic.record(result.traffic),
        **({} if mended is None else {"repaired": _record(mended)}),
    }


def lines(result: "PushResult", style: Style) -> Iterator[Telling]:
    """Yield what is said."""
    yield from setbacks.lines(result.remote, setback=result.setback)
    if result.repaired is not None:
        yield from _mended(result.remote, result.repaired)
    for one in result.moved:
        was = f"{style.id(short(one.before))} -> " if one.before else "new "
        tag = "tag " if one.tag else ""
        yield telling.report(f"{tag}{style.name(one.name)}  {was}{style.id(short(one.after))}")
    if not result.moved:
        yield telling.report(f"{result.remote} is up to date")
        return
    packs = counted(result.packs, "pack")
    yield telling.report(f"pushed {packs}, {size(result.size)}, {traffic.asked(result.traffic)}")


def _record(mended: "Repaired") -> dict[str, object]:
    return {
        "packs": list(mended.packs),
        "sent": mended.sent,
        "kept": mended.kept,
        "lost": list(mended.lost),
    }


def _mended(remote: str, mended: "Repaired") -> Iterator[Telling]:
    if not mended.packs and not mended.sent:
        yield telling.report(f"nothing of {remote} is missing or damaged")
        return
    told = f"{counted(mended.sent, 'object')} sent again, {mended.kept} kept"
    yield telling.report(f"repaired {counted(len(mended.packs), 'pack')} of {remote}: {told}")
    if mended.lost:
        yield telling.warning(f"{counted(len(mended.lost), 'object')} neither sound on {remote} nor here")
        yield telling.hint(f"run dsv push --repair {remote} in a workspace that has them")
