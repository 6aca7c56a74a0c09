"""`dsv remote`."""

from typing import TYPE_CHECKING

import click

from dsv.cli.command import verb
from dsv.cli.context import Context
from dsv.cli.trusting import trust_endpoint
from dsv.config.load import Remote, load
from dsv.errors import StorageError, UsageFault
from dsv.render import traffic
from dsv.render.style import printable

if TYPE_CHECKING:
    from dsv.ops.remote_check import RemoteTried

SHAPE = {
    "remotes": [
        {
            "name": "text: what you call it",
            "url": "text",
            "endpoint_url": "text?: address of an S3 server other than Amazon's",
            "region": "text?: of the bucket",
            "default": "flag: whether push, pull and fetch use it unless told otherwise",
        }
    ],
    "checks": [
        {
            "name": "text: what was tried",
            "ok": "flag?: whether it works; null if it was not tried",
            "detail": "text: what was found",
            "advice": "text?: what helps",
        }
    ],
    "traffic": {"requests": "int", "sent": "int", "received": "int"},
    "dollars": "number?: what `check` cost at Amazon's list price; null for the others",
}
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
    shape=SHAPE,
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
        _show(context, (added,), f"added remote {added.name}")
        _tell_default(context, added)
        return 0
    if url is not None or endpoint_url or region or default:
        raise UsageFault("only add takes a URL and options", hint="dsv remote --help")
    if action == "remove":
        if name is None:
            raise UsageFault("remove needs a name", hint="dsv remote remove NAME")
        gone = ops.remove_remote(context.workspace, name)
        _show(context, (gone,), f"removed remote {gone.name}; its data stays where it is")
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
    if default is not None and others:
        context.out.say(f"push, pull and fetch use {default.name} unless told otherwise")
    elif others:
        context.out.warn(
            f"none of {', '.join([*others, added.name])} is the default: push, pull and fetch will ask which"
        )
        context.out.hint(f"dsv config --shared remote.{others[0]}.default true")


def _show(context: Context, found: tuple[Remote, ...], said: str | None) -> None:
    out = context.out
    if out.json:
        out.document({**_document(found), "checks": [], "traffic": _NOTHING, "dollars": None})
    elif said is not None:
        out.report(said)
    else:
        default = context.workspace.config.default_remote
        rows = [[one.name, printable(one.url), "default" if one == default else ""] for one in found]
        out.table(rows)


_NOTHING = {"requests": 0, "sent": 0, "received": 0}


def _document(found: tuple[Remote, ...]) -> dict[str, object]:
    fields = ("name", "url", "endpoint_url", "region", "default")
    return {"remotes": [{field: getattr(one, field) for field in fields} for one in found]}


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
        checks = [
            {"name": one.name, "ok": one.ok, "detail": one.detail, "advice": one.advice}
            for one in result.checks
        ]
        out.document(
            {
                **_document((found,)),
                "checks": checks,
                "traffic": traffic.record(result.traffic),
                "dollars": result.dollars,
            }
        )
    else:
        _tell(context, result)
    return 0 if result.ok else StorageError.exit_code


def _tell(context: Context, result: "RemoteTried") -> None:
    out, style = context.out, context.out.style
    for one in result.checks:
        word = {True: style.added("ok     "), False: style.removed("fails  "), None: "       "}[one.ok]
        out.line(f"{word}  {one.name}: {printable(one.detail)}")
        if one.advice:
            out.hint(one.advice)
    out.report(f"{traffic.asked(result.traffic)}, about {result.dollars:.6f} dollars at Amazon's list price")
