"""`dsv ls`."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from dsv.cli import complete
from dsv.cli.arguments import place
from dsv.cli.command import verb
from dsv.cli.context import Context
from dsv.ids import short
from dsv.render.shape import Maybe
from dsv.render.style import counted, printable, size

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


@verb(
    examples={
        "dsv ls": "The datasets of HEAD:",
        "dsv ls @v1": "Those of an older version:",
        "dsv ls data/images@v1": "What is in a folder dataset:",
    },
    shape=SHAPE,
)
@click.argument("what", metavar="[PATH][@REV]", required=False, shell_complete=complete.places)
def command(context: Context, what: str | None) -> None:
    """List datasets, or what a folder dataset holds."""
    from dsv.ops import ls
    from dsv.records import dataset_names

    workspace = context.workspace
    if what is None or what.startswith("@"):
        _show(context, ls.ls(workspace.repo, None if what is None else what.removeprefix("@")), None)
        return
    found = place(context, what)
    if found.file is None:
        datasets = dataset_names.datasets_at(workspace.repo, found.revision)
        below = {
            path: one
            for path, one in datasets.items()
            if found.path in {".", ""} or path.startswith(f"{found.path}/")
        }
        if below and found.path not in datasets:
            _show(context, below, None)
            return
    tracked, files = ls.ls_files(workspace.repo, found)
    _show(context, {found.path: tracked}, list(files) if tracked.checkpoint.is_dir else None)


def _show(context: Context, datasets: "Mapping[str, Tracked]", files: "list[ListedFile] | None") -> None:
    out = context.out
    if out.json:
        out.document(
            {
                "datasets": [_record(path, one) for path, one in datasets.items()],
                "files": None if files is None else [asdict(one) for one in files],
            }
        )
    elif files is not None:
        rows = [
            (one.path, "" if one.size is None else size(one.size), one.target if one.kind == "link" else "")
            for one in files
        ]
        out.table([(name, wide, f"-> {link}" if link else "") for name, wide, link in rows], right=(1,))
    else:
        for path, one in datasets.items():
            found = one.checkpoint
            many = f", {counted(found.files, 'file')}" if found.is_dir else ""
            name = f"{printable(path)}/" if found.is_dir else printable(path)
            out.line(f"{out.style.id(short(found.content))}  {name}  ({size(found.size)}{many})")


def _record(path: str, one: "Tracked") -> dict[str, object]:
    found = one.checkpoint
    return {
        "path": path,
        "kind": "dir" if found.is_dir else "file",
        "content": found.content,
        "size": found.size,
        "files": found.files,
    }
