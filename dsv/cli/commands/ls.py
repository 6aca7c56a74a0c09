"""`dsv ls`."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

import click

from dsv.cli import complete
from dsv.cli.arguments import place
from dsv.cli.command import verb
from dsv.cli.context import Context
from dsv.render import ls as render

if TYPE_CHECKING:
    from dsv.ops.ls import ListedFile
    from dsv.store.repository import Tracked


@verb(
    examples={
        "dsv ls": "The datasets of HEAD:",
        "dsv ls @v1": "Those of an older version:",
        "dsv ls data/images@v1": "What is in a folder dataset:",
    },
    shape=render.SHAPE,
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
        out.document(render.document(datasets, files))
    else:
        out.show(render.lines(datasets, files, out.style))
