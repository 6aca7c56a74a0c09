"""`dsv add`."""

import click

from dsv.cli import complete
from dsv.cli.command import verb
from dsv.cli.context import Context
from dsv.render.style import counted, printable, size

SHAPE = {
    "staged": [
        {
            "path": "path: of the dataset",
            "change": "added|modified",
            "content": "id: its content",
            "size": "int: bytes",
            "files": "int: how many files it has",
        }
    ],
    "unchanged": ["path: named, and staged like this already"],
    "vanished": ["path: of a tracked dataset that is gone"],
    "untracked": ["path: in a named folder, and not tracked"],
    "notes": ["text: further notes"],
}


@verb(
    examples={
        "dsv add data/trips.parquet": "Stage a file:",
        "dsv add data/images": "Stage a folder as one dataset:",
        "dsv add --follow models/snapshot": "Keep what links lead to, and not the links:",
        "dsv add .": "Stage all tracked datasets that changed:",
    },
    shape=SHAPE,
)
@click.argument(
    "paths", metavar="PATH...", nargs=-1, required=True, type=click.Path(), shell_complete=complete.datasets
)
@click.option("--rehash", is_flag=True, help="Read every file instead of trusting times and sizes.")
@click.option(
    "--follow",
    is_flag=True,
    help="Replace links that lead out of a dataset by what they lead to; copies take room.",
)
def command(context: Context, paths: tuple[str, ...], *, rehash: bool, follow: bool) -> None:
    """Stage datasets for the next commit.

    A file or a folder that is not tracked yet becomes a dataset. A folder that holds tracked datasets
    stands for those of them that changed. The bytes are stored at once: what was added is safe.

    A link is kept as a link: of what it leads to, out of the dataset, no bytes are kept, and that is said.
    """
    from dsv.ops.add import add

    result = add(
        context.workspace,
        [context.path(path) for path in paths],
        rehash=rehash,
        follow=follow,
        progress=context.progress("storing", "B"),
    )
    out, style = context.out, context.out.style
    if out.json:
        out.document(
            {
                "staged": [
                    {
                        "path": added.path,
                        "change": added.change,
                        "content": added.dataset.checkpoint.content,
                        "size": added.dataset.checkpoint.size,
                        "files": added.dataset.checkpoint.files,
                    }
                    for added in result.staged
                ],
                "unchanged": list(result.unchanged),
                "vanished": list(result.vanished),
                "untracked": list(result.untracked),
                "notes": list(result.notes),
            }
        )
        return
    for note in result.notes:
        out.say(note)
    for added in result.staged:
        found = added.dataset.checkpoint
        many = f", {counted(found.files, 'file')}" if found.is_dir else ""
        word = style.change(added.change, f"{added.change:<8}")
        out.report(f"{word}  {printable(added.path)} ({size(found.size)}{many})")
    for path in result.unchanged:
        out.report(f"unchanged {printable(path)}")
    for path in result.vanished:
        out.warn(f"{printable(path)} is gone")
        out.hint(f"dsv rm {context.typed(path)} stops tracking it, dsv restore brings it back")
    for path in result.untracked:
        out.report(f"untracked {printable(path)}")
    if not (result.staged or result.unchanged or result.vanished):
        out.say("nothing changed")
        if result.untracked:
            out.hint(f"dsv add {context.typed(result.untracked[0])}")
