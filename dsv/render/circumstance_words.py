"""What differs between two runs, in words."""

from dsv.ids import short
from dsv.render import stale_words
from dsv.runs.differences import Aspect, Circumstance


def text(one: Circumstance) -> str:
    """Return one line, without a full stop: `parameter year changed from 2012 to 2013`."""
    match one.aspect:
        case Aspect.CODE:
            return _words("code ", one.name, None, None, _presence(one)) + _lines(one)
        case Aspect.INPUT:
            before, after = (None if oid is None else short(oid) for oid in (one.before, one.after))
            return _words("input ", one.name, before, after, _presence(one)) + _rows(one)
        case Aspect.OUTSIDE | Aspect.STDIN:
            before, after = (None if oid is None else short(oid) for oid in (one.before, one.after))
            kind = "outside " if one.aspect is Aspect.OUTSIDE else ""
            return _words(kind, one.name or "standard input", before, after, _presence(one))
        case Aspect.LISTING:
            return after_of(one) or f"what {one.name or '.'}/ holds is another"
        case Aspect.ABSENCE:
            return f"{one.name} is there now, and was not"
        case Aspect.COMMAND | Aspect.FOLDER:
            return f"{one.aspect} changed from `{one.before}` to `{one.after}`"
        case Aspect.ENVIRONMENT:
            used = " (imported)" if one.imported else ""
            return _words("", one.name, one.before, one.after, _presence(one)) + used
    return _words(f"{one.aspect} ", one.name, one.before, one.after, _presence(one))


def after_of(one: Circumstance) -> str | None:
    """Return what it is now, as a JSON document has it: of a listing how it differs."""
    return one.after if one.names is None else stale_words.names(one.names)


def _presence(one: Circumstance) -> str:
    if one.before is None and one.after is None:
        return "changed"
    return "new" if one.before is None else "gone" if one.after is None else "changed"


def _lines(one: Circumstance) -> str:
    if one.lines is None:
        return ""
    only = "" if one.lines.meaning else ", formatting or comments only"
    return f" (+{one.lines.added} -{one.lines.removed} lines{only})"


def _rows(one: Circumstance) -> str:
    if one.same_table:
        return " (the same table in other bytes)"
    if one.rows is None or None in one.rows:
        return ""
    before, after = one.rows
    return f" ({before:,} rows)" if before == after else f" ({before:,} -> {after:,} rows)"


def _words(kind: str, name: str, before: str | None, after: str | None, presence: str) -> str:
    if presence == "new":
        return f"{kind}{name} is new" + ("" if after is None else f": {after}")
    if presence == "gone":
        return f"{kind}{name} is gone" + ("" if before is None else f": it was {before}")
    values = "" if before is None or after is None else f" from {before} to {after}"
    return f"{kind}{name} changed{values}"
