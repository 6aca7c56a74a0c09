from hypothesis import given
from hypothesis import strategies as st

from dsv.model.verdict import VerdictStatus
from dsv.render.github import ANNOTATIONS, SUMMARY_ROWS, annotations, summary
from dsv.runs.rebuild.checked_dataset import Checked
from dsv.runs.rebuild.evidence import Quoted

BAD = Checked(
    "a,b: 100%.csv", VerdictStatus.DIFFERENT, "table", Quoted("one | two", ("rows: 1", "x*y <b>")), 1.5
)
GOOD = Checked("data/a_b.csv", VerdictStatus.IDENTICAL, "table", None, 0.25)


def test_what_is_not_good_is_annotated() -> None:
    assert list(annotations([GOOD, BAD])) == [
        "::error file=a%2Cb%3A 100%25.csv,title=a%2Cb%3A 100%25.csv%3A different::one | two%0Arows: 1%0Ax*y <b>"
    ]
    assert next(annotations([BAD], "sub/")).startswith("::error file=sub/a%2Cb")


def test_no_more_annotations_than_are_kept() -> None:
    found = list(annotations([BAD] * 40))
    assert len(found) == ANNOTATIONS
    assert found[-1].endswith("::31 more datasets are not as recorded: see the summary")
    assert len(list(annotations([BAD] * ANNOTATIONS))) == ANNOTATIONS


@given(st.text(), st.text())
def test_no_text_ends_a_command_or_a_row(path: str, reason: str) -> None:
    check = Checked(path, VerdictStatus.FAILED, "table", Quoted(reason, (reason,)))
    (command,) = annotations([check])
    assert "\n" not in command
    assert "\r" not in command
    assert command.count("::") >= 2
    rows = [line for line in summary([check], "raw").split("\n") if line.startswith("| ❌")]
    assert len(rows) == 1
    assert rows[0].replace("\\\\", "").replace("\\|", "").count("|") == 7


def test_the_summary_lists_the_bad_first() -> None:
    assert summary([GOOD, BAD], "last") == (
        "### dsv verify --level last: failed\n"
        "\n"
        "2 datasets: 1 identical, 1 different\n"
        "\n"
        "| | Dataset | Status | Policy | Seconds | Reason |\n"
        "|---|---|---|---|---:|---|\n"
        "| ❌ | a,b: 100%.csv | different | table | 1.5 | one \\| two |\n"
        "| ✅ | data/a\\_b.csv | identical | table | 0.2 |  |\n"
        "\n"
        "<details><summary>a,b: 100%.csv</summary>\n"
        "\n"
        "- rows: 1\n"
        "- x\\*y &lt;b&gt;\n"
        "\n"
        "</details>\n"
    )
    assert "passed" in summary([], "hashes")
    assert "10 more are not listed." in summary([GOOD] * (SUMMARY_ROWS + 10), "last")


def test_metadata_that_the_policy_accepts_is_not_marked() -> None:
    status = VerdictStatus.EQUAL_BUT_FOR_METADATA
    checks = [
        Checked("bad.parquet", status, "table", Quoted("metadata: x")),
        Checked("good.parquet", status, "table, metadata ignored", Quoted("metadata: x"), accepted=True),
    ]
    (line,) = annotations(checks)
    assert line.startswith("::error file=bad.parquet,title=bad.parquet%3A equal but for metadata::")
    assert "2 datasets: 2 equal but for metadata" in summary(checks, "last")
