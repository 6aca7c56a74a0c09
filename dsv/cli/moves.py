"""How it is told what happened to the working tree."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import click

from dsv.cli.context import Context
from dsv.render.shape import Shape
from dsv.render.style import counted, printable

if TYPE_CHECKING:
    from dsv.versions.switch.move import Moved

SHAPE: dict[str, Shape] = {
    "written": ["path: of a dataset that was written"],
    "removed": ["path: of a dataset that was removed from the working tree"],
    "kept": ["path: of a dataset whose uncommitted state was stored before it was overwritten"],
}
_SHOWN = 20


def yes(command: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command that moves the working tree the option that agrees to what `Context.yes` says."""
    return click.option(
        "--yes", is_flag=True, help="Write also new files that programs execute, such as conftest.py."
    )(command)


def record(moved: "Moved") -> dict[str, object]:
    """Return a move for JSON."""
    return {"written": list(moved.written), "removed": list(moved.removed), "kept": list(moved.kept)}


def render(context: Context, moved: "Moved") -> None:
    """Tell of a move, and how to get back what it overwrote."""
    out, style = context.out, context.out.style
    paths(context, style.added("written "), moved.written)
    paths(context, style.removed("removed "), moved.removed)
    if moved.kept:
        paths(context, style.changed("kept    "), moved.kept)
        out.hint(f"dsv undo brings back {counted(len(moved.kept), 'dataset')} with uncommitted changes")


def render_named(context: Context, moved: "Moved", named: Sequence[str]) -> None:
    """Tell of a move of the datasets `named`; of those that nothing happened to, too."""
    render(context, moved)
    touched = (*moved.written, *moved.removed)
    still = [
        name
        for name in named
        if not any(name in {".", path} or path.startswith(f"{name}/") for path in touched)
    ]
    paths(context, "unchanged", tuple(still))


def paths(context: Context, word: str, names: tuple[str, ...]) -> None:
    """Write a line for each of the first `names`, after `word`."""
    for name in names[:_SHOWN]:
        context.out.report(f"{word}  {printable(name)}")
    if len(names) > _SHOWN:
        context.out.report(f"{word}  and {len(names) - _SHOWN} more")
