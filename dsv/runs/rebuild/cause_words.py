"""The words for causes: what was seen is stated, what is only read out of the code is called possible."""

from collections.abc import Sequence

from dsv.model.verdict import LIKELY, POSSIBLY
from dsv.runs.rebuild.cause import Cause, CauseKind, Weight

_SHOWN = 8
"""So many causes that were seen, or changed, are listed."""

_AS_RECORDED = "code, parameters, inputs and environment are those of the record"


def words(cause: Cause) -> str:
    """Return a cause as a clause, without a full stop."""
    name, before, after = cause.subject, cause.before, cause.after
    match cause.kind:
        case CauseKind.WITHHELD:
            return f"{before or 'looked for'} {name}, which is withheld from the record because it may hold secrets"
        case CauseKind.STATE:
            return f"looked for {name}, which an earlier run may have left and which is left out of records"
        case CauseKind.MISSED:
            return f"looked for {name}, which {after or 'was there when it was recorded'}"
        case CauseKind.EMPTY:
            return f"read {name}, whose bytes were not recorded"
        case CauseKind.APPEARED:
            return f"found {name}, which was not there when it was recorded"
        case CauseKind.OUTSIDE:
            return f"{before or 'read outside'} {name}, which {after}"
        case CauseKind.ABSOLUTE:
            return f"it uses the absolute path {name}: it should say {after}"
        case CauseKind.UNRECORDED:
            return f"it reads {name}, which was not recorded as input or code"
        case CauseKind.LISTING:
            return f"listed {name}, which {after}"
        case CauseKind.MADE:
            return f"made from {name} as it was rebuilt ({after})"
        case CauseKind.MODULE:
            return f"the Python module {name} is not installed here"
        case CauseKind.PROGRAM:
            return f"{name}: command not found"
        case _:
            return _other(cause)


def _other(cause: Cause) -> str:
    name, before, after = cause.subject, cause.before, cause.after
    match cause.kind:
        case CauseKind.VARIABLE if cause.weight is Weight.CHANGED:
            return f"variable {name} {_change(before, after)}"
        case CauseKind.VARIABLE:
            return f"it reads the environment variable {name}, which was not declared"
        case CauseKind.UNSET:
            return f"{name}, whose value was not recorded, is not set"
        case CauseKind.NETWORK if name:
            return f"connected to {name}{'' if after is None else f', {after}'}"
        case CauseKind.NETWORK:
            return "it uses the network, which a rebuild does not allow unless told so"
        case CauseKind.MEMORY:
            return "it was killed (signal 9): perhaps it needed more memory than there is"
        case CauseKind.ENDED:
            return f"{name}: {after}" if after else f"{name}, and it said nothing"
        case CauseKind.CODE:
            return f"{name} {after}"
    return name


def _change(before: str | None, after: str | None) -> str:
    if before is None:
        return f"is new: {after}"
    return f"is gone: it was {before}" if after is None else f"changed from {before} to {after}"


def reason(causes: Sequence[Cause]) -> str:
    """Return in one line why a command failed; `causes` are ranked, and there is one at least."""
    also = [one for one in causes[1:] if one.kind is CauseKind.UNSET]
    if causes[0].weight is Weight.SEEN and causes[0].kind is not CauseKind.UNSET:
        also += [one for one in causes[1:] if one.kind is CauseKind.ENDED and one.after]
    return "; ".join(words(one) for one in (causes[0], *also))


def lines_of_failure(causes: Sequence[Cause]) -> tuple[str, ...]:
    """Return what else was seen of a command that failed, for which `reason` names the first cause."""
    return tuple(
        words(one) for one in causes[1:] if one.weight is Weight.SEEN and one.kind is not CauseKind.UNSET
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
    packages = sum(one.kind is CauseKind.PACKAGE for one in sure)
    if packages > 1 and sure[0].kind is CauseKind.PACKAGE:
        told[0] = f"{words(sure[0])}, and {packages - 1} more"
    return (
        *(f"{LIKELY}{one}" for one in told[:1]),
        *details,
        *told[1:],
        *([_AS_RECORDED] if as_recorded else []),
        *([hint] if hint else []),
        *(f"{POSSIBLY}{words(one)}" for one in causes if one.weight is Weight.POSSIBLE),
    )
