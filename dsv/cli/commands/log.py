"""`dsv log`."""

from typing import TYPE_CHECKING

import click

from dsv.cli import complete
from dsv.cli.arguments import sort_words
from dsv.cli.command import verb
from dsv.cli.context import Context
from dsv.render import commits
from dsv.render.history_graph import Lanes
from dsv.render.style import printable

if TYPE_CHECKING:
    from dsv.ops.log import LogEntry

SHAPE = {
    "commits": [
        {
            **commits.SHAPE,
            "changes": [{"path": "path: of one of `datasets`", "change": "added|modified|removed"}],
            "names": ["text: a branch, `tag: NAME`, or `HEAD`"],
        }
    ]
}
_SHOWN = 20


@verb(
    examples={
        "dsv log": "Show the history of HEAD:",
        "dsv log -n 3 data/trips.parquet": "The last three commits that changed one dataset:",
        "dsv log --graph --oneline main": "The graph of a branch, a line for each commit:",
    },
    shape=SHAPE,
)
@click.argument("what", metavar="[REV] [PATH]", nargs=-1, shell_complete=complete.either)
@click.option("-n", "--limit", type=click.IntRange(min=0), metavar="N", help="Show at most N commits.")
@click.option("--graph", is_flag=True, help="Draw how commits follow each other.")
@click.option("--oneline", is_flag=True, help="Show each commit on one line.")
def command(
    context: Context, what: tuple[str, ...], *, limit: int | None, graph: bool, oneline: bool
) -> None:
    """Show the history of commits, newest first.

    Starts from REV (default HEAD). With PATH, only commits that changed this dataset, or one in this
    folder, are shown.
    """
    from dsv.ops.log import log

    words = sort_words(context, what)
    entries = log(context.workspace.repo, words.revision, words.path, limit=limit)
    if context.out.json:
        context.out.document({"commits": [_record(entry) for entry in entries]})
        return
    lanes = Lanes() if graph else None
    some = False
    for entry in entries:
        some = True
        lines = _lines(context, entry, oneline=oneline)
        if lanes is not None:
            lines = lanes.beside(entry.id, entry.commit.parents, lines)
        context.out.lines(lines)
    if not some:
        context.out.say("no commits yet")
        context.out.hint("dsv commit -m MESSAGE")


def _record(entry: "LogEntry") -> dict[str, object]:
    return {
        **commits.record(entry.id, entry.commit, list(entry.changes)),
        "changes": [{"path": path, "change": change} for path, change in entry.changes.items()],
        "names": list(entry.names),
    }


def _lines(context: Context, entry: "LogEntry", *, oneline: bool) -> list[str]:
    style = context.out.style
    if oneline:
        names = commits.shown_names(entry.names, style)
        return [f"{style.commit(entry.id)}{names} {commits.title(entry.commit)}"]
    lines = commits.lines(entry.id, entry.commit, entry.names, style)
    shown = list(entry.changes.items())[:_SHOWN]
    lines += [f"    {style.change(change, f'{change:<8}')}  {printable(path)}" for path, change in shown]
    if len(entry.changes) > _SHOWN:
        lines.append(style.faint(f"    and {len(entry.changes) - _SHOWN} more"))
    return [*lines, ""] if entry.changes else lines
