"""The benchmark's page: figures are replaced, and what people wrote between them stays."""

import pytest

from tests.bench import report
from tests.bench.book import Book
from tests.bench.catalog import WORKS, chosen
from tests.bench.measure import Sample
from tests.bench.page import updated


def test_what_is_written_by_hand_stays_where_it_is() -> None:
    first = updated(None, {"table": "| 1 |", "misses": "None."})
    page = first.replace("<!-- end of table -->", "<!-- end of table -->\n\nBy hand: C:\\1 \\g<0>.")
    again = updated("Before.\n\n" + page + "\nAfter.\n", {"table": "| 2 |", "misses": "One.", "more": ""})
    assert again == "Before.\n\n" + page.replace("| 1 |", "| 2 |").replace("None.", "One.") + "\nAfter.\n"


def test_writing_the_same_twice_changes_nothing() -> None:
    blocks = {"table": "| 1 |\n", "misses": "None."}
    page = updated("By hand.\n", blocks)
    assert updated(page, blocks) == page
    assert page.startswith("By hand.\n\n<!-- measured: table -->\n| 1 |\n<!-- end of table -->\n")


def test_a_block_that_is_empty_now_loses_what_it_held() -> None:
    assert "failed" not in updated(updated(None, {"failures": "failed"}), {"failures": ""})
    assert updated("By hand.\n", {"failures": ""}) == "By hand.\n"


def test_works_are_named_alone_or_by_their_group() -> None:
    assert chosen("facts,parquet") == ["parquet", "facts"]
    assert {work.name for work in WORKS if work.bucket} == set(chosen("remote"))
    with pytest.raises(ValueError, match="remot"):
        chosen("remot")


def test_names_of_works_and_metrics_are_used_once() -> None:
    names = [work.name for work in WORKS]
    assert len(names) == len(set(names))
    assert report.REASONS.keys() <= {f"{work.name}.{row.metric}" for work in WORKS for row in work.rows}


def lines(book: Book) -> dict[str, list[str]]:
    return {label: list(rest) for label, *rest in report.lines(book)}


def test_bars_are_met_or_missed_beside_another_tool_with_slack_or_alone() -> None:
    book = Book()
    for metric, who, value in (
        ("remote-folder.push", "dsv", 5.0),
        ("remote-folder.push", "DVC", 60.0),
        ("remote-traffic.append", "dsv", 20e6),
        ("remote-traffic.append", "DVC", 400e6),
        ("remote-traffic.small", "dsv", 9.0),
        ("remote-commits.clone", "dsv", 2.5),
        ("run.first", "dsv", 3.5),
        ("run.first", "by hand", 2.0),
    ):
        book.add(metric, who, Sample(value, 0.0, 0))
    found = lines(book)
    assert found["push of 20,000 files of 2-20 KB"][:5] == ["5.00 s", "DVC 60.0 s", "0.083", "0.1", "met"]
    sent = found["push after appending 1% to 430 MB Parquet: bytes sent"]
    assert sent[:5] == ["20.00 MB", "DVC 400.00 MB", "0.050", "0.03", "missed by 67%"]
    small = found["push of one small commit: requests"]
    assert small[:5] == ["9 requests", "-", "-", "6 requests", "missed by 50%"]
    assert found["1,000 commits: `clone --no-data`"][:5] == ["2.50 s", "-", "-", "3 s", "met"]
    run = found["a script that reads and writes 30 MB Parquet: `dsv run`"]
    assert run[:5] == ["3.50 s", "by hand 2.00 s", "1.75", "1 + 1 s", "missed by 17%"]
    assert len(list(report.misses(book))) == 3
