"""The words for causes: what was seen is stated, what is only read out of the code is called possible."""

from collections.abc import Iterator, Sequence

from dsv.render import circumstance_words
from dsv.runs.differences import Circumstance
from dsv.runs.rebuild.cause import Cause, CauseKind, Manner, MoreNames, Weight
from dsv.runs.rebuild.code_traces import Trace
from dsv.runs.rebuild.limits import Limit, LimitOf
from dsv.tables.compare.suggestion import Suggestion

LIKELY = "likely cause: "
"""What the line starts with that names the likely cause."""

POSSIBLY = "possibly: "
"""What a line starts with that names what nobody saw, and that is only read out of the code."""

_SHOWN = 8
"""So many causes that were seen, or changed, are listed."""

_NAMED = 3

_AS_RECORDED = "code, parameters, inputs and environment are those of the record"

_TRACES = {
    "clock": "uses the clock",
    "random": "uses random numbers",
    "threads": "works in threads or processes, whose order changes",
    "order": "depends on the order of a set, a hash or the entries of a folder",
    "times": "looks at the times of files",
    "process": "uses the id of a process",
    "temporary": "names a temporary file",
    "network": "uses the network",
}


def words(cause: Cause) -> str:
    """Return a cause as a clause, without a full stop."""
    name, detail = cause.subject, cause.detail
    match cause.kind:
        case CauseKind.WITHHELD:
            return f"{_withheld(cause)} {name}, which is withheld from the record because it may hold secrets"
        case CauseKind.STATE:
            return f"looked for {name}, which an earlier run may have left and which is left out of records"
        case CauseKind.MISSED if detail is Manner.IN_WORKSPACE:
            return f"looked for {name}, which is in the workspace and was not recorded"
        case CauseKind.MISSED:
            return f"looked for {name}, which was there when it was recorded"
        case CauseKind.EMPTY:
            return f"read {name}, whose bytes were not recorded"
        case CauseKind.APPEARED:
            return f"found {name}, which was not there when it was recorded"
        case CauseKind.OUTSIDE:
            return _outside(cause)
        case CauseKind.ABSOLUTE:
            return f"it uses the absolute path {name}: it should say {cause.after}"
        case CauseKind.UNRECORDED:
            return f"it reads {name}, which was not recorded as input or code"
        case CauseKind.MADE:
            return f"made from {name} as it was rebuilt ({cause.after})"
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
            refused = ", which a replay does not allow" if cause.detail is Manner.REFUSED else ""
            return f"connected to {name}{refused}"
        case CauseKind.NETWORK:
            return "it uses the network, which a rebuild does not allow unless told so"
        case CauseKind.MEMORY:
            return "it was killed (signal 9): perhaps it needed more memory than there is"
        case CauseKind.ENDED:
            code = int(name)
            how = f"exit code {code}" if code < 128 else f"ended by signal {code - 128}"
            return f"{how}: {after}" if after else f"{how}, and it said nothing"
    return _detailed(cause)


def _detailed(cause: Cause) -> str:
    """Return a cause that is a value of its own."""
    match cause.detail:
        case MoreNames(names):
            few = ", ".join(names[:_NAMED]) + (", ..." if len(names) > _NAMED else "")
            count = f"{len(names):,} name{'' if len(names) == 1 else 's'} more"
            return f"listed {cause.subject}, which holds {count} ({few})"
        case Suggestion():
            from dsv.render import comparison_words

            return comparison_words.suggested(cause.detail)
        case Circumstance():
            return circumstance_words.text(cause.detail)
        case Trace():
            return trace(cause.detail)
    return cause.subject


def trace(found: Trace) -> str:
    """Return where it is in the code, and what it does there: `clean.py:3 uses the clock`."""
    where = f"{found.path}:{found.line}" if found.path else "the command"
    if found.kind == "environment":
        named = f"the environment variable {found.subject}" if found.subject else "environment variables"
        return f"{where} reads {named}"
    if found.kind == "outside":
        return f"{where} names {found.subject}, outside of the workspace"
    return f"{where} {_TRACES[found.kind]}"


def limit(found: Limit) -> str:
    """Return when a command is ended: `60 s, more than ten times what was recorded`; "" if never."""
    match found:
        case Limit(None, _):
            return ""
        case Limit(seconds, LimitOf.LEAST):
            return f"{seconds:g} s, more than ten times what was recorded"
        case Limit(seconds, LimitOf.RECORD):
            return f"{seconds:.0f} s, ten times what was recorded"
    return f"{found.seconds:g} s"


def _withheld(cause: Cause) -> str:
    match cause.detail:
        case Manner.OPENED:
            return "opened"
        case Manner.READ_BEFORE:
            return "when it was recorded it read"
    return "looked for"


def _outside(cause: Cause) -> str:
    match cause.detail:
        case Manner.CHANGED:
            return f"read outside {cause.subject}, which is not here as it was recorded"
        case Manner.USED:
            return f"it uses {cause.subject}, which is outside of the workspace and was not recorded"
    return f"read outside {cause.subject}, which was not recorded"


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
    return (
        *_likely(sure),
        *details,
        *map(words, sure[1 : _SHOWN + 1]),
        *([_AS_RECORDED] if as_recorded else []),
        *([hint] if hint else []),
        *_possible(causes),
    )


def foremost(causes: Sequence[Cause]) -> tuple[str, ...]:
    """Return the line of `lines` that names the likely cause, and the first of those that name a possible one."""
    sure = [one for one in causes if one.weight > Weight.POSSIBLE]
    return (*_likely(sure), *[*_possible(causes)][:1])


def _likely(sure: Sequence[Cause]) -> Iterator[str]:
    if sure:
        packages = sum(one.kind is CauseKind.PACKAGE for one in sure)
        more = f", and {packages - 1} more" if packages > 1 and sure[0].kind is CauseKind.PACKAGE else ""
        yield f"{LIKELY}{words(sure[0])}{more}"


def _possible(causes: Sequence[Cause]) -> Iterator[str]:
    yield from (f"{POSSIBLY}{words(one)}" for one in causes if one.weight is Weight.POSSIBLE)
