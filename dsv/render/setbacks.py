"""What is said of a remote that was set back to older refs."""

from collections.abc import Iterator

from dsv.render import telling
from dsv.render.telling import Telling

SHAPE = "flag: whether the refs of the remote are older than those that were seen here before"


def lines(remote: str, *, setback: bool) -> Iterator[Telling]:
    """Yield a warning of it, if it is so."""
    if setback:
        yield telling.warning(
            f"remote {remote} was set back: its refs are older than those that were seen here"
        )
        yield telling.hint(f"dsv log, and if you have what it lost: dsv push --repair {remote}")
