"""What was done to a workspace: lines for a terminal, and a JSON document."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from dsv.ids import is_id
from dsv.render import telling
from dsv.render.style import Style
from dsv.render.telling import Rows, Telling
from dsv.render.when import ago, iso

if TYPE_CHECKING:
    from dsv.errors import DsvError
    from dsv.store.operation_log import OpEntry

SHAPE = {
    "operations": [
        {
            "number": "int: counted up from 1",
            "time": "time: when",
            "what": "text: the command",
            "changes": {"*": {"before": "text?: value before", "after": "text?: value after"}},
            "kept": "id?: snapshot of data that was overwritten in the working tree",
        }
    ],
    "damage": "text?: why earlier operations cannot be told",
}


def document(entries: "Sequence[OpEntry]", damage: "DsvError | None" = None) -> dict[str, object]:
    """Return the JSON document; `damage`: why earlier operations cannot be told."""
    operations = [
        {
            "number": entry.number,
            "time": iso(entry.seconds, entry.offset),
            "what": entry.what,
            "changes": {
                name: {"before": before, "after": after} for name, (before, after) in entry.changes.items()
            },
            "kept": entry.kept,
        }
        for entry in entries
    ]
    return {"operations": operations, "damage": None if damage is None else damage.message}


def lines(
    entries: "Sequence[OpEntry]",
    damage: "DsvError | None",
    style: Style,
    *,
    now: int,
    whole: bool = False,
) -> Iterator[Telling]:
    """Yield what is said.

    Args:
        entries: The operations.
        damage: Why earlier ones cannot be told; None if there are none.
        style: Colours.
        now: The present, in seconds since 1970.
        whole: Whether also what each of them changed is told.
    """
    if whole:
        for entry in entries:
            yield telling.line(f"{entry.number}  {ago(entry.seconds, now)}  {entry.what}")
            changes = [
                (name, _brief(before, style), _brief(after, style))
                for name, (before, after) in entry.changes.items()
            ]
            yield Rows(changes, indent="    ")
    else:
        yield Rows([(str(entry.number), ago(entry.seconds, now), entry.what) for entry in entries], (0,))
    if damage is not None:
        yield telling.warning(damage.message)


def _brief(value: str | None, style: Style) -> str:
    if value is None:
        return "-"
    word, space, rest = value.rpartition(" ")
    return word + space + (style.commit_digits(rest) if is_id(rest) else rest)
