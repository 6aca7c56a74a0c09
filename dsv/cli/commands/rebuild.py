"""`dsv rebuild`."""

from typing import TYPE_CHECKING

import click

from dsv.cli import complete, replaying
from dsv.cli.arguments import place
from dsv.cli.command import verb
from dsv.cli.context import Context
from dsv.cli.replaying import ReplayOptions
from dsv.cli.trusting import trusted_file
from dsv.errors import UsageFault
from dsv.ids import short
from dsv.model.verdict import VerdictStatus
from dsv.render.style import counted, printable

if TYPE_CHECKING:
    from dsv.ops.rebuild import RebuildResult

SHAPE = {
    "ok": "flag: whether the result is as its policy asks, and where it was wanted",
    "path": "path: of the dataset",
    "status": "|".join(VerdictStatus),
    "policy": "text: what had to be the same",
    "reason": "text: why the status is what it is; empty if it needs no reason",
    "details": ["text: more about it"],
    "run": "id: the run that gave it",
    "runs": "int: how many runs were replayed",
    "place": "text?: where the result is; null if there is none",
    "written": "flag: whether it is where it was wanted, and not in .dsv/tmp",
    **replaying.SHAPE,
}


@verb(
    examples={
        "dsv rebuild data/features.parquet": "Replay the run that gave a dataset:",
        "dsv rebuild data/features.parquet@v1 --into /tmp/old": "Recreate an old version elsewhere:",
        "dsv rebuild data/features.parquet --from-raw": "Replay everything from the raw sources:",
    },
    shape=SHAPE,
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
    if context.out.json:
        context.out.document(_record(context, found, given))
    else:
        _show(context, found)
    return 0 if found.ok else 1


def _record(context: Context, found: "RebuildResult", given: ReplayOptions) -> dict[str, object]:
    check = found.check
    return {
        "ok": found.ok,
        "path": check.path,
        "status": check.status,
        "policy": check.policy,
        "reason": check.because,
        "details": list(check.details),
        "run": found.run,
        "runs": found.runs,
        "place": None if found.place is None else str(found.place),
        "written": found.written,
        **replaying.record(given, found, context),
    }


def _show(context: Context, found: "RebuildResult") -> None:
    out, style, check = context.out, context.out.style, found.check
    replaying.tell_changes(context, found.changed)
    replaying.tell_isolation(context, found)
    paint = style.added if check.good else style.removed
    reason = f"  {printable(check.reason)}" if check.reason else ""
    out.line(f"{paint(check.status)}  {printable(check.path)}{reason}")
    if not check.good or out.verbose:
        out.lines([f"    {style.faint(printable(line))}" for line in check.details])
    if found.replaced:
        out.report(f"written   {printable(check.path)}")
        out.hint(f"dsv restore {check.path} (brings back the version that was there)")
    if found.note:
        out.say(f"{check.path} was not written: {found.note}")
    if found.place is not None and not found.written:
        out.say(f"the result is in {found.place}")
    isolation = f", isolation: {found.isolation}" if found.isolation else ""
    out.report(f"run {style.id(short(found.run))}, {counted(found.runs, 'run')} replayed{isolation}")
