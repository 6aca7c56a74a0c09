"""What `checkout` did: lines for a terminal, and a JSON document."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from dsv.render import moved, telling
from dsv.render.style import Style
from dsv.render.telling import Telling

if TYPE_CHECKING:
    from dsv.ops.checkout import CheckoutResult
    from dsv.versions.switch.move import Moved

SHAPE = {
    "branch": "text?: the branch that HEAD is on now; null if detached",
    "head": "id?: the commit that HEAD names now",
    **moved.SHAPE,
    "carried": ["path: of a dataset whose uncommitted changes were carried over"],
}


def document(result: "CheckoutResult") -> dict[str, object]:
    """Return the JSON document."""
    record = {"branch": result.branch, "head": result.commit, **moved.record(result.moved)}
    return {**record, "carried": list(result.carried)}


def document_of_paths(found: "Moved") -> dict[str, object]:
    """Return the JSON document where single datasets were checked out."""
    local = found.refs.local
    branch = local.branch if local else None
    return {"branch": branch, "head": found.refs.head, **moved.record(found), "carried": []}


def lines(result: "CheckoutResult", style: Style, *, made: str | None = None) -> Iterator[Telling]:
    """Yield what is said; `made`: the branch of a remote that a branch was made for."""
    yield from moved.lines(result.moved, style)
    yield from moved.paths(style.changed("carried "), result.carried)
    at = style.commit(result.commit)
    if made is not None:
        yield telling.report(f"made branch {style.name(result.branch or '')} at {style.name(made)}")
    if result.branch is None:
        yield telling.report(f"HEAD is detached at {at}")
        yield telling.hint("dsv checkout -b NAME makes a branch here")
    else:
        yield telling.report(f"on {style.name(result.branch)}, {at}")
