"""What `rebuild` and `verify` both tell of their replays: isolation, and how the environment differs."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from dsv.render import telling
from dsv.render.style import counted
from dsv.render.telling import Telling

if TYPE_CHECKING:
    from dsv.ops.rebuild import RebuildResult
    from dsv.ops.verify import Verified
    from dsv.runs.differences import Circumstance

_CHANGES = 5

SHAPE = {
    "isolation": "text?: the walls around commands: `namespaces`, or `landlock` or `folder`, which promise less; null if none was run",
    "isolation_reason": "text: why they were not `namespaces`; empty if they were, or if none was run",
    "allowed": {
        "network": "flag: whether commands could use the network",
        "paths": ["text: what else they could read"],
    },
    "environment": [
        {
            "name": "text: a package, `python`, a program",
            "recorded": "text?: its version then",
            "present": "text?: its version now",
            "imported": "flag?: whether the recorded run imported it; null if that is not known",
        }
    ],
}


def record(
    found: "RebuildResult | Verified", *, network: bool = False, allowed: Sequence[str] = ()
) -> dict[str, object]:
    """Return the part of the JSON document that `SHAPE` describes.

    Args:
        found: The result.
        network: Whether commands could use the network.
        allowed: What else they could read.
    """
    return {
        "isolation": found.isolation,
        "isolation_reason": found.why,
        "allowed": {"network": network, "paths": list(allowed)},
        "environment": [
            {"name": one.name, "recorded": one.before, "present": one.after, "imported": one.imported}
            for one in found.changed
        ],
    }


def surroundings(found: "RebuildResult | Verified", *, whole: bool) -> Iterator[Telling]:
    """Yield how the environment differs from the recorded one, and why commands were isolated no better.

    Args:
        found: The result.
        whole: Whether also what cannot have mattered is told.
    """
    yield from _changes(found.changed, whole=whole)
    if found.why:
        yield telling.note(f"isolation: {found.isolation}, as there are {found.why}")


def _changes(changed: "Sequence[Circumstance]", *, whole: bool) -> Iterator[Telling]:
    if not changed:
        return
    from dsv.render.circumstance_words import text

    matter = [one for one in changed if one.matters]
    shown = list(changed) if whole else matter[:_CHANGES]
    for one in shown:
        yield telling.note(f"environment: {text(one)}")
    more = len(changed) - len(shown)
    if more and matter:
        yield telling.note(f"environment: {counted(more, 'more difference')} (-v shows them)")
