"""Times as people and programs read them."""

from datetime import UTC, datetime, timedelta, timezone


def iso(seconds: int, offset: int) -> str:
    """Return a time as ISO 8601 with its offset, `offset` being minutes east of UTC."""
    return _at(seconds, offset).isoformat()


def readable(seconds: int, offset: int) -> str:
    """Return a time as people read it: `2026-11-22 18:10:03 +0100`."""
    return _at(seconds, offset).strftime("%Y-%m-%d %H:%M:%S %z")


def ago(seconds: int, now: int) -> str:
    """Return how long before `now` a time was: `3 hours ago`."""
    age = max(now - seconds, 0)
    for unit, length in (("day", 86_400), ("hour", 3600), ("minute", 60)):
        if age >= length:
            count = age // length
            return f"{count} {unit}{'s' if count > 1 else ''} ago"
    return "just now"


def _at(seconds: int, offset: int) -> datetime:
    try:
        return datetime.fromtimestamp(seconds, timezone(timedelta(minutes=offset)))
    except (OverflowError, ValueError, OSError):
        return datetime.fromtimestamp(0, UTC)  # a record of somebody with a strange clock
