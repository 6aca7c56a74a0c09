"""What is said of a move of the working tree, whichever verb moved it."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from dsv.render import telling
from dsv.render.shape import Shape
from dsv.render.style import Style, counted, printable
from dsv.render.telling import Telling

if TYPE_CHECKING:
    from dsv.versions.switch.move import Moved

SHAPE: dict[str, Shape] = {
    "written": ["path: of a dataset that was written"],
    "removed": ["path: of a dataset that was removed from the working tree"],
    "kept": ["path: of a dataset whose uncommitted state was stored before it was overwritten"],
}
_SHOWN = 20


def record(moved: "Moved | None") -> dict[str, object]:
    """Return a move for JSON; None: nothing moved."""
    if moved is None:
        return {"written": [], "removed": [], "kept": []}
    return {"written": list(moved.written), "removed": list(moved.removed), "kept": list(moved.kept)}


def lines(moved: "Moved", style: Style) -> Iterator[Telling]:
    """Yield what moved, and how to get back what was overwritten."""
    yield from paths(style.added("written "), moved.written)
    yield from paths(style.removed("removed "), moved.removed)
    if moved.kept:
        yield from paths(style.changed("kept    "), moved.kept)
        yield telling.hint(
            f"dsv undo brings back {counted(len(moved.kept), 'dataset')} with uncommitted changes"
        )


def lines_named(moved: "Moved", named: Sequence[str], style: Style) -> Iterator[Telling]:
    """Yield what moved of the datasets `named`, and those of them that nothing happened to."""
    yield from lines(moved, style)
    touched = (*moved.written, *moved.removed)
    still = [
        name
        for name in named
        if not any(name in {".", path} or path.startswith(f"{name}/") for path in touched)
    ]
    yield from paths("unchanged", still)


def paths(word: str, names: Sequence[str]) -> Iterator[Telling]:
    """Yield a line for each of the first `names`, after `word`."""
    for name in names[:_SHOWN]:
        yield telling.report(f"{word}  {printable(name)}")
    if len(names) > _SHOWN:
        yield telling.report(f"{word}  and {len(names) - _SHOWN} more")
