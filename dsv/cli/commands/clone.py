"""`dsv clone`."""

import click

from dsv.cli.command import verb
from dsv.cli.context import Context
from dsv.cli.style import counted, printable, size
from dsv.ids import short

SHAPE = {
    "root": "text: the new workspace, absolute",
    "branch": "text?: the branch that HEAD is on",
    "head": "id?: its commit; null if there is none",
    "size": "int: bytes that were copied",
    "written": ["path: of a dataset that was checked out"],
}


@verb(
    examples={
        "dsv clone /data/trips": "Make ./trips a workspace like /data/trips:",
        "dsv clone /data/trips mine --no-checkout": "The same elsewhere, without writing any data yet:",
    },
    shape=SHAPE,
)
@click.argument("source", type=click.Path())
@click.argument("folder", metavar="[DIR]", required=False, type=click.Path())
@click.option("--no-checkout", is_flag=True, help="Leave the working tree empty.")
def command(context: Context, source: str, folder: str | None, *, no_checkout: bool) -> None:
    """Make a workspace like another one on this machine.

    All commits, branches, tags and data are copied and verified on the way; then the branch is checked
    out. What is staged there, and its oplog, stay there.
    """
    from dsv.ops.checkout import checkout_paths
    from dsv.ops.clone import clone
    from dsv.repo import Repo

    place = context.path_here(source)
    target = context.path_here(folder or place.name)
    result = clone(place, target, progress=context.progress("copying", "files"))
    written: tuple[str, ...] = ()
    repo = Repo(result.root)
    if not no_checkout and repo.datasets(repo.snapshot_of(result.commit)):
        progress = context.progress("writing", "files")
        written = checkout_paths(repo, "HEAD", ["."], progress=progress).written
    out = context.out
    if out.json:
        out.document(
            {
                "root": str(result.root),
                "branch": result.branch,
                "head": result.commit,
                "size": result.size,
                "written": list(written),
            }
        )
        return
    out.report(f"cloned {size(result.size)} to {printable(str(result.root))}")
    if result.commit is not None and result.branch is not None:
        at = f"{out.style.name(result.branch)}, {out.style.id(short(result.commit))}"
        out.report(f"on {at}, {counted(len(written), 'dataset')} checked out")
