"""Datasets, or what a folder dataset holds: lines for a terminal, and a JSON document."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING

from dsv.ids import short
from dsv.render import telling
from dsv.render.shape import Maybe
from dsv.render.style import Style, counted, printable, size
from dsv.render.telling import Rows, Telling

if TYPE_CHECKING:
    from dsv.ops.ls import ListedFile
    from dsv.store.repository import Tracked

SHAPE = {
    "datasets": [
        {
            "path": "path: of the dataset",
            "kind": "file|dir",
            "content": "id: its content",
            "size": "int: bytes",
            "files": "int: how many files it has",
        }
    ],
    "files": Maybe(
        [
            {
                "path": "path: relative to the folder; a folder ends with `/`",
                "kind": "file|exec|link|dir",
                "target": "text: file id, node id, or what a link points to",
                "size": "int?: bytes of a file that the store holds",
            }
        ]
    ),
}


def document(
    datasets: "Mapping[str, Tracked]", files: "Sequence[ListedFile] | None" = None
) -> dict[str, object]:
    """Return the JSON document; `files`: what the one folder dataset holds, None to list datasets."""
    return {
        "datasets": [_record(path, one) for path, one in datasets.items()],
        "files": None if files is None else [asdict(one) for one in files],
    }


def lines(
    datasets: "Mapping[str, Tracked]", files: "Sequence[ListedFile] | None", style: Style
) -> Iterator[Telling]:
    """Yield what is said; `files` as in `document`."""
    if files is not None:
        yield Rows([_row(one) for one in files], (1,))
        return
    for path, one in datasets.items():
        found = one.checkpoint
        many = f", {counted(found.files, 'file')}" if found.is_dir else ""
        name = f"{printable(path)}/" if found.is_dir else printable(path)
        yield telling.line(f"{style.id(short(found.content))}  {name}  ({size(found.size)}{many})")


def _row(one: "ListedFile") -> tuple[str, str, str]:
    link = one.target if one.kind == "link" else ""
    return one.path, "" if one.size is None else size(one.size), f"-> {link}" if link else ""


def _record(path: str, one: "Tracked") -> dict[str, object]:
    found = one.checkpoint
    return {
        "path": path,
        "kind": "dir" if found.is_dir else "file",
        "content": found.content,
        "size": found.size,
        "files": found.files,
    }
