"""`dsv lineage`."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

from dsv.cli import complete
from dsv.cli.command import verb
from dsv.cli.context import Context
from dsv.errors import Corrupt, UsageFault
from dsv.render import lineage as render

if TYPE_CHECKING:
    from dsv.ops.lineage import Lineage
    from dsv.records.dataset_names import DatasetName


@verb(
    examples={
        "dsv lineage data/features.parquet": "Trace a dataset back to its raw sources:",
        "dsv lineage --down raw/flights.csv": "What was ever derived from a raw file, in any version or branch:",
        "dsv lineage data/features.parquet@v1 --depth 1": "Only the last run that made an older version:",
        "dsv lineage --format dot | dot -Tsvg -o lineage.svg": "Draw all of HEAD:",
    },
    shape=render.SHAPE,
)
@click.argument("what", metavar="[PATH[@REV]]", required=False, shell_complete=complete.places)
@click.option("--up", "way", flag_value="up", help="Trace it to its sources (the default).")
@click.option("--down", "way", flag_value="down", help="List all that was ever derived from it.")
@click.option("--depth", type=click.IntRange(min=0), metavar="N", help="Go over at most N runs.")
@click.option(
    "--format",
    "form",
    type=click.Choice(("tree", "json", "mermaid", "dot")),
    default="tree",
    show_default=True,
    help="How to tell it.",
)
def command(
    context: Context, what: str | None, *, way: str | None, depth: int | None, form: str
) -> int | None:
    """Trace where a dataset came from, or what was made of it.

    Without PATH, the datasets of HEAD are traced. Without REV, `--down` takes every version that PATH had
    in any branch or tag; a PATH that is a folder stands for the datasets in it.
    """
    from dsv.ops.lineage import lineage

    if form == "json":
        context.out.json = True
    elif context.out.json and form != "tree":
        raise UsageFault(f"--json and --format {form} contradict each other")
    with _no_collecting():
        found = lineage(
            context.workspace,
            None if what is None else _place(context, what),
            down=way == "down",
            depth=depth,
            progress=context.progress("reading lineage", "commits"),
        )
        _show(context, found, form)
    return _code(found)


@contextmanager
def _no_collecting() -> Iterator[None]:
    """Look for no garbage: a large graph is very many small objects, all in use until the end."""
    was = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was:
            gc.enable()


def _place(context: Context, word: str) -> "DatasetName":
    from dsv.records import dataset_names
    from dsv.records.dataset_names import DatasetName

    workspace = context.workspace
    if word.startswith("@"):
        return DatasetName(".", word.removeprefix("@"))
    found = dataset_names.place(
        workspace.repo, context.path(word), dataset_names.datasets_at(workspace.repo, None)
    )
    return DatasetName(found.path, found.revision)


def _show(context: Context, found: "Lineage", form: str) -> None:
    out = context.out
    if out.json:
        out.document(render.document(found))
    elif form in ("mermaid", "dot"):
        out.show(render.diagram(found, form))
    else:
        out.show(render.lines(found, out.style, strokes=out.unicode))
    out.show(render.gaps(found))


def _code(found: "Lineage") -> int:
    """Return the exit code: damaged records are told by it, and those that are just not here are not."""
    damaged = any(isinstance(error, Corrupt) for error in found.graph.gaps.values())
    return Corrupt.exit_code if damaged else 0
