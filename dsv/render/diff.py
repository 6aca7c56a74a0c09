"""What differs between two versions: lines for a terminal, and a JSON document."""

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from dsv.render import telling
from dsv.render.style import Style, counted, printable, size
from dsv.render.telling import Telling

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


def document(found: "Iterable[DatasetDiff]") -> dict[str, object]:
    """Return the JSON document."""
    return {"datasets": [_record(one) for one in found]}


def lines(found: "Iterable[DatasetDiff]", style: Style, *, whole: bool = False) -> Iterator[Telling]:
    """Yield what is said; `whole`: also why tables were not compared."""
    for one in found:
        yield from map(telling.line, _lines(one, style, whole=whole))


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


def _lines(one: "DatasetDiff", style: Style, *, whole: bool) -> Iterator[str]:
    yield f"{style.change(one.change, f'{one.change:<8}')}  {printable(one.path)}{_sizes(one)}"
    if one.rows_before is not None and one.rows_after is not None and one.change != "recoded":
        yield f"  rows     {_from_to(one.rows_before, one.rows_after)}{_leading(one)}"
    # Where rows were only appended every column has other values, and saying so says nothing.
    for column in one.table.columns if one.table and not one.table.end_only else ():
        text = style.change(column.change, f"{_WORDS.get(column.change, '~')} {printable(column.name)}")
        more = f", {counted(column.blocks, 'block')}" if column.blocks and _has_blocks(one) else ""
        yield f"  column   {text} ({column.change}{more})"
    for file in one.files[:_FILES_SHOWN]:
        mark = style.change(file.change, f"{_WORDS[file.change]} {printable(file.path)}")
        yield f"  file     {mark}"
    if len(one.files) > _FILES_SHOWN:
        yield f"  and {counted(len(one.files) - _FILES_SHOWN, 'more file')}"
    if one.no_table and whole:
        yield f"  no table: {printable(one.no_table)}"


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
