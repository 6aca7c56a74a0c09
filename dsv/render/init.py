"""A workspace that was made: lines for a terminal, and a JSON document."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from dsv.render import telling
from dsv.render.style import Style
from dsv.render.telling import Telling

if TYPE_CHECKING:
    from dsv.ops.init import InitResult

SHAPE = {
    "root": "text: the workspace folder, absolute",
    "branch": "text?: the branch that HEAD is on; null if detached",
    "head": "id?: its commit; null before the first",
    "created": "flag: whether there was no store before",
    "git": "flag: whether the workspace is in a git repository",
}


def document(result: "InitResult") -> dict[str, object]:
    """Return the JSON document."""
    return {
        "root": str(result.root),
        "branch": result.branch,
        "head": result.head,
        "created": result.created,
        "git": result.git,
    }


def lines(result: "InitResult", style: Style) -> Iterator[Telling]:
    """Yield what is said."""
    if not result.created:
        yield telling.report(f"{result.root} is a workspace already; nothing was changed")
        return
    yield telling.report(f"made a workspace in {result.root} on branch {style.name(str(result.branch))}")
    yield telling.hint("dsv add PATH, then dsv commit -m MESSAGE")
