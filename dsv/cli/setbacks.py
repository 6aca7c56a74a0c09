"""What is said of a remote that was set back to older refs."""

from dsv.cli.context import Context

SHAPE = "flag: whether the refs of the remote are older than those that were seen here before"


def warn(context: Context, remote: str, *, setback: bool) -> None:
    """Warn of it, if it is so."""
    if setback:
        context.out.warn(f"remote {remote} was set back: its refs are older than those that were seen here")
        context.out.hint(f"dsv log, and if you have what it lost: dsv push --repair {remote}")
