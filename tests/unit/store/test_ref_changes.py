from dataclasses import replace

from dsv.ids import ObjectId
from dsv.store.ref_changes import changes_between, deletions, deletions_of, taken_back
from dsv.store.refs import Local, Refs

ONE, TWO, THREE = (ObjectId(digit * 64) for digit in "123")
BEFORE = Refs(branches={"main": ONE, "gone": TWO}, tags={"v1": ONE}, local=Local(branch="main", staged=ONE))


def test_only_what_changed_is_said() -> None:
    after = replace(BEFORE, branches={"main": TWO, "new": THREE}, local=Local(branch="new", staged=ONE))
    assert changes_between(BEFORE, after) == {
        "branches/gone": (TWO, None),
        "branches/main": (ONE, TWO),
        "branches/new": (None, THREE),
        "head": ("branch main", "branch new"),
    }
    assert changes_between(BEFORE, BEFORE) == {}


def test_every_change_can_be_taken_back() -> None:
    others = (
        replace(BEFORE, branches={}, tags={}),
        replace(BEFORE, branches={"main": TWO, "new": THREE}, tags={"v1": TWO, "v2": ONE}),
        replace(BEFORE, local=Local(branch=None, detached=THREE, staged=TWO, present=THREE)),
        replace(BEFORE, local=Local(branch="gone")),
    )
    for after in others:
        assert taken_back(after, changes_between(BEFORE, after)) == BEFORE
        assert taken_back(BEFORE, changes_between(after, BEFORE)) == after


def test_what_others_changed_meanwhile_stays() -> None:
    mine = replace(BEFORE, branches={**BEFORE.branches, "main": TWO})
    theirs = replace(mine, branches={**mine.branches, "other": THREE})
    assert taken_back(theirs, changes_between(BEFORE, mine)).branches == {**BEFORE.branches, "other": THREE}


def test_deletions_come_back_as_they_were() -> None:
    states = {"a.csv": (True, False), "d": (False, True), "e": (True, True)}
    assert deletions_of({**deletions(states), "branches/main": (ONE, TWO)}) == states
