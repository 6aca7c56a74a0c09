from xml.etree import ElementTree as ET

from hypothesis import given
from hypothesis import strategies as st

from dsv.model.verdict import VerdictStatus
from dsv.render.junit import junit
from dsv.runs.rebuild.checked_dataset import Checked
from dsv.runs.rebuild.evidence import Quoted
from dsv.runs.stale.stale_reasons import Reasons

CHECKS = (
    Checked("data/a.parquet", VerdictStatus.EQUAL, "table", None, 1.25),
    Checked(
        'data/b <&> ".csv',
        VerdictStatus.DIFFERENT,
        "table",
        Quoted("3 cells differ", ("rows: 1", "x < y")),
        2.5,
    ),
    Checked("raw", VerdictStatus.SOURCE, "table"),
    Checked("late", VerdictStatus.STALE, "exact"),
)


def test_each_dataset_is_a_test_case() -> None:
    root = ET.fromstring(junit(CHECKS, "last"))
    (suite,) = root
    assert (root.tag, suite.tag, suite.get("name")) == ("testsuites", "testsuite", "dsv verify")
    totals = [suite.get(key) for key in ("tests", "failures", "errors", "skipped", "time")]
    assert totals == ["4", "2", "0", "1", "3.750"]
    assert [case.get("name") for case in suite] == [check.path for check in CHECKS]
    assert {case.get("classname") for case in suite} == {"last"}
    good, bad, raw, late = suite
    assert [child.tag for child in good] == ["system-out"]
    assert (bad[0].tag, bad[0].get("type"), bad[0].get("message")) == (
        "failure",
        "different",
        "3 cells differ",
    )
    assert bad[0].text == "different (policy table): 3 cells differ\nrows: 1\nx < y"
    assert raw[0].tag == "skipped"
    assert late[0].get("message") == "inputs, code or parameters have changed since"


@given(st.text(), st.text(), st.sampled_from(VerdictStatus))
def test_any_text_is_valid_xml(path: str, reason: str, status: VerdictStatus) -> None:
    root = ET.fromstring(junit([Checked(path, status, "table", Quoted(reason, (reason,)))], "raw"))
    assert root[0][0].get("name") is not None


def test_no_datasets() -> None:
    assert ET.fromstring(junit([], "hashes"))[0].get("tests") == "0"


def test_what_a_policy_accepts_is_no_failure_and_what_is_stale_is_said() -> None:
    status = VerdictStatus.EQUAL_BUT_FOR_METADATA
    checks = [
        Checked("a", status, "table", Quoted("metadata: x")),
        Checked("b", status, "table, metadata ignored", Quoted("metadata: x"), accepted=True),
        Checked("c", VerdictStatus.IDENTICAL, "table", stale=Reasons(changed=("in.csv",))),
    ]
    bad, accepted, stale = ET.fromstring(junit(checks, "last"))[0]
    assert (bad[0].tag, bad[0].get("type")) == ("failure", "equal but for metadata")
    assert accepted[0].tag == stale[0].tag == "system-out"
    assert stale[0].text == "identical (policy table): stale: in.csv changed"
