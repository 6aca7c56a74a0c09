"""`dsv verify`."""

from typing import TYPE_CHECKING

import click

from dsv.cli import complete, replaying
from dsv.cli.ci_results import check_place, publish
from dsv.cli.command import verb
from dsv.cli.context import Context
from dsv.cli.replaying import ReplayOptions
from dsv.cli.trusting import trusted_file
from dsv.render import verify as render
from dsv.render.statuses import MEANINGS

if TYPE_CHECKING:
    from dsv.ops.verify import Selection, Verified


@verb(
    examples={
        "dsv verify": "Replay the last run of every dataset of HEAD and compare:",
        "dsv verify --level hashes": "Check records alone, without data and without running anything:",
        "dsv verify --level raw data/features.parquet": "Rebuild a dataset from its raw sources:",
        "dsv verify --changed-since git:origin/main --yes --junit verify.xml": "In CI, only what a branch changed:",
    },
    shape=render.SHAPE,
    exits={0: "all datasets are at least what their policies demand", 1: "some are not"},
    sections={"Statuses": {status.value: meaning for status, meaning in MEANINGS.items()}},
)
@click.argument("paths", metavar="[PATH]...", nargs=-1, shell_complete=complete.datasets)
@click.option("--rev", metavar="REV", default="HEAD", help="Verify the datasets of REV instead of HEAD.")
@click.option(
    "--level",
    type=click.Choice(["hashes", "last", "raw"]),
    default="last",
    help="Check records alone, replay the last run of each dataset (the default), or all from the raw sources.",
)
@click.option("--changed-since", metavar="REV", help="Leave out datasets that are the same in REV.")
@click.option("--sample", metavar="N", type=click.IntRange(min=1), help="Only N datasets, chosen by chance.")
@click.option(
    "--stale",
    type=click.Choice(["fail", "ignore"]),
    default="fail",
    help="What becomes of data that is stale there: not good (the default), or only said.",
)
@click.option("--twice", is_flag=True, help="Replay two times, to tell what never gives the same.")
@click.option("--junit", metavar="FILE", help="Write the results to FILE, as JUnit XML.")
@replaying.options
def command(
    context: Context,
    paths: tuple[str, ...],
    *,
    rev: str,
    level: str,
    changed_since: str | None,
    sample: int | None,
    stale: str,
    twice: bool,
    junit: str | None,
    jobs: int | None,
    python: str | None,
    allow: tuple[str, ...],
    allow_network: bool,
    env: str | None,
    yes: bool,
    timeout: float | None,
) -> int:
    """Rebuild datasets, compare them with what is recorded, and change nothing.

    Each run is replayed in a clean folder that holds only its recorded inputs and code. The policy of a
    dataset in `dsv.toml` says what has to be the same. Data that is stale there fails, too. Commands that others recorded are run only when
    you agree. On GitHub Actions what is not good is annotated, and the job's summary gets a table.
    """
    from dsv.ops.verify import Selection, StalePolicy

    given = ReplayOptions(jobs, python, allow, allow_network, env == "recreate", yes, timeout)
    selection = Selection(tuple(map(context.path, paths)), rev, changed_since, sample, StalePolicy(stale))
    file = None if junit is None else context.path_here(junit)
    if (
        file is not None and context.workspace.dot.is_dir()
    ):  # no store yet, nothing tracked: after `git clone`
        check_place(context, file)
    found = _verify(context, selection, level, given, twice=twice)
    if context.out.json:  # a file that cannot be written is the one document then
        publish(context, found.checks, found.level, file)
        _show(context, found, given)
    else:
        _show(context, found, given)
        publish(context, found.checks, found.level, file)
    return 0 if found.ok else 1


def _verify(
    context: Context, selection: "Selection", level: str, given: ReplayOptions, *, twice: bool
) -> "Verified":
    from dsv.ops import verify
    from dsv.remotes.start import ensure

    if context.workspace.config.default_remote is not None:
        ensure(context.workspace, progress=context.progress("fetching", "B"))  # after `git clone`
    if level == "hashes":
        return verify.verify_hashes(
            context.workspace, selection, progress=context.progress("checking", "datasets")
        )
    return verify.verify(
        context.workspace,
        selection,
        verify.Level(level),
        replaying.settings(context, given, twice=twice),
        replaying.agree(context, given),
        trusted_file(),
        progress=context.progress("replaying", "runs"),
    )


def _show(context: Context, found: "Verified", given: ReplayOptions) -> None:
    out = context.out
    if out.json:
        allowed = replaying.allowed(context, given)
        out.document(render.document(found, network=given.network, allowed=allowed))
    else:
        out.show(render.lines(found, out.style, whole=out.verbose > 0))
