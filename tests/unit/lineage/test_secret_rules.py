"""The published rules: all of them are understood, and none takes long."""

import re
import time

import pytest

from dsv.lineage import secretrules


def test_all_rules_are_understood() -> None:
    found, allowed = secretrules.rules()
    assert len(found) > 200
    for rule in found:
        assert rule.words, rule.name
        secretrules.compiled(rule.pattern)
        for one in rule.allowed:
            for pattern in (*one.patterns, *one.paths):
                secretrules.compiled(pattern)
    for pattern in (*allowed.patterns, *allowed.paths):
        secretrules.compiled(pattern)


@pytest.mark.parametrize(
    ("go", "yes", "no"),
    [
        (r"a(?i)b", ["ab", "aB"], ["Ab", "AB"]),
        (r"(a(?i)b|c)d", ["abd", "aBd", "Cd"], ["ABd", "abD"]),
        (r"x[[:alnum:]]\z", ["x1", "xZ"], ["x-", "x1 "]),
        (r"[(?i)]+", ["(?i)"], ["I"]),
        (r"(?i)a(?-i:b)", ["Ab"], ["AB"]),
    ],
)
def test_flags_end_with_their_group(go: str, yes: list[str], no: list[str]) -> None:
    pattern = secretrules.compiled(go)
    assert all(pattern.fullmatch(text) for text in yes)
    assert not any(pattern.fullmatch(text) for text in no)


def test_a_licence_is_beside_the_rules() -> None:
    folder = secretrules._FILE.parent
    assert re.search(r"MIT License\s+Copyright", (folder / "LICENSE").read_text())


@pytest.mark.parametrize(
    "unit", ["{} ", "{}= ", "{}_____", "a{}", "{}                   '''='='=", "{}-1-1-"]
)
def test_twice_the_text_takes_twice_the_time(unit: str) -> None:
    """Each word of each rule, many times: four times the text may not take ten times as long."""
    words = sorted({word for rule in secretrules.rules()[0] for word in rule.words})
    once = "".join(unit.format(word) * 12 for word in words)
    list(secretrules.find("x.txt", once))  # compiles

    def seconds(text: str) -> float:
        start = time.process_time()
        list(secretrules.find("x.txt", text))
        return time.process_time() - start

    assert seconds(once * 4) < 10 * max(min(seconds(once), seconds(once)), 0.05)
