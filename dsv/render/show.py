"""One commit, or one version of a dataset: lines for a terminal, and JSON documents."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from dsv.ids import short
from dsv.model.file_diff import change_of
from dsv.model.origin import Source
from dsv.model.run import Run
from dsv.render import commits, origin_words, table_words, telling
from dsv.render.shape import Maybe
from dsv.render.style import Style, counted, printable, size
from dsv.render.telling import Telling

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


def document_of_commit(shown: "ShownCommit") -> dict[str, object]:
    """Return the JSON document of a commit."""
    paths = [path for path, _, _ in shown.datasets]
    return {
        "commit": commits.record(shown.id, shown.commit, paths),
        "changes": [
            {"path": path, "change": change_of(before, after)} for path, before, after in shown.datasets
        ],
    }


def lines_of_commit(shown: "ShownCommit", style: Style) -> Iterator[Telling]:
    """Yield what is said of a commit."""
    yield from map(telling.line, commits.lines(shown.id, shown.commit, (), style))
    for path, before, after in shown.datasets:
        change = change_of(before, after)
        ids = [short(one.checkpoint.content) if one else "-" * 8 for one in (before, after)]
        yield telling.line(f"{style.change(change, f'{change:<8}')}  {' -> '.join(ids)}  {printable(path)}")


def document(shown: "ShownDataset") -> dict[str, object]:
    """Return the JSON document of a version of a dataset."""
    return {"checkpoint": _checkpoint(shown)}


def lines(shown: "ShownDataset", style: Style) -> Iterator[Telling]:
    """Yield what is said of a version of a dataset."""
    found, facts = shown.checkpoint, shown.facts
    if facts is not None:
        yield telling.line(f"table    {style.id(facts.table)}")
        yield telling.line(f"rows     {facts.rows:,}")
        yield telling.line()
        yield from table_words.lines(facts)
        yield telling.line()
    yield telling.line(f"path     {printable(shown.path)}")
    yield telling.line(f"content  {style.id(found.content)}")
    many = f", {counted(found.files, 'file')}" if found.is_dir else ""
    many += f", {counted(shown.links, 'link')}" if shown.links else ""
    yield telling.line(f"size     {size(found.size)}{many}")
    yield telling.line(f"origin   {_origin(shown.origin)}")
    if facts is None:
        yield telling.line(f"table    none: {printable(shown.no_table or '')}")


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


def _origin(origin: Source | Run) -> str:
    if isinstance(origin, Run):
        name = f" ({printable(origin.name)})" if origin.name else ""
        return f"run {printable(origin_words.command(origin))}{name}"
    edited = ", edited by hand" if origin.edited else ""
    where = "" if origin.fetched is None else f", from {printable(origin.fetched.url)}"
    return f"source {printable(origin.path)}{where}{edited}"
