"""`dsv drop`."""

import click

from dsv.cli import complete
from dsv.cli.command import verb
from dsv.cli.context import Context
from dsv.errors import Refused, UsageFault
from dsv.render import drop as render


@verb(
    examples={
        "dsv drop data/trips.parquet": "Remove the working copy; `dsv restore` brings it back:",
        "dsv drop data/trips.parquet@v1 --force": "Give up the stored bytes of an old version:",
    },
    shape=render.SHAPE,
)
@click.argument("what", metavar="PATH[@REV]...", nargs=-1, required=True, shell_complete=complete.places)
@click.option("--force", is_flag=True, help="Give up stored bytes even if nobody else is known to have them.")
def command(context: Context, what: tuple[str, ...], *, force: bool) -> None:
    """Free the bytes of a dataset and keep its record.

    Without @REV only the working copy goes, and only if the store holds it. With @REV the stored bytes of
    that version go, too; `dsv gc` then frees them. A dropped dataset is absent, not deleted.
    """
    from dsv.ops import drop
    from dsv.records.dataset_names import datasets_at, place

    workspace = context.workspace
    staged = datasets_at(workspace.repo, None)
    places = [place(workspace.repo, context.path(word), staged) for word in what]
    if all(one.revision is None for one in places):
        result = drop.drop_working(
            workspace, [context.path(word) for word in what], progress=context.progress("looking", "B")
        )
    elif len(places) > 1:
        raise UsageFault("stored bytes are given up one version at a time", hint="dsv drop PATH@REV")
    elif places[0].file is not None:
        raise Refused(
            f"{places[0].full_path} is in the dataset {places[0].path}, which goes as a whole",
            hint=f"dsv drop {places[0].path}@{places[0].revision}",
        )
    else:
        result = drop.drop_stored(workspace, places[0], force=force)
    out = context.out
    if out.json:
        out.document(render.document(result))
    else:
        out.show(render.lines(result, out.style))
