"""Why a dataset has its status, in words: a reason in one line, and lines that say more."""

from dsv.capture.portable import IN_SESSION
from dsv.ids import short
from dsv.render import cause_words, stale_words
from dsv.render.statuses import MEANINGS
from dsv.runs.rebuild import evidence
from dsv.runs.rebuild.evidence import Evidence, Remark, TablePart
from dsv.runs.stale.stale_reasons import Reasons

_NAMED = 3
"""Tables of a folder of which the difference is told in detail, and names of metadata."""

_TWICE = "--twice tells whether two replays agree with each other"

_REMARKS = {
    Remark.OTHER_BYTES: "other bytes",
    Remark.ONLY_AFTER: "it is new",
    Remark.ONLY_BEFORE: "it is missing",
    Remark.NOT_WRITTEN: "the command ended well and did not write it",
    Remark.WRITTEN_ONCE: "only one of two replays wrote it",
    Remark.NOT_YET: "it is not replayed yet",
    Remark.METADATA_DIFFERS: "other metadata; the recorded bytes are not here to tell which",
    Remark.METADATA_PASSED_OVER: "its metadata was not compared: the recorded bytes are not here",
    Remark.METADATA_UNKNOWN: "it is the same table, and whether its metadata is the same cannot be told: "
    "the recorded bytes are not here",
    Remark.MASKED: "a secret in its command was masked, so that it cannot be repeated",
    Remark.IN_SESSION: IN_SESSION,
    Remark.DELETED: "it was deleted from the workspace",
    Remark.NOT_COMMITTED: "the copy in the workspace is not the committed version",
}


def reason(found: Evidence | None) -> str:
    """Return in one line why the status is what it is; "" where it needs no reason."""
    match found:
        case None:
            return ""
        case Remark():
            return _REMARKS[found]
        case Reasons():
            return stale_words.text(found) or stale_words.doubt(found)
        case evidence.Quoted():
            return found.text
        case evidence.Lost():
            return f"{short(found.origin)}, where it came from, has no record or did not give this data"
        case evidence.Edited():
            return f"edited by hand after the run {short(found.run)}"
        case evidence.Failure():
            return cause_words.reason(found.causes)
        case evidence.TimedOut():
            return f"it ran longer than {cause_words.limit(found.limit)}"
        case evidence.TwoReplays():
            return f"two replays differ: {reason(found.found)}"
        case evidence.Explained():
            return reason(found.found)
        case evidence.MadeFrom() | evidence.NotRebuilt():
            return _of_inputs(found)
        case evidence.MetadataDiffers() | evidence.UnknownMetadata():
            return _of_metadata(found)
        case _:
            return _of_data(found)


def details(found: Evidence | None) -> tuple[str, ...]:
    """Return more lines, from the most to the least telling."""
    match found:
        case evidence.Quoted():
            return found.lines
        case evidence.Explained():
            return cause_words.lines(
                found.causes,
                details(found.found),
                as_recorded=found.as_recorded,
                hint=_TWICE if found.once else "",
            )
        case evidence.Failure():
            return (*cause_words.lines_of_failure(found.causes), *found.tail)
        case evidence.TimedOut():
            return found.tail
        case evidence.Compared():
            from dsv.render import comparison_words

            return comparison_words.details_beside_reason(found.found)
        case evidence.TablesDiffer():
            return _of_tables(found)
        case evidence.OneTable():
            return details(found.part.found)
        case evidence.OtherTable():
            return ("the recorded bytes are not here to compare with",)
        case evidence.MetadataDiffers() if found.beside is None and not found.ignored:
            return ('metadata = "ignore" in its rule accepts it',)
        case evidence.TwoReplays() | evidence.MadeFrom():
            return details(found.found)
        case evidence.NotRebuilt():
            return (f"{found.root}: {_told(found)}",) if found.own_input else details(found.found)
    return ()


def likely(found: Evidence | None) -> tuple[str, ...]:
    """Return the lines of `details` that name the likely cause, and a possible one."""
    one = evidence.explained(found)
    return () if one is None else cause_words.foremost(one.causes)


def _of_inputs(found: evidence.MadeFrom | evidence.NotRebuilt) -> str:
    if isinstance(found, evidence.NotRebuilt):
        if found.own_input:
            return f"its input {found.own_input} could not be rebuilt"
        return f"{found.root} ({found.status}), which it was made from: {_told(found)}"
    names = ", ".join(f"{path} as it was rebuilt ({status})" for path, status in found.inputs)
    return (
        f"it was made from {names}, as the recorded bytes are not here, and gave: "
        f"{_told(found)}; whether those give it cannot be told"
    )


def _told(found: evidence.MadeFrom | evidence.NotRebuilt) -> str:
    return reason(found.found) or MEANINGS[found.status]


def _of_metadata(found: evidence.MetadataDiffers | evidence.UnknownMetadata) -> str:
    if isinstance(found, evidence.UnknownMetadata):
        more = f" and {len(found.names) - _NAMED} more" if len(found.names) > _NAMED else ""
        words = f"metadata that dsv does not know is not compared: {', '.join(found.names[:_NAMED])}{more}"
        return "; ".join(filter(None, (reason(found.beside), words)))
    from dsv.render import comparison_words

    words = f"metadata: {comparison_words.metadata(found.differs)}"
    if found.beside is None:
        return words
    return f"{reason(found.beside)}{'; other' if found.ignored else ', but other'} {words}"


def _of_data(
    found: evidence.KindDiffers
    | evidence.SizeDiffers
    | evidence.Unmeasured
    | evidence.NoTableThere
    | evidence.OtherTable
    | evidence.Untold
    | evidence.Compared
    | evidence.NotComparable
    | evidence.TablesDiffer
    | evidence.OneTable
    | evidence.TablesAlike,
) -> str:
    match found:
        case evidence.KindDiffers():
            return f"it is {found.after} and was {found.before}"
        case evidence.SizeDiffers():
            unit = "files" if found.files else "B"
            return f"other bytes: {found.before:,} {unit} before, {found.after:,} after"
        case evidence.Unmeasured():
            return f"{reason(found.found)}; its policy ({found.policy}) cannot be applied: it is no table"
        case evidence.NoTableThere() if found.recorded:
            return f"other bytes, and what was recorded cannot be read: {found.problem}"
        case evidence.NoTableThere():
            return f"the rebuild is no table: {found.problem}"
        case evidence.OtherTable():
            rows = "" if found.rows_before is None else f"{found.rows_before:,} rows before, "
            counts = f"{rows}{found.rows_after:,} after; " if rows else ""
            return f"{counts}table {short(found.before)} was recorded, {short(found.after)} came out"
        case evidence.Untold():
            return (
                f"the rebuild is another table, and whether it is within the policy ({found.policy}) cannot be told: "
                "the recorded bytes are not here"
            )
        case evidence.NotComparable():
            return f"other data, which cannot be compared: {found.problem}"
        case evidence.TablesDiffer():
            where = _where(found.parts[0])
            return (
                where
                if len(found.parts) == 1
                else f"{len(found.parts)} of its {found.count} tables differ, first {where}"
            )
        case evidence.OneTable():
            return _where(found.part)
        case evidence.TablesAlike():
            said = [reason(one) for one in found.found] + ["files have other names"] * found.renamed
            return "; ".join(dict.fromkeys(filter(None, said)))
        case evidence.Compared():
            from dsv.render import comparison_words

            return comparison_words.reason(found.found, found.policy)


def _of_tables(found: evidence.TablesDiffer) -> tuple[str, ...]:
    lines = [f"rows: {found.rows_before:,} before, {found.rows_after:,} after, in all tables"]
    for number, part in enumerate(found.parts[:_NAMED]):
        own = [reason(part.found)] if number else []
        lines += [f"{part.name}: {line}" for line in [*own, *details(part.found)]]
    return tuple(lines)


def _where(part: TablePart) -> str:
    return f"{part.name}: {reason(part.found)}"
