"""`dsv clone`."""

import shlex
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

from dsv.cli import moves
from dsv.cli.command import verb
from dsv.cli.context import Context
from dsv.cli.trusting import trust_endpoint
from dsv.config.load import Remote
from dsv.errors import NotAgreed, UsageFault
from dsv.render import clone as render

if TYPE_CHECKING:
    from dsv.workspace import Workspace


@verb(
    examples={
        "dsv clone /data/trips": "Make ./trips a workspace like /data/trips:",
        "dsv clone /data/trips mine --no-checkout": "The same elsewhere, without writing any data yet:",
        "dsv clone s3://bucket/trips": "Make ./trips a workspace with what others pushed there:",
        "dsv clone s3://bucket/trips --no-data": "The same with history and lineage only:",
        "dsv clone s3://bucket/trips --path raw/2026.parquet": "The same with the data of one dataset:",
    },
    shape=render.SHAPE,
)
@click.argument("source", metavar="URL", type=click.Path())
@click.argument("folder", metavar="[DIR]", required=False, type=click.Path())
@click.option("--path", "paths", metavar="PATH", multiple=True, help="Bring only the data of this dataset.")
@click.option("--rev", "revision", metavar="REV", help="Check out this branch, tag or commit.")
@click.option("--no-data", "--no-checkout", "no_data", is_flag=True, help="Leave the working tree empty.")
@click.option("--endpoint-url", metavar="URL", help="Address of an S3 server other than Amazon's.")
@click.option("--region", help="Region of the bucket.")
@moves.yes
def command(
    context: Context,
    source: str,
    folder: str | None,
    *,
    paths: tuple[str, ...],
    revision: str | None,
    no_data: bool,
    endpoint_url: str | None,
    region: str | None,
    yes: bool,
) -> None:
    """Make a workspace like another one, or with what a remote has.

    From a remote (s3:// or file://) all history comes, and of the data only what is checked out; the
    rest comes when it is needed. From a folder of this machine all commits, branches, tags and data are
    copied and verified; what is staged there, and its oplog, stay there. New files that programs execute
    because of their names are asked about.
    """
    from dsv.remotes.remote import connect

    if no_data and paths:
        raise UsageFault("--path brings data and --no-data brings none", hint="leave one of them out")
    context.yes = yes
    if "://" in source:
        place = Remote("origin", source, endpoint_url, region)
        trust_endpoint(context, endpoint_url)
        workspace, copied = _remote(context, place, folder, revision, no_data=no_data)
    else:
        workspace, copied = _folder(context, source, folder, revision)
    written = () if no_data else _check_out(context, workspace, paths)
    if "://" in source:
        copied += connect(workspace).blobs.meter.traffic.received
    _show(context, workspace, copied, written)


def _check_out(context: Context, workspace: "Workspace", paths: tuple[str, ...]) -> tuple[str, ...]:
    from dsv.ops.checkout import checkout_paths

    head = workspace.repo.refs().head
    if head is None or not workspace.repo.datasets(workspace.repo.snapshot_of(head)):
        return ()
    progress = context.progress("writing", "files")
    with _cloned(workspace, "HEAD", *(paths or ["."])):
        return checkout_paths(workspace, "HEAD", list(paths) or ["."], progress=progress).written


@contextmanager
def _cloned(workspace: "Workspace", *words: str) -> Iterator[None]:
    """Say with a question that was not answered that the workspace is there, and `checkout WORDS` goes on."""
    try:
        yield
    except NotAgreed as error:
        command = shlex.join(["dsv", "-C", str(workspace.root), "checkout", "--yes", *words])
        raise NotAgreed(
            f"cloned, but nothing is checked out: {error}",
            hint=f"{command}, if you know what is in them",
        ) from None


def _remote(
    context: Context, remote: Remote, folder: str | None, revision: str | None, *, no_data: bool
) -> tuple["Workspace", int]:
    from dsv.ops.clone import clone_remote
    from dsv.workspace import Workspace

    name = folder or remote.url.rstrip("/").rpartition("/")[2]
    progress = context.progress("fetching", "B")
    target = context.path_here(name)
    result = clone_remote(remote, target, revision=revision, no_data=no_data, progress=progress)
    return Workspace(result.root, context.caller), result.traffic.received


def _folder(
    context: Context, source: str, folder: str | None, revision: str | None
) -> tuple["Workspace", int]:
    from dsv.ops.checkout import checkout
    from dsv.ops.clone import clone
    from dsv.workspace import Workspace

    place = context.path_here(source)
    target = context.path_here(folder or place.name)
    result = clone(place, target, progress=context.progress("copying", "files"))
    workspace = Workspace(result.root, context.caller)
    if revision is not None:
        with _cloned(workspace, revision):
            checkout(workspace, revision)
    return workspace, result.size


def _show(context: Context, workspace: "Workspace", copied: int, written: tuple[str, ...]) -> None:
    refs, out = workspace.repo.refs(), context.out
    found = render.Cloned(workspace.root, refs.mine.branch, refs.head, copied, written)
    if out.json:
        out.document(render.document(found))
    else:
        out.show(render.lines(found, out.style))
