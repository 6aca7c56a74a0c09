"""`dsv remote`."""

from typing import TYPE_CHECKING

import click

from dsv.cli.command import verb
from dsv.cli.context import Context
from dsv.cli.trusting import trust_endpoint
from dsv.config.load import Remote, load
from dsv.errors import StorageError, UsageFault
from dsv.render import remote as render

if TYPE_CHECKING:
    from collections.abc import Iterable

    from dsv.render.telling import Telling

ACTIONS = {
    "list": "name the remotes; the same without ACTION",
    "add NAME URL": "write one into dsv.toml",
    "remove NAME": "take one out of dsv.toml; its data stays",
    "check [NAME]": "try on the real place all that a remote has to do",
}


@verb(
    examples={
        "dsv remote add origin s3://bucket/trips": "Share through a bucket:",
        "dsv remote add lab s3://bucket/trips --endpoint-url https://s3.lab.example": "On another server:",
        "dsv remote add disk file:///mnt/share/trips": "Through a folder that all can reach:",
        "dsv remote check": "Prove that the default remote works:",
    },
    shape=render.SHAPE,
    exits={5: "check: something does not work"},
    sections={"Actions": ACTIONS},
)
@click.argument("action", required=False, type=click.Choice(["list", "add", "remove", "check"]))
@click.argument("name", required=False)
@click.argument("url", required=False)
@click.option("--endpoint-url", metavar="URL", help="Address of an S3 server other than Amazon's.")
@click.option("--region", help="Region of the bucket.")
@click.option("--default", "default", is_flag=True, help="Use it unless another one is named.")
def command(
    context: Context,
    action: str | None,
    name: str | None,
    url: str | None,
    *,
    endpoint_url: str | None,
    region: str | None,
    default: bool,
) -> int:
    """Name the places through which data is shared, and try them.

    Remotes stand in dsv.toml, which a team shares. Credentials never do: they come from the AWS
    environment variables, a profile, or the machine's role.
    """
    from dsv.ops import remote as ops

    if action == "add":
        if name is None or url is None:
            raise UsageFault("add needs a name and a URL", hint="dsv remote add origin s3://BUCKET/PREFIX")
        added = ops.add_remote(context.workspace, Remote(name, url, endpoint_url, region, default))
        trust_endpoint(context, added.endpoint_url)
        _show(context, (added,), render.added(added))
        _tell_default(context, added)
        return 0
    if url is not None or endpoint_url or region or default:
        raise UsageFault("only add takes a URL and options", hint="dsv remote --help")
    if action == "remove":
        if name is None:
            raise UsageFault("remove needs a name", hint="dsv remote remove NAME")
        gone = ops.remove_remote(context.workspace, name)
        _show(context, (gone,), render.removed(gone))
        return 0
    if action == "check":
        return _check(context, name)
    if name is not None:
        raise UsageFault("list takes no name", hint="dsv remote list")
    _show(context, ops.remotes(context.workspace), None)
    return 0


def _tell_default(context: Context, added: Remote) -> None:
    """Say which remote is used when none is named, where a second one makes that a question."""
    config = load(context.workspace.root)
    default = config.default_remote
    others = sorted(config.remotes.keys() - {added.name})
    context.out.show(render.used(added, others, default))


def _show(context: Context, found: tuple[Remote, ...], said: "Iterable[Telling] | None") -> None:
    out = context.out
    if out.json:
        out.document(render.document(found))
    elif said is not None:
        out.show(said)
    else:
        out.show(render.lines(found, context.workspace.config.default_remote))


def _check(context: Context, name: str | None) -> int:
    from dsv.ops.remote_check import remote_check
    from dsv.remotes.location import open_blobs
    from dsv.remotes.remote import check_endpoint, settings

    found = settings(context.workspace, name)
    check_endpoint(context.workspace, found)
    blobs = open_blobs(found, create=True)
    result = remote_check(blobs, blobs.meter, found.name)
    out = context.out
    if out.json:
        out.document(render.document_of_check(found, result))
    else:
        out.show(render.lines_of_check(result, out.style))
    return 0 if result.ok else StorageError.exit_code
