"""Two results beside each other: are they the same, as far as a policy asks?

Bytes first, then table ids, then tables, one after the other where a folder holds several, and last what
is said beside their values.
"""

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

from dsv.errors import NoTable, NotFound, Refused
from dsv.model.policy import IGNORE, UNORDERED, Policy
from dsv.model.verdict import VerdictStatus
from dsv.runs.rebuild.clean_folder import Result
from dsv.runs.rebuild.whole_results import ResultTable, WholeResult, whole
from dsv.tables.compare import explain
from dsv.tables.compare.compare_tables import compare as compare_tables
from dsv.tables.compare.comparison import Comparison, Verdict
from dsv.tables.formats.preview import escape
from dsv.tables.values.metadata import SaidOtherwise, first_difference, unknown_differences

_NAMED = 3
"""Tables of a folder of which the difference is told in detail."""


@dataclass(frozen=True, slots=True)
class Judgement:
    """What a result is, beside what was recorded.

    Attributes:
        status: `IDENTICAL`, `EQUAL`, `EQUAL_BUT_FOR_METADATA`, `CLOSE`, `DIFFERENT`, or `FAILED` where that
            cannot be told.
        reason: One line; "" where it needs no reason.
        details: More lines, the most telling first.
        cause: What the kind of difference suggests as its cause; "" if nothing.
        accepted: Whether the policy accepts a status that is not good by itself.
    """

    status: VerdictStatus
    reason: str = ""
    details: tuple[str, ...] = ()
    cause: str = ""
    accepted: bool = False

    @property
    def good(self) -> bool:
        """Whether the policy is content."""
        return self.status.good or self.accepted


class _Pair(NamedTuple):
    """A table on both sides; None where it is on one only."""

    before: ResultTable | None
    after: ResultTable | None

    @property
    def name(self) -> str:
        part = self.before or self.after
        assert part is not None
        return part.name


def compare(before: Result, after: Result, policy: Policy) -> Judgement:
    """Return what one result is beside another; both may be read.

    Raises:
        StorageError: One cannot be read.
    """
    old, new = before.checkpoint, after.checkpoint
    if old.same_data(new):
        return Judgement(VerdictStatus.IDENTICAL)
    if policy.by_bytes:
        return Judgement(VerdictStatus.DIFFERENT, "other bytes")
    try:
        one = whole(before)
    except NoTable as error:
        return Judgement(
            VerdictStatus.DIFFERENT, f"other bytes, and what was recorded cannot be read: {error.message}"
        )
    try:
        other = whole(after)
    except NoTable as error:
        return Judgement(VerdictStatus.DIFFERENT, f"the rebuild is no table: {error.message}")
    found = Judgement(VerdictStatus.EQUAL) if one.table == other.table else _tables(one, other, policy)
    return _with_metadata(found, one, other, policy) if found.good else found


def _with_metadata(found: Judgement, before: WholeResult, after: WholeResult, policy: Policy) -> Judgement:
    """Return what two wholes are whose tables are `found` to be good enough."""
    old, new = before.metadata(), after.metadata()
    differs = first_difference(old, new, policy.ignore_columns)
    if differs is None:
        return _with_unknown(found, unknown_differences(old, new))
    words = f"metadata: {explain.metadata(differs)}"
    ignored = policy.metadata == IGNORE
    if found.status is VerdictStatus.EQUAL:
        details = () if ignored else ('metadata = "ignore" in its rule accepts it',)
        return Judgement(VerdictStatus.EQUAL_BUT_FOR_METADATA, words, details, accepted=ignored)
    if ignored:
        return replace(found, reason=f"{found.reason}; other {words}")
    return Judgement(VerdictStatus.DIFFERENT, f"{found.reason}, but other {words}")


def _with_unknown(found: Judgement, unknown: Sequence[SaidOtherwise]) -> Judgement:
    """Say of what nobody knows whether it carries meaning that it was not compared."""
    if not unknown:
        return found
    names = ", ".join(escape(one.place) for one in unknown[:_NAMED])
    more = f" and {len(unknown) - _NAMED} more" if len(unknown) > _NAMED else ""
    words = f"metadata that dsv does not know is not compared: {names}{more}"
    return replace(found, reason="; ".join(filter(None, (found.reason, words))))


def _tables(before: WholeResult, after: WholeResult, policy: Policy) -> Judgement:
    """Compare the tables of two wholes that have other table ids."""
    pairs = _pairs(before.parts, after.parts, policy)
    found = {pair: _table(pair, policy) for pair in pairs}
    bad = {pair: one for pair, one in found.items() if not one.good}
    if bad:
        return _bad(bad, len(pairs), before, after)
    reasons = [one.reason for one in found.values() if one.reason]
    if any(pair.before.name != pair.after.name for pair in pairs if pair.before and pair.after):
        reasons.append("files have other names")
    close = any(one.status is VerdictStatus.CLOSE for one in found.values()) or len(pairs) > 1
    return Judgement(VerdictStatus.CLOSE if close else VerdictStatus.EQUAL, "; ".join(dict.fromkeys(reasons)))


def _bad(bad: dict[_Pair, Judgement], count: int, before: WholeResult, after: WholeResult) -> Judgement:
    """Put together what is wrong with some of `count` tables."""
    first, worst = next(iter(bad.items()))
    failed = next(((pair, one) for pair, one in bad.items() if one.status is VerdictStatus.FAILED), None)
    if failed is not None:
        first, worst = failed
    if count == 1:
        return worst
    where = f"{first.name}: {worst.reason}"
    if failed is not None:
        return replace(worst, reason=where)
    reason = where if len(bad) == 1 else f"{len(bad)} of its {count} tables differ, first {where}"
    lines = [f"rows: {before.rows:,} before, {after.rows:,} after, in all tables"]
    for pair, one in list(bad.items())[:_NAMED]:
        lines += [
            f"{pair.name}: {line}" for line in ([one.reason] if one is not worst else []) + [*one.details]
        ]
    cause = next((one.cause for one in bad.values() if one.cause), "")
    return Judgement(VerdictStatus.DIFFERENT, reason, tuple(lines), cause)


def _table(pair: _Pair, policy: Policy) -> Judgement:
    old, new = pair.before, pair.after
    if old is None or new is None:
        return Judgement(VerdictStatus.DIFFERENT, "it is new" if old is None else "it is missing")
    if old.facts.table == new.facts.table:
        return Judgement(VerdictStatus.EQUAL)
    try:
        with old.open() as one, new.open() as other:
            found = compare_tables(one, other, policy, (old.facts, new.facts))
    except NoTable as error:
        return Judgement(VerdictStatus.DIFFERENT, f"other data, which cannot be compared: {error.message}")
    except (NotFound, Refused) as error:
        return Judgement(VerdictStatus.FAILED, error.message)
    return _in_words(found, policy)


def _in_words(found: Comparison, policy: Policy) -> Judgement:
    reason = explain.reason(found, policy)
    if found.verdict is not Verdict.DIFFERENT:
        return Judgement(
            VerdictStatus.EQUAL if found.verdict is Verdict.EQUAL else VerdictStatus.CLOSE, reason
        )
    cause = next(iter(explain.causes(found, policy, guess=False)), "")
    lines = [
        line
        for line in explain.details(found, policy, guess=False)
        if line != cause and not _says(reason, line)
    ]
    return Judgement(VerdictStatus.DIFFERENT, reason, tuple(lines), cause)


def _says(reason: str, line: str) -> bool:
    """Whether a line of details is nothing but what the reason says already."""
    if line.startswith("first difference: "):
        return line.removeprefix("first difference: ") in reason
    return line.removeprefix("rows: ") == reason.replace(" rows", "", 1)


def _pairs(before: Sequence[ResultTable], after: Sequence[ResultTable], policy: Policy) -> list[_Pair]:
    """Return which table is beside which.

    Those of one name and schema, then those of one name. Where order does not count the names of files do not
    either: then also those that are alone in their folder.
    """
    if len(before) == len(after) == 1:
        return [_Pair(before[0], after[0])]
    keys: list[Callable[[ResultTable], Hashable]] = [
        lambda part: (part.name, part.facts.schema),
        lambda part: part.name,
    ]
    if policy.kind == UNORDERED:
        keys.append(lambda part: (part.folder, part.name.rpartition(".")[2]))
    found: list[_Pair] = []
    left, right = list(before), list(after)
    for key in keys:
        pairs = _alone(left, right, key)
        found += pairs
        left = [part for part in left if all(part is not pair.before for pair in pairs)]
        right = [part for part in right if all(part is not pair.after for pair in pairs)]
    found += [_Pair(part, None) for part in left] + [_Pair(None, part) for part in right]
    return sorted(found, key=lambda pair: pair.name)


def _alone(
    before: Iterable[ResultTable], after: Iterable[ResultTable], key: Callable[[ResultTable], Hashable]
) -> list[_Pair]:
    """Pair those whose key nothing else on either side has."""
    sides: defaultdict[Hashable, tuple[list[ResultTable], list[ResultTable]]] = defaultdict(lambda: ([], []))
    for part in before:
        sides[key(part)][0].append(part)
    for part in after:
        sides[key(part)][1].append(part)
    return [_Pair(one[0], other[0]) for one, other in sides.values() if len(one) == len(other) == 1]
