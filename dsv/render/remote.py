"""Remotes, and what trying one came to: lines for a terminal, and JSON documents."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from dsv.render import telling, traffic
from dsv.render.style import Style, printable
from dsv.render.telling import Rows, Telling

if TYPE_CHECKING:
    from dsv.config.load import Remote
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
_NOTHING = {"requests": 0, "sent": 0, "received": 0}


def document(found: "Sequence[Remote]") -> dict[str, object]:
    """Return the JSON document of remotes."""
    return {**_remotes(found), "checks": [], "traffic": _NOTHING, "dollars": None}


def lines(found: "Sequence[Remote]", default: "Remote | None") -> Iterator[Telling]:
    """Yield the remotes; `default`: the one that is used unless another is named."""
    yield Rows([(one.name, printable(one.url), "default" if one == default else "") for one in found])


def added(one: "Remote") -> Iterator[Telling]:
    """Yield that a remote was added."""
    yield telling.report(f"added remote {one.name}")


def removed(one: "Remote") -> Iterator[Telling]:
    """Yield that a remote was taken out."""
    yield telling.report(f"removed remote {one.name}; its data stays where it is")


def used(added: "Remote", others: Sequence[str], default: "Remote | None") -> Iterator[Telling]:
    """Yield which remote is used when none is named, where there are `others` beside the one that was added."""
    if default is not None and others:
        yield telling.note(f"push, pull and fetch use {default.name} unless told otherwise")
    elif others:
        yield telling.warning(
            f"none of {', '.join([*others, added.name])} is the default: push, pull and fetch will ask which"
        )
        yield telling.hint(f"dsv config --shared remote.{others[0]}.default true")


def document_of_check(one: "Remote", result: "RemoteTried") -> dict[str, object]:
    """Return the JSON document of a remote that was tried."""
    checks = [
        {"name": one.name, "ok": one.ok, "detail": one.detail, "advice": one.advice} for one in result.checks
    ]
    return {
        **_remotes((one,)),
        "checks": checks,
        "traffic": traffic.record(result.traffic),
        "dollars": result.dollars,
    }


def lines_of_check(result: "RemoteTried", style: Style) -> Iterator[Telling]:
    """Yield what trying a remote came to."""
    for one in result.checks:
        word = {True: style.added("ok     "), False: style.removed("fails  "), None: "       "}[one.ok]
        yield telling.line(f"{word}  {one.name}: {printable(one.detail)}")
        if one.advice:
            yield telling.hint(one.advice)
    yield telling.report(
        f"{traffic.asked(result.traffic)}, about {result.dollars:.6f} dollars at Amazon's list price"
    )


def _remotes(found: "Sequence[Remote]") -> dict[str, object]:
    fields = ("name", "url", "endpoint_url", "region", "default")
    return {"remotes": [{field: getattr(one, field) for field in fields} for one in found]}
