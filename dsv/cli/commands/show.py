"""`dsv show`."""

from typing import TYPE_CHECKING

import click

from dsv.cli import complete, table_words
from dsv.cli.arguments import is_revision_word, place
from dsv.cli.command import verb
from dsv.cli.context import Context
from dsv.errors import UsageFault
from dsv.ids import short
from dsv.model.file_diff import change_of
from dsv.model.origin import Source
from dsv.model.run import Run
from dsv.render import commits, origin_words
from dsv.render.shape import Maybe
from dsv.render.style import counted, printable, size

if TYPE_CHECKING:
    from dsv.ops.show import ShownCommit, ShownDataset

SHAPE = {
    "checkpoint?": {
        "path": "path: of the dataset",
        "kind": "file|dir",
        "content": "id: its content",
        "table": "id?: table id; null where there is no table",
        "rows": "int?: of the table",
        "size": "int: bytes",
        "files": "int: how many files it has",
        "links": "int: how many links it has, which are kept as links",
        "origin": "id: of the source or run record that it came from",
        "executable": "flag: whether the file may be executed",
        "source": "path?: under which it was first added; null if a run made it",
        "edited": "flag: whether it was edited by hand after that",
        "run": Maybe(origin_words.RUN_SHAPE),
        "no_table": "text?: why there is no table",
        "columns": [table_words.COLUMN_SHAPE],
        "tables": [table_words.PART_SHAPE],
    },
    "commit?": commits.SHAPE,
    "changes?": [{"path": "path: of a dataset", "change": "added|removed|modified"}],
}


@verb(
    examples={
        "dsv show": "The present commit and what it changed:",
        "dsv show main~1": "An older one:",
        "dsv show data/trips.parquet@v1": "One version of a dataset, with its Arrow schema and table id:",
    },
    shape=SHAPE,
)
@click.argument("what", metavar="[REV|PATH@REV]", nargs=-1, shell_complete=complete.either)
def command(context: Context, what: tuple[str, ...]) -> None:
    """Show a commit, or one version of a dataset.

    For a table the Arrow schema and the table id come first. They are computed when they are first asked
    for, and kept.
    """
    from dsv.ops.show import show_commit, show_dataset

    if len(what) > 1:
        raise UsageFault(f"show takes one revision or path, got {len(what)}")
    if not what or is_revision_word(context, what[0]):
        commit = show_commit(context.workspace.repo, what[0] if what else "HEAD")
        _commit_document(context, commit) if context.out.json else _commit(context, commit)
        return
    shown = show_dataset(context.workspace.repo, place(context, what[0]))
    if context.out.json:
        context.out.document({"checkpoint": _checkpoint(shown)})
    else:
        _dataset(context, shown)


def _checkpoint(shown: "ShownDataset") -> dict[str, object]:
    found, facts = shown.checkpoint, shown.facts
    return {
        "path": shown.path,
        "kind": "dir" if found.is_dir else "file",
        "content": found.content,
        "table": facts.table if facts else None,
        "rows": facts.rows if facts else None,
        "size": found.size,
        "files": found.files,
        "links": shown.links,
        "origin": found.origin,
        "executable": found.kind == "exec",
        "source": None if isinstance(shown.origin, Run) else shown.origin.path,
        "edited": isinstance(shown.origin, Source) and shown.origin.edited is not None,
        "run": origin_words.record(shown.origin, found.origin) if isinstance(shown.origin, Run) else None,
        "no_table": shown.no_table,
        "columns": [table_words.column_record(column) for column in facts.columns] if facts else [],
        "tables": table_words.part_records(facts),
    }


def _dataset(context: Context, shown: "ShownDataset") -> None:
    out, found, facts = context.out, shown.checkpoint, shown.facts
    if facts is not None:
        out.line(f"table    {out.style.id(facts.table)}")
        out.line(f"rows     {facts.rows:,}")
        out.line()
        table_words.render(context, facts)
        out.line()
    out.line(f"path     {printable(shown.path)}")
    out.line(f"content  {out.style.id(found.content)}")
    many = f", {counted(found.files, 'file')}" if found.is_dir else ""
    many += f", {counted(shown.links, 'link')}" if shown.links else ""
    out.line(f"size     {size(found.size)}{many}")
    out.line(f"origin   {_origin(shown.origin)}")
    if facts is None:
        out.line(f"table    none: {printable(shown.no_table or '')}")


def _origin(origin: Source | Run) -> str:
    if isinstance(origin, Run):
        name = f" ({printable(origin.name)})" if origin.name else ""
        return f"run {printable(origin_words.command(origin))}{name}"
    edited = ", edited by hand" if origin.edited else ""
    where = "" if origin.fetched is None else f", from {printable(origin.fetched.url)}"
    return f"source {printable(origin.path)}{where}{edited}"


def _commit_document(context: Context, shown: "ShownCommit") -> None:
    paths = [path for path, _, _ in shown.datasets]
    context.out.document(
        {
            "commit": commits.record(shown.id, shown.commit, paths),
            "changes": [
                {"path": path, "change": change_of(before, after)} for path, before, after in shown.datasets
            ],
        }
    )


def _commit(context: Context, shown: "ShownCommit") -> None:
    out = context.out
    out.lines(commits.lines(shown.id, shown.commit, (), out.style))
    for path, before, after in shown.datasets:
        change = change_of(before, after)
        ids = [short(one.checkpoint.content) if one else "-" * 8 for one in (before, after)]
        out.line(f"{out.style.change(change, f'{change:<8}')}  {' -> '.join(ids)}  {printable(path)}")
