import pytest

from dsv.config.load import parse
from dsv.config.rules import policy_of
from dsv.errors import BadConfig
from dsv.model.policy import EXACT, TABLE, UNORDERED, Policy
from dsv.model.verdict import Checked, Status, all_good, counted


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


@pytest.mark.parametrize("lax", ["tolerance = 0.1", 'ignore_columns = ["a"]'])
def test_exact_and_lax_at_once_is_refused(lax: str) -> None:
    with pytest.raises(BadConfig, match=r"compares bytes"):
        parse(shared=rules(f'policy = "exact"\n{lax}')).policy_for("x")


def test_statuses() -> None:
    checks = [Checked("a", Status.EQUAL, "table"), Checked("b", Status.SOURCE, "table")]
    assert all_good(checks)
    assert not all_good([*checks, Checked("c", Status.STALE, "table")])
    assert counted([*checks, *checks]) == {Status.EQUAL: 2, Status.SOURCE: 2}
    assert [status for status in Status if status.good] == [
        "identical",
        "equal",
        "close",
        "recorded",
        "source",
    ]
    assert all(status.meaning for status in Status)
