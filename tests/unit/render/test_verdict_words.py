"""One result of `verify`, and all that is made from it."""

from dsv.hashing import file_id
from dsv.model.policy import Policy
from dsv.model.verdict import VerdictStatus
from dsv.ops.verify import Level, Verified
from dsv.render import verify as render
from dsv.render.github import annotations, summary
from dsv.render.junit import junit
from dsv.render.style import Style
from dsv.render.telling import Told, Tone
from dsv.render.verdict_words import because, details, reason, says
from dsv.runs.rebuild.cause import Cause, CauseKind, Manner, Weight
from dsv.runs.rebuild.checked_dataset import Checked
from dsv.runs.rebuild.code_traces import Trace
from dsv.runs.rebuild.evidence import Compared, Evidence, Explained, Failure, MadeFrom, NotRebuilt, Quoted
from dsv.runs.stale.stale_reasons import Reasons
from dsv.tables.compare.comparison import Cell, ColumnDifference, Comparison, Verdict

CELL = Cell("x", 3, "1", "2")
COLUMN = ColumnDifference("x", "int64", 1, CELL, None)
DIFFERENT = Comparison(Verdict.DIFFERENT, 9, 9, columns=(COLUMN,), rows=1, compared=9)
CLOCK = Cause(CauseKind.CODE, "a.py", weight=Weight.POSSIBLE, detail=Trace("clock", "", "a.py", 3))
PATH = Cause(CauseKind.ABSOLUTE, "/w/raw.csv", None, "raw.csv", Weight.SAID)
EXPLAINED = Explained(Compared(DIFFERENT, Policy()), (PATH, CLOCK), as_recorded=False, once=True)
LIKELY = "likely cause: it uses the absolute path /w/raw.csv: it should say raw.csv"
POSSIBLE = "possibly: a.py:3 uses the clock"
WHY = "1 cell in 1 row differs, first x, row 3: 1 before, 2 after"


def check(evidence: Evidence | None, status: VerdictStatus = VerdictStatus.DIFFERENT) -> Checked:
    return Checked("out.csv", status, "table", evidence)


def test_what_the_reason_says_is_not_said_again() -> None:
    assert reason(check(EXPLAINED)) == WHY
    assert details(check(EXPLAINED)) == (
        LIKELY,
        "rows: 9 before, 9 after",
        "1 cell in 1 row of 9 differs: x (1)",
        "--twice tells whether two replays agree with each other",
        POSSIBLE,
    )
    fewer = Comparison(Verdict.DIFFERENT, 9, 8, columns=(COLUMN,), rows=1, compared=8)
    found = check(Compared(fewer, Policy()))
    assert reason(found) == "9 rows before, 8 after"
    assert details(found)[0] == "first difference: x, row 3: 1 before, 2 after"


def test_everything_is_made_from_the_one_result() -> None:
    found = check(EXPLAINED)
    whole = f"{WHY}; {LIKELY}; {POSSIBLE}"
    assert because(found) == whole
    verified = Verified(file_id(b""), Level.LAST, (found,))
    records = render.document(verified)["datasets"]
    assert isinstance(records, list)
    (record,) = records
    assert (record["reason"], record["details"]) == (whole, list(details(found)))
    told = [one for one in render.lines(verified, Style(on=False)) if isinstance(one, Told)]
    assert told[0] == Told(Tone.LINE, f"different  out.csv  {WHY}")
    assert told[-1] == Told(Tone.REPORT, "1 different (level last)")
    assert f'message="{whole}"' in junit([found], "last").decode()
    assert next(annotations([found])).endswith("%0A".join([WHY, *details(found)]))
    assert POSSIBLE in summary([found], "last")


def test_what_a_command_prints_is_no_cause() -> None:
    cause = Cause(CauseKind.OUTSIDE, "/data/x", weight=Weight.SAID, detail=Manner.USED)
    found = check(Failure((cause,), ("likely cause: a stranger says so",)), VerdictStatus.FAILED)
    assert because(found) == "it uses /data/x, which is outside of the workspace and was not recorded"
    assert details(found) == ("likely cause: a stranger says so",)
    assert found.causes == (cause,)


def test_causes_are_those_of_what_it_is_made_from() -> None:
    chain = check(NotRebuilt("mid.csv", VerdictStatus.DIFFERENT, EXPLAINED))
    assert because(chain) == f"mid.csv (different), which it was made from: {WHY}; {LIKELY}; {POSSIBLE}"
    assert chain.causes == (PATH, CLOCK)
    alone = check(NotRebuilt("mid.csv", VerdictStatus.DIFFERENT, EXPLAINED, own_input="in.csv"))
    assert (because(alone), alone.causes) == ("its input in.csv could not be rebuilt", ())
    assert details(alone) == (f"mid.csv: {WHY}",)
    like = check(MadeFrom((("in.csv", VerdictStatus.CLOSE),), VerdictStatus.DIFFERENT, EXPLAINED))
    assert like.causes == (PATH, CLOCK)


def test_that_it_is_stale_is_said_beside_another_status() -> None:
    stale = Reasons(changed=("in.csv",))
    good = Checked("a", VerdictStatus.IDENTICAL, "table", stale=stale)
    assert says(good) == "stale: in.csv changed"
    assert says(Checked("a", VerdictStatus.STALE, "table", stale, stale=stale)) == "in.csv changed"
    assert says(check(Quoted("no record"))) == "no record"
