"""`dsv diff`."""

from typing import TYPE_CHECKING

import click

from dsv.cli import complete
from dsv.cli.arguments import sort_words
from dsv.cli.command import verb
from dsv.cli.context import Context
from dsv.errors import UsageFault
from dsv.render.style import counted, printable, size

if TYPE_CHECKING:
    from dsv.ops.diff import DatasetDiff

SHAPE = {
    "datasets": [
        {
            "path": "path: of the dataset",
            "change": "added|removed|modified|recoded: recoded means other bytes, same table",
            "rows_before": "int?: null without a table, or if it is not known",
            "rows_after": "int?: null without a table, or if it is not known",
            "size_before": "int?: bytes; null if added",
            "size_after": "int?: bytes; null if removed",
            "columns": [
                {
                    "name": "text: of a column that differs",
                    "change": "added|removed|retyped|modified|moved",
                    "blocks": "int?: of a modified one, how many blocks of 65,536 rows differ",
                }
            ],
            "same_rows": "int?: leading rows that are surely equal in all columns",
            "end_only": "flag: whether rows were only appended, or only cut off at the end",
            "no_table": "text?: why the tables were not compared",
            "files": [{"path": "path: relative to the folder", "change": "added|removed|modified"}],
        }
    ]
}
_FILES_SHOWN = 50
_BLOCK = 65_536
_WORDS = {"added": "+", "removed": "-", "modified": "~", "retyped": "!", "moved": "^"}


@verb(
    examples={
        "dsv diff": "From HEAD to the working tree:",
        "dsv diff --staged": "From HEAD to what is staged:",
        "dsv diff v1 main": "Between two versions:",
        "dsv diff main~1 data/trips.parquet": "Of one dataset, from a version to the working tree:",
    },
    shape=SHAPE,
    exits={1: "something differs (with --exit-code only)"},
)
@click.argument("words", metavar="[A [B]] [PATH]...", nargs=-1, shell_complete=complete.either)
@click.option("--staged", is_flag=True, help="Compare with what is staged.")
@click.option("--exit-code", is_flag=True, help="Exit with 1 if something differs.")
def command(context: Context, words: tuple[str, ...], *, staged: bool, exit_code: bool) -> int:
    """Show what differs between two versions.

    Datasets, then files of a folder, then for tables rows and columns, told from ids and facts alone.
    Without A from HEAD, without B to the working tree. A dataset is `recoded` if its bytes differ and its
    table does not.
    """
    from dsv.ops.diff import diff

    chosen = sort_words(context, words, most_revisions=2, most_paths=None)
    if staged and len(chosen.revisions) > 1:
        raise UsageFault("--staged takes one revision", hint="dsv diff --staged A")
    before, after = (*chosen.revisions, None, None)[:2]
    found = diff(
        context.workspace,
        before,
        after,
        staged=staged,
        paths=chosen.paths,
        progress=context.progress("reading", "B"),
    )
    if context.out.json:
        context.out.document({"datasets": [_record(one) for one in found]})
    else:
        for one in found:
            _render(context, one)
    return int(exit_code and bool(found))


def _record(one: "DatasetDiff") -> dict[str, object]:
    table = one.table
    return {
        "path": one.path,
        "change": one.change,
        "rows_before": one.rows_before,
        "rows_after": one.rows_after,
        "size_before": one.size_before,
        "size_after": one.size_after,
        "columns": [column._asdict() for column in table.columns] if table else [],
        "same_rows": table.same_rows if table else None,
        "end_only": table is not None and table.end_only,
        "no_table": one.no_table,
        "files": [{"path": file.path, "change": file.change} for file in one.files],
    }


def _render(context: Context, one: "DatasetDiff") -> None:
    out, style = context.out, context.out.style
    out.line(f"{style.change(one.change, f'{one.change:<8}')}  {printable(one.path)}{_sizes(one)}")
    if one.rows_before is not None and one.rows_after is not None and one.change != "recoded":
        out.line(f"  rows     {_from_to(one.rows_before, one.rows_after)}{_leading(one)}")
    # Where rows were only appended every column has other values, and saying so says nothing.
    for column in one.table.columns if one.table and not one.table.end_only else ():
        text = style.change(column.change, f"{_WORDS.get(column.change, '~')} {printable(column.name)}")
        more = f", {counted(column.blocks, 'block')}" if column.blocks and _has_blocks(one) else ""
        out.line(f"  column   {text} ({column.change}{more})")
    for file in one.files[:_FILES_SHOWN]:
        mark = style.change(file.change, f"{_WORDS[file.change]} {printable(file.path)}")
        out.line(f"  file     {mark}")
    if len(one.files) > _FILES_SHOWN:
        out.line(f"  and {counted(len(one.files) - _FILES_SHOWN, 'more file')}")
    if one.no_table and context.out.verbose:
        out.line(f"  no table: {printable(one.no_table)}")


def _sizes(one: "DatasetDiff") -> str:
    if one.size_before is None or one.size_after is None:
        only = one.size_after if one.size_before is None else one.size_before
        rows = one.rows_after if one.size_before is None else one.rows_before
        told = [] if rows is None else [counted(rows, "row")]
        return f"  ({', '.join([*told, size(only or 0)])})"
    return f"  ({size(one.size_before)} -> {size(one.size_after)})"


def _has_blocks(one: "DatasetDiff") -> bool:
    """Whether a number of blocks says something: a side has more than one."""
    return max(one.rows_before or 0, one.rows_after or 0) > _BLOCK


def _leading(one: "DatasetDiff") -> str:
    table = one.table
    if table is None or not table.same_rows:
        return ""
    if table.end_only:
        return ", only appended" if table.rows_after > table.rows_before else ", only cut off at the end"
    return f" (the first {table.same_rows:,} are equal)"


def _from_to(before: int, after: int) -> str:
    return f"{before:,}" if before == after else f"{before:,} -> {after:,} ({after - before:+,})"
