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
from dsv.runs.rebuild.evidence import (
    Compared,
    Evidence,
    MetadataDiffers,
    NoTableThere,
    NotComparable,
    OneTable,
    Quoted,
    Remark,
    TablePart,
    TablesAlike,
    TablesDiffer,
    UnknownMetadata,
)
from dsv.runs.rebuild.whole_results import ResultTable, WholeResult, whole
from dsv.tables.compare.compare_tables import compare as compare_tables
from dsv.tables.compare.comparison import Comparison, Verdict
from dsv.tables.compare.suggest import suggestion
from dsv.tables.compare.suggestion import Suggestion
from dsv.tables.formats.preview import escape
from dsv.tables.values.metadata import SaidOtherwise, first_difference, unknown_differences


@dataclass(frozen=True, slots=True)
class Judgement:
    """What a result is, beside what was recorded.

    Attributes:
        status: `IDENTICAL`, `EQUAL`, `EQUAL_BUT_FOR_METADATA`, `CLOSE`, `DIFFERENT`, or `FAILED` where that
            cannot be told.
        evidence: Why; None where it needs no reason.
        suggestion: What the kind of difference suggests as its cause; None if nothing.
        accepted: Whether the policy accepts a status that is not good by itself.
    """

    status: VerdictStatus
    evidence: Evidence | None = None
    suggestion: Suggestion | None = None
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
        return Judgement(VerdictStatus.DIFFERENT, Remark.OTHER_BYTES)
    try:
        one = whole(before)
    except NoTable as error:
        return Judgement(VerdictStatus.DIFFERENT, NoTableThere(error.message, recorded=True))
    try:
        other = whole(after)
    except NoTable as error:
        return Judgement(VerdictStatus.DIFFERENT, NoTableThere(error.message))
    found = Judgement(VerdictStatus.EQUAL) if one.table == other.table else _tables(one, other, policy)
    return _with_metadata(found, one, other, policy) if found.good else found


def _with_metadata(found: Judgement, before: WholeResult, after: WholeResult, policy: Policy) -> Judgement:
    """Return what two wholes are whose tables are `found` to be good enough."""
    old, new = before.metadata(), after.metadata()
    differs = first_difference(old, new, policy.ignore_columns)
    if differs is None:
        return _with_unknown(found, unknown_differences(old, new))
    ignored = policy.metadata == IGNORE
    if found.status is VerdictStatus.EQUAL:
        evidence = MetadataDiffers(differs, ignored)
        return Judgement(VerdictStatus.EQUAL_BUT_FOR_METADATA, evidence, accepted=ignored)
    evidence = MetadataDiffers(differs, ignored, found.evidence)
    return replace(found, evidence=evidence) if ignored else Judgement(VerdictStatus.DIFFERENT, evidence)


def _with_unknown(found: Judgement, unknown: Sequence[SaidOtherwise]) -> Judgement:
    """Say of what nobody knows whether it carries meaning that it was not compared."""
    if not unknown:
        return found
    names = tuple(escape(one.place) for one in unknown)
    return replace(found, evidence=UnknownMetadata(names, found.evidence))


def _tables(before: WholeResult, after: WholeResult, policy: Policy) -> Judgement:
    """Compare the tables of two wholes that have other table ids."""
    pairs = _pairs(before.parts, after.parts, policy)
    found = {pair: _table(pair, policy) for pair in pairs}
    bad = {pair: one for pair, one in found.items() if not one.good}
    if bad:
        return _bad(bad, len(pairs), before, after)
    evidence = tuple(one.evidence for one in found.values() if one.evidence is not None)
    renamed = any(pair.before.name != pair.after.name for pair in pairs if pair.before and pair.after)
    close = any(one.status is VerdictStatus.CLOSE for one in found.values()) or len(pairs) > 1
    return Judgement(
        VerdictStatus.CLOSE if close else VerdictStatus.EQUAL, TablesAlike(evidence, renamed=renamed)
    )


def _bad(bad: dict[_Pair, Judgement], count: int, before: WholeResult, after: WholeResult) -> Judgement:
    """Put together what is wrong with some of `count` tables."""
    first, worst = next(iter(bad.items()))
    failed = next(((pair, one) for pair, one in bad.items() if one.status is VerdictStatus.FAILED), None)
    if failed is not None:
        first, worst = failed
    if count == 1:
        return worst
    if failed is not None:
        return replace(worst, evidence=OneTable(TablePart(first.name, worst.evidence)))
    parts = tuple(TablePart(pair.name, one.evidence) for pair, one in bad.items())
    looks = next((one.suggestion for one in bad.values() if one.suggestion is not None), None)
    return Judgement(
        VerdictStatus.DIFFERENT, TablesDiffer(parts, count, before.rows, after.rows), suggestion=looks
    )


def _table(pair: _Pair, policy: Policy) -> Judgement:
    old, new = pair.before, pair.after
    if old is None or new is None:
        return Judgement(VerdictStatus.DIFFERENT, Remark.ONLY_AFTER if old is None else Remark.ONLY_BEFORE)
    if old.facts.table == new.facts.table:
        return Judgement(VerdictStatus.EQUAL)
    try:
        with old.open() as one, new.open() as other:
            found = compare_tables(one, other, policy, (old.facts, new.facts))
    except NoTable as error:
        return Judgement(VerdictStatus.DIFFERENT, NotComparable(error.message))
    except (NotFound, Refused) as error:
        return Judgement(VerdictStatus.FAILED, Quoted(error.message))
    return _judged(found, policy)


def _judged(found: Comparison, policy: Policy) -> Judgement:
    if found.verdict is Verdict.EQUAL:
        return Judgement(VerdictStatus.EQUAL)
    compared = Compared(found, policy)
    if found.verdict is Verdict.CLOSE:
        return Judgement(VerdictStatus.CLOSE, compared)
    return Judgement(VerdictStatus.DIFFERENT, compared, suggestion(found, policy, guess=False))


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
