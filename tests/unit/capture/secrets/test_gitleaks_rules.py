"""The published rules: all of them are understood, and none takes long."""

import re
import time

import pytest

from dsv.capture.secrets import gitleaks_rules


def test_all_rules_are_understood() -> None:
    found, allowed = gitleaks_rules.rules()
    assert len(found) > 200
    for rule in found:
        assert rule.words, rule.name
        gitleaks_rules.compiled(rule.pattern)
        for one in rule.allowed:
            for pattern in (*one.patterns, *one.paths):
                gitleaks_rules.compiled(pattern)
    for pattern in (*allowed.patterns, *allowed.paths):
        gitleaks_rules.compiled(pattern)


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
    pattern = gitleaks_rules.compiled(go)
    assert all(pattern.fullmatch(text) for text in yes)
    assert not any(pattern.fullmatch(text) for text in no)


def test_a_licence_is_beside_the_rules() -> None:
    folder = gitleaks_rules._FILE.parent
    assert re.search(r"MIT License\s+Copyright", (folder / "LICENSE").read_text())


@pytest.mark.parametrize(
    "unit", ["{} ", "{}= ", "{}_____", "a{}", "{}                   '''='='=", "{}-1-1-"]
)
def test_looking_takes_time_in_proportion_to_the_text(unit: str) -> None:
    """Each word of each rule, many times: of eight times the text at most four times what is in proportion."""
    words = sorted({word for rule in gitleaks_rules.rules()[0] for word in rule.words})
    once = "".join(unit.format(word) * 12 for word in words)
    list(gitleaks_rules.find("x.txt", once))  # compiles

    def seconds(text: str) -> float:
        best = 9.0
        for _ in range(3):
            start = time.process_time()
            list(gitleaks_rules.find("x.txt", text))
            best = min(best, time.process_time() - start)
        return best

    # Quadratic work would take 64 times as long.
    assert seconds(once * 8) < 32 * max(seconds(once), 0.01)
