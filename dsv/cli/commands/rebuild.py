"""`dsv rebuild`."""

import click

from dsv.cli import complete, replaying
from dsv.cli.arguments import place
from dsv.cli.command import verb
from dsv.cli.context import Context
from dsv.cli.replaying import ReplayOptions
from dsv.cli.trusting import trusted_file
from dsv.errors import UsageFault
from dsv.render import rebuild as render


@verb(
    examples={
        "dsv rebuild data/features.parquet": "Replay the run that gave a dataset:",
        "dsv rebuild data/features.parquet@v1 --into /tmp/old": "Recreate an old version elsewhere:",
        "dsv rebuild data/features.parquet --from-raw": "Replay everything from the raw sources:",
    },
    shape=render.SHAPE,
    exits={
        0: "the result is as its policy asks, and in place",
        1: "it is not; if there is a result it was left in .dsv/tmp",
    },
)
@click.argument("target", metavar="PATH[@REV]", shell_complete=complete.places)
@click.option("--from-raw", is_flag=True, help="Replay all runs from the raw sources on.")
@click.option("--into", metavar="DIR", help="Write the result into DIR, whatever it is.")
@replaying.options
def command(
    context: Context,
    target: str,
    *,
    from_raw: bool,
    into: str | None,
    jobs: int | None,
    python: str | None,
    allow: tuple[str, ...],
    allow_network: bool,
    env: str | None,
    yes: bool,
    timeout: float | None,
) -> int:
    """Recreate a version of a dataset by replaying its recorded run.

    The run gets a clean folder with its recorded inputs and code; inputs whose bytes are not here are rebuilt
    first. PATH is written only if it is absent or unchanged, and if the result is the same data.
    """
    from dsv.ops.rebuild import rebuild

    given = ReplayOptions(jobs, python, allow, allow_network, env == "recreate", yes, timeout)
    wanted = place(context, target)
    if wanted.file is not None:
        raise UsageFault(f"{wanted.file} is in the dataset {wanted.path}", hint=f"dsv rebuild {wanted.path}")
    found = rebuild(
        context.workspace,
        wanted,
        replaying.settings(context, given),
        replaying.agree(context, given),
        trusted_file(),
        from_raw=from_raw,
        into=None if into is None else context.path_here(into),
        progress=context.progress("replaying", "runs"),
    )
    out = context.out
    if out.json:
        allowed = replaying.allowed(context, given)
        out.document(render.document(found, network=given.network, allowed=allowed))
    else:
        out.show(render.lines(found, out.style, whole=out.verbose > 0))
    return 0 if found.ok else 1
