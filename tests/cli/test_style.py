import pytest
from hypothesis import given
from hypothesis import strategies as st

from dsv.render.history_graph import Lanes
from dsv.render.style import Style, columns, counted, fitted, printable, size, width
from dsv.render.when import ago, iso, readable


@given(st.text())
def test_printable_text_stays_on_its_line(text: str) -> None:
    safe = printable(text)
    assert len(safe.splitlines()) <= 1
    assert "\x1b" not in safe
    safe.encode()


def test_printable_keeps_what_people_write() -> None:
    assert printable("Übung 🦆.csv") == "Übung 🦆.csv"
    assert printable("a\nb\x1b[2J\u202e") == "a\\nb\\x1b[2J\\u202e"


@pytest.mark.parametrize(
    ("count", "text"),
    [
        (0, "0 B"),
        (999, "999 B"),
        (1000, "1.00 kB"),
        (9_999, "10.0 kB"),
        (99_960, "100 kB"),
        (30_123_456, "30.1 MB"),
        (999_600, "1.00 MB"),
        (10**16, "10.0 PB"),
        (10**19, "10000 PB"),
    ],
)
def test_sizes_have_three_digits(count: int, text: str) -> None:
    assert size(count) == text


def test_counts_have_their_noun() -> None:
    assert [counted(number, "row") for number in (0, 1, 336_776)] == ["0 rows", "1 row", "336,776 rows"]


def test_columns_align_wide_letters() -> None:
    lines = columns([("a", "1"), ("日本", "22")], [4, 2], [False, True])
    assert lines == ["a      1", "日本  22"]
    assert width("日本") == 4


def test_colours_can_be_off() -> None:
    assert Style(on=False).id("3f9a") == "3f9a"
    assert Style(on=True).id("3f9a") == "\x1b[33m3f9a\x1b[0m"


def test_times() -> None:
    assert iso(0, 90) == "1970-01-01T01:30:00+01:30"
    assert readable(0, -60) == "1969-12-31 23:00:00 -0100"
    assert iso(10**18, 0).startswith("1970")
    assert [ago(0, age) for age in (-5, 59, 60, 7200, 86_400)] == [
        "just now",
        "just now",
        "1 minute ago",
        "2 hours ago",
        "1 day ago",
    ]


def test_graph_of_a_merge() -> None:
    lanes = Lanes()
    drawn = [
        line
        for oid, parents in (("m", ["a", "b"]), ("b", ["r"]), ("a", ["r"]), ("r", []))
        for line in lanes.beside(oid, parents, [oid])
    ]
    assert drawn == ["*  m", "|\\", "| *  b", "* |  a", "|/", "*  r"]


def test_lines_are_cut_to_the_screen() -> None:
    assert fitted("abcd", 4) == "abcd"
    assert fitted("abcde", 4) == "abc…"
    assert fitted("\x1b[1mabcde\x1b[0m", 4) == "\x1b[1mabc…\x1b[0m"
    assert fitted("\x1b[1mabcd\x1b[0m", 4) == "\x1b[1mabcd\x1b[0m"
    assert width(fitted("数据集数据集", 6)) <= 6
