"""The words for causes: what was seen is stated, what is only read out of the code is called possible."""

from collections.abc import Sequence

from dsv.model.verdict import LIKELY, POSSIBLY
from dsv.runs.rebuild.cause import Cause, Kind, Weight

_SHOWN = 8
"""So many causes that were seen, or changed, are listed."""

_AS_RECORDED = "code, parameters, inputs and environment are those of the record"


def words(cause: Cause) -> str:
    """Return a cause as a clause, without a full stop."""
    name, before, after = cause.subject, cause.before, cause.after
    match cause.kind:
        case Kind.WITHHELD:
            return f"{before or 'looked for'} {name}, which is withheld from the record because it may hold secrets"
        case Kind.STATE:
            return f"looked for {name}, which an earlier run may have left and which is left out of records"
        case Kind.MISSED:
            return f"looked for {name}, which {after or 'was there when it was recorded'}"
        case Kind.EMPTY:
            return f"read {name}, whose bytes were not recorded"
        case Kind.APPEARED:
            return f"found {name}, which was not there when it was recorded"
        case Kind.OUTSIDE:
            return f"{before or 'read outside'} {name}, which {after}"
        case Kind.ABSOLUTE:
            return f"it uses the absolute path {name}: it should say {after}"
        case Kind.UNRECORDED:
            return f"it reads {name}, which was not recorded as input or code"
        case Kind.LISTING:
            return f"listed {name}, which {after}"
        case Kind.MADE:
            return f"made from {name} as it was rebuilt ({after})"
        case Kind.MODULE:
            return f"the Python module {name} is not installed here"
        case Kind.PROGRAM:
            return f"{name}: command not found"
        case _:
            return _other(cause)


def _other(cause: Cause) -> str:
    name, before, after = cause.subject, cause.before, cause.after
    match cause.kind:
        case Kind.VARIABLE if cause.weight is Weight.CHANGED:
            return f"variable {name} {_change(before, after)}"
        case Kind.VARIABLE:
            return f"it reads the environment variable {name}, which was not declared"
        case Kind.UNSET:
            return f"{name}, whose value was not recorded, is not set"
        case Kind.NETWORK if name:
            return f"connected to {name}{'' if after is None else f', {after}'}"
        case Kind.NETWORK:
            return "it uses the network, which a rebuild does not allow unless told so"
        case Kind.MEMORY:
            return "it was killed (signal 9): perhaps it needed more memory than there is"
        case Kind.ENDED:
            return f"{name}: {after}" if after else f"{name}, and it said nothing"
        case Kind.CODE:
            return f"{name} {after}"
    return name


def _change(before: str | None, after: str | None) -> str:
    if before is None:
        return f"is new: {after}"
    return f"is gone: it was {before}" if after is None else f"changed from {before} to {after}"


def reason(causes: Sequence[Cause]) -> str:
    """Return in one line why a command failed; `causes` are ranked, and there is one at least."""
    also = [one for one in causes[1:] if one.kind is Kind.UNSET]
    if causes[0].weight is Weight.SEEN and causes[0].kind is not Kind.UNSET:
        also += [one for one in causes[1:] if one.kind is Kind.ENDED and one.after]
    return "; ".join(words(one) for one in (causes[0], *also))


def lines_of_failure(causes: Sequence[Cause]) -> tuple[str, ...]:
    """Return what else was seen of a command that failed, for which `reason` names the first cause."""
    return tuple(
        words(one) for one in causes[1:] if one.weight is Weight.SEEN and one.kind is not Kind.UNSET
    )[:_SHOWN]


def lines(
    causes: Sequence[Cause], details: Sequence[str], *, as_recorded: bool, hint: str = ""
) -> tuple[str, ...]:
    """Return what is said of data that came out different: the likely cause, the difference, what is possible.

    Args:
        causes: Ranked.
        details: How the data differs.
        as_recorded: Whether nothing is known to be other than it was recorded.
        hint: What would tell more; "" if nothing.
    """
    sure = [one for one in causes if one.weight > Weight.POSSIBLE]
    told = [words(one) for one in sure[: _SHOWN + 1]]
    packages = sum(one.kind is Kind.PACKAGE for one in sure)
    if packages > 1 and sure[0].kind is Kind.PACKAGE:
        told[0] = f"{words(sure[0])}, and {packages - 1} more"
    return (
        *(f"{LIKELY}{one}" for one in told[:1]),
        *details,
        *told[1:],
        *([_AS_RECORDED] if as_recorded else []),
        *([hint] if hint else []),
        *(f"{POSSIBLY}{words(one)}" for one in causes if one.weight is Weight.POSSIBLE),
    )
