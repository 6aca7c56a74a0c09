"""What a replay did that its record does not account for, and the words for it."""

from dataclasses import replace

import pytest

from dsv.capture.detect import Captured, Contact
from dsv.model.attempt import CALLS
from dsv.render.cause_words import LIKELY, POSSIBLY, lines, words
from dsv.runs.differences import Aspect, Circumstance
from dsv.runs.rebuild.cause import Cause, CauseKind, MoreNames, Weight, ranked
from dsv.runs.rebuild.code_traces import Trace
from dsv.runs.rebuild.unrecorded import Expected, seen
from dsv.tables.compare.suggestion import Suggested, Suggestion

NONE: frozenset[str] = frozenset()
NOTHING = Captured(NONE, NONE, NONE, NONE, NONE, complete=True, blind_spots=(), eye=CALLS)
RUN = Expected(
    laid=frozenset({"make.py", "pages/a.txt", "data"}),
    outputs=frozenset({"out.csv"}),
    listings={"": frozenset({"make.py", "pages"}), "raw": frozenset({"x.csv", "y.csv"})},
    absent=frozenset({"local_settings.py"}),
    found=frozenset({"conf/local"}),
    withheld=frozenset({".env"}),
    state=frozenset({".cache"}),
    now={"pages": frozenset({"a.txt", "b.txt", "c.txt", "d.txt"}), "data": frozenset({"p", "q"})}.get,
    there=lambda path: path == "setup.cfg",
)


def told(**did: object) -> list[str]:
    return [words(one) for one in seen(replace(NOTHING, **did), RUN)]  # type: ignore[arg-type]


def paths(*names: str) -> frozenset[str]:
    return frozenset(names)


def test_what_the_record_accounts_for_is_not_told() -> None:
    assert told(read=paths("make.py", "pages/a.txt", "data/part.csv", "out.csv")) == []
    assert told(absent=paths("local_settings.py", "tmp/cache", "out.csv.lock")) == []
    assert told(found=paths("conf/local"), listed=paths("", "raw", "data", "data/inner", "nowhere")) == []
    assert (
        told(
            contacts=(
                Contact("connect", "127.0.0.1:5432", "p"),
                Contact("bind", "0.0.0.0:5432", "q"),
                Contact("connect", "unix:/run/x", "p"),
            )
        )
        == []
    )
    assert told(contacts=(Contact("bind", "0.0.0.0:80", "p"),)) == []
    assert told(written=paths("local_settings.py"), read=paths("local_settings.py")) == []


@pytest.mark.parametrize(
    ("did", "wanted"),
    [
        ({"absent": paths(".cache", ".cache/count")}, "looked for .cache/count, which an earlier run may have left and which is left out of records"),
        ({"absent": paths(".env")}, "looked for .env, which is withheld from the record because it may hold secrets"),
        ({"absent": paths("conf/local")}, "looked for conf/local, which was there when it was recorded"),
        ({"absent": paths("raw/x.csv")}, "looked for raw/x.csv, which was there when it was recorded"),
        ({"absent": paths("setup.cfg")}, "looked for setup.cfg, which is in the workspace and was not recorded"),
        ({"read": paths("raw/x.csv")}, "read raw/x.csv, whose bytes were not recorded"),
        ({"found": paths("local_settings.py")}, "found local_settings.py, which was not there when it was recorded"),
        ({"outside": paths("/data/x.csv")}, "read outside /data/x.csv, which was not recorded"),
        ({"listed": paths("pages")}, "listed pages/, which holds 3 names more (b.txt, c.txt, d.txt)"),
        ({"contacts": (Contact("connect", "93.184.216.34:443", "p"),)}, "connected to 93.184.216.34:443, which a replay does not allow"),
    ],
)  # fmt: skip
def test_what_it_does_not_account_for_is(did: dict[str, object], wanted: str) -> None:
    assert told(**did) == [wanted]


GUESS = Cause(CauseKind.CODE, "train.py", weight=Weight.POSSIBLE, detail=Trace("random", "", "train.py", 12))


def package(name: str) -> Cause:
    other = Circumstance(Aspect.ENVIRONMENT, name, "1", "2")
    return Cause(CauseKind.PACKAGE, name, "1", "2", Weight.CHANGED, other)


def test_what_was_seen_comes_first_and_what_is_only_possible_last() -> None:
    times = Suggestion(Suggested.TIMES, ("at",))
    causes = ranked(
        [
            GUESS,
            Cause(CauseKind.DATA, "", weight=Weight.SUGGESTED, detail=times),
            *(package(name) for name in ("numpy", "pandas")),
            Cause(CauseKind.LISTING, "pages/", detail=MoreNames(("a", "b", "c"))),
        ]
    )
    said = lines(causes, ["rows: 3 before, 4 after"], as_recorded=False, hint="ask again")
    assert said == (
        f"{LIKELY}listed pages/, which holds 3 names more (a, b, c)",
        "rows: 3 before, 4 after",
        "numpy changed from 1 to 2",
        "pandas changed from 1 to 2",
        "only times differ (at): the clock?; ignore_columns leaves them out",
        "ask again",
        f"{POSSIBLY}train.py:12 uses random numbers",
    )


def test_a_guess_is_never_called_likely() -> None:
    said = lines([GUESS], [], as_recorded=True)
    assert said[-1] == f"{POSSIBLY}train.py:12 uses random numbers"
    assert not any(line.startswith(LIKELY) for line in said)
