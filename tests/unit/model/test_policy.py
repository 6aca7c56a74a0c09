import pytest

from dsv.config.load import parse
from dsv.config.rules import policy_of
from dsv.errors import BadConfig
from dsv.model.policy import COMPARE, EXACT, IGNORE, TABLE, UNORDERED, Policy
from dsv.model.verdict import VerdictStatus
from dsv.render.statuses import MEANINGS
from dsv.render.verdict_words import because
from dsv.runs.rebuild.cause import Cause, CauseKind, Weight
from dsv.runs.rebuild.checked_dataset import Checked, all_good, counted
from dsv.runs.rebuild.evidence import Explained, Quoted


def rules(text: str) -> str:
    return "".join(f'[[dataset]]\nmatch = "*"\n{line}\n' for line in text.split("|"))


def test_without_a_rule_the_table_counts_and_without_a_table_the_bytes() -> None:
    policy = policy_of(None)
    assert (policy.kind, policy.text, policy.by_bytes) == (TABLE, "table", False)
    assert policy.applied(table=True) == policy
    lax = Policy(UNORDERED, 1e-9, frozenset({"a"}), ("k",))
    assert lax.applied(table=False) == Policy(EXACT)


def test_rules_become_policies() -> None:
    config = parse(
        shared=rules('policy = "unordered"\ntolerance = 1e-9\nignore_columns = ["b", "a"]\nkey = "k"')
    )
    policy = config.policy_for("x.csv")
    assert policy == Policy(UNORDERED, 1e-9, frozenset({"a", "b"}), ("k",))
    assert policy.text == "unordered, tolerance 1e-09, without a, b"
    assert parse(shared=rules("tolerance = 0.5")).policy_for("x").text == "table, tolerance 0.5"
    assert parse(shared=rules('policy = "exact"')).policy_for("x").by_bytes


@pytest.mark.parametrize(
    "lax", ["tolerance = 0.1", 'ignore_columns = ["a"]', 'key = "a"', 'metadata = "ignore"']
)
def test_exact_and_lax_at_once_is_refused(lax: str) -> None:
    with pytest.raises(BadConfig, match=r"compares bytes"):
        parse(shared=rules(f'policy = "exact"\n{lax}')).policy_for("x")


def test_statuses() -> None:
    checks = [Checked("a", VerdictStatus.EQUAL, "table"), Checked("b", VerdictStatus.SOURCE, "table")]
    assert all_good(checks)
    assert not all_good([*checks, Checked("c", VerdictStatus.STALE, "table")])
    assert counted([*checks, *checks]) == {VerdictStatus.EQUAL: 2, VerdictStatus.SOURCE: 2}
    assert [status for status in VerdictStatus if status.good] == [
        "identical",
        "equal",
        "close",
        "recorded",
        "source",
    ]
    assert all(MEANINGS[status] for status in VerdictStatus)


def test_metadata_is_compared_unless_the_rule_says_otherwise() -> None:
    assert parse(shared=rules('policy = "table"')).policy_for("x").metadata == COMPARE
    lax = parse(shared=rules('metadata = "ignore"')).policy_for("x")
    assert (lax.metadata, lax.text) == (IGNORE, "table, metadata ignored")
    assert not lax.needs_table
    with pytest.raises(BadConfig, match="metadata must be compare or ignore"):
        parse(shared=rules('metadata = "some"'))


@pytest.mark.parametrize(
    ("rule", "needs"),
    [('policy = "table"', False), ('policy = "unordered"', True), ("tolerance = 0.1", True), ('key = "k"', True),
     ('ignore_columns = "a"', True)],
)  # fmt: skip
def test_what_only_a_table_can_have(rule: str, *, needs: bool) -> None:
    assert parse(shared=rules(rule)).policy_for("x").needs_table is needs


def test_a_key_that_is_left_out_is_refused() -> None:
    with pytest.raises(BadConfig, match="k cannot be in key and in ignore_columns"):
        parse(shared=rules('key = "k"\nignore_columns = ["k"]')).policy_for("x")


def test_a_policy_can_accept_more_than_a_status_promises() -> None:
    found = Checked("a", VerdictStatus.EQUAL_BUT_FOR_METADATA, "table")
    assert not found.good
    assert Checked("a", VerdictStatus.EQUAL_BUT_FOR_METADATA, "table", accepted=True).good
    assert str(VerdictStatus.EQUAL_BUT_FOR_METADATA) == "equal but for metadata"
    causes = (
        Cause(CauseKind.DATA, "y", weight=Weight.SUGGESTED),
        Cause(CauseKind.CODE, "the clock", weight=Weight.POSSIBLE),
    )
    evidence = Explained(Quoted("other", ("x",)), causes, as_recorded=False, once=False)
    guessed = Checked("a", VerdictStatus.DIFFERENT, "table", evidence)
    assert guessed.causes == causes
    assert because(guessed) == "other; likely cause: y; possibly: the clock"
