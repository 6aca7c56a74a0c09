"""`dsv clone`."""

from typing import TYPE_CHECKING

import click

from dsv.cli.command import verb
from dsv.cli.context import Context, supplier
from dsv.cli.style import counted, printable, size
from dsv.cli.trusting import trust_endpoint
from dsv.config.load import Remote
from dsv.errors import UsageFault
from dsv.ids import short

if TYPE_CHECKING:
    from dsv.repo import Repo

SHAPE = {
    "root": "text: the new workspace, absolute",
    "branch": "text?: the branch that HEAD is on",
    "head": "id?: its commit; null if there is none",
    "size": "int: bytes that were copied or fetched",
    "written": ["path: of a dataset that was checked out"],
}


@verb(
    examples={
        "dsv clone /data/trips": "Make ./trips a workspace like /data/trips:",
        "dsv clone /data/trips mine --no-checkout": "The same elsewhere, without writing any data yet:",
        "dsv clone s3://bucket/trips": "Make ./trips a workspace with what others pushed there:",
        "dsv clone s3://bucket/trips --no-data": "The same with history and lineage only:",
        "dsv clone s3://bucket/trips --path raw/2026.parquet": "The same with the data of one dataset:",
    },
    shape=SHAPE,
)
@click.argument("source", metavar="URL", type=click.Path())
@click.argument("folder", metavar="[DIR]", required=False, type=click.Path())
@click.option("--path", "paths", metavar="PATH", multiple=True, help="Bring only the data of this dataset.")
@click.option("--rev", "revision", metavar="REV", help="Check out this branch, tag or commit.")
@click.option("--no-data", "--no-checkout", "no_data", is_flag=True, help="Leave the working tree empty.")
@click.option("--endpoint-url", metavar="URL", help="Address of an S3 server other than Amazon's.")
@click.option("--region", help="Region of the bucket.")
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
) -> None:
    """Make a workspace like another one, or with what a remote has.

    From a remote (s3:// or file://) all history comes, and of the data only what is checked out; the
    rest comes when it is needed. From a folder of this machine all commits, branches, tags and data are
    copied and verified; what is staged there, and its oplog, stay there.
    """
    from dsv.ops.checkout import checkout_paths
    from dsv.remotes.remote import connect

    if no_data and paths:
        raise UsageFault("--path brings data and --no-data brings none", hint="leave one of them out")
    if "://" in source:
        place = Remote("origin", source, endpoint_url, region)
        trust_endpoint(context, endpoint_url)
        repo, copied = _remote(context, place, folder, revision, no_data=no_data)
    else:
        repo, copied = _folder(context, source, folder, revision)
    written: tuple[str, ...] = ()
    refs = repo.refs()
    if not no_data and refs.head is not None and repo.datasets(repo.snapshot_of(refs.head)):
        progress = context.progress("writing", "files")
        written = checkout_paths(repo, "HEAD", list(paths) or ["."], progress=progress).written
    if "://" in source:
        copied += connect(repo).blobs.meter.traffic.received
    _show(context, repo, copied, written)


def _remote(
    context: Context, remote: Remote, folder: str | None, revision: str | None, *, no_data: bool
) -> tuple["Repo", int]:
    from dsv.ops.clone import clone_remote
    from dsv.repo import Repo

    name = folder or remote.url.rstrip("/").rpartition("/")[2]
    progress = context.progress("fetching", "B")
    target = context.path_here(name)
    result = clone_remote(remote, target, revision=revision, no_data=no_data, progress=progress)
    repo = Repo(result.root)
    repo.supplier = supplier
    repo.knows_endpoint = context.knows_endpoint
    return repo, result.traffic.received


def _folder(context: Context, source: str, folder: str | None, revision: str | None) -> tuple["Repo", int]:
    from dsv.ops.checkout import checkout
    from dsv.ops.clone import clone
    from dsv.repo import Repo

    place = context.path_here(source)
    target = context.path_here(folder or place.name)
    result = clone(place, target, progress=context.progress("copying", "files"))
    repo = Repo(result.root)
    if revision is not None:
        checkout(repo, revision)
    return repo, result.size


def _show(context: Context, repo: "Repo", copied: int, written: tuple[str, ...]) -> None:
    refs = repo.refs()
    branch, head = repo.local(refs).branch, refs.head
    out = context.out
    if out.json:
        out.document(
            {
                "root": str(repo.root),
                "branch": branch,
                "head": head,
                "size": copied,
                "written": list(written),
            }
        )
        return
    out.report(f"cloned {size(copied)} to {printable(str(repo.root))}")
    if head is not None:
        at = f"{out.style.name(branch or 'detached')}, {out.style.id(short(head))}"
        out.report(f"on {at}, {counted(len(written), 'dataset')} checked out")
