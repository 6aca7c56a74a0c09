"""What is repeated, and in which order."""

import re
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dsv.errors import NotFound, Refused, UsageFault
from dsv.hashing import file_id
from dsv.ids import ObjectId
from dsv.model.checkpoint import Checkpoint
from dsv.model.node import FILE
from dsv.model.run import Input
from dsv.render.rerun import left, reason
from dsv.runs.rerun.rerun_plan import RerunWanted, tasks
from dsv.runs.stale.stale_reasons import Reasons
from dsv.runs.stale.step import Step
from dsv.runs.stale.step_order import Steps

NOTHING = Reasons()
CHANGED = Reasons(changed=("raw",))


def step(made: str, *needs: str, also: str = "") -> Step:
    """Return a step that makes `made` (and reads and writes `also`) from `needs`."""
    outputs = {name: oid(name) for name in (made, also) if name}
    read = sorted({*needs, also} - {""})
    return Step(
        oid(f"run {made}"), made, tuple(outputs), tuple(map(read_of, read)), outputs, (), masked=False
    )


def oid(text: str) -> ObjectId:
    return file_id(text.encode())


def read_of(path: str) -> Input:
    return Input(path, Checkpoint(oid(path), FILE, 1, 1, None, oid("origin")))


def steps(*found: Step, edited: str = "") -> Steps:
    return Steps({one.run: one for one in found}, {edited: oid("run")} if edited else {}, {})


def planned(found: Steps, judged: dict[str, Reasons], wanted: RerunWanted | None = None) -> dict[str, str]:
    by_run = {run: judged.get(one.makes[0], NOTHING) for run, one in found.by_run.items()}
    return {task.step.makes[0]: reason(task.reason) for task in tasks(found, by_run, wanted or RerunWanted())}


CHAIN = steps(step("c", "b"), step("b", "a"), step("a", "raw"), step("side", "raw"))


def test_after_what_they_wait_for() -> None:
    order = list(planned(CHAIN, {}))
    assert sorted(order) == ["a", "b", "c", "side"]
    assert order.index("a") < order.index("b") < order.index("c")


def test_only_what_is_wanted_and_what_that_is_made_from() -> None:
    assert list(planned(CHAIN, {}, RerunWanted(("b",)))) == ["a", "b"]
    assert list(planned(CHAIN, {}, RerunWanted(("b",), upstream=False))) == ["b"]


def test_what_is_forced_makes_the_rest_follow() -> None:
    found = planned(CHAIN, {}, RerunWanted(("a", "c"), force=True))
    assert found == {"a": "forced", "b": "a is made again", "c": "b is made again"}
    with pytest.raises(UsageFault):
        planned(CHAIN, {}, RerunWanted(force=True))


def test_reasons_are_told() -> None:
    judged = {"a": CHANGED, "b": Reasons(stale=("a",)), "c": Reasons(code=("x.py",), stale=("b",))}
    assert planned(CHAIN, judged) == {
        "a": "raw changed",
        "b": "a is stale",
        "c": "x.py changed; b is stale",
        "side": "",
    }


def test_in_place() -> None:
    found = steps(step("log", "raw", also="log"))
    judged = {oid("run log"): CHANGED}
    (task,) = tasks(found, judged, RerunWanted())
    assert task.planned
    (task,) = tasks(found, judged, RerunWanted(), held=lambda _: False)
    assert not task.planned
    assert "the version before is not here" in left(task.left)
    (task,) = tasks(found, {oid("run log"): NOTHING}, RerunWanted(("log",), force=True), held=lambda _: False)
    assert task.planned


def test_what_was_deleted_is_made_again() -> None:
    found = steps(step("a", "raw"), step("b", "a"))
    judged = {oid("run a"): NOTHING, oid("run b"): NOTHING}
    first, second = tasks(found, judged, RerunWanted(), deleted={"a"})
    assert (reason(first.reason), first.own) == ("a was deleted", True)
    assert (reason(second.reason), second.own) == ("a is made again", False)
    assert not any(task.planned for task in tasks(found, judged, RerunWanted(), deleted={"raw"}))


@pytest.mark.parametrize("wanted", [RerunWanted(), RerunWanted(("a",))])
def test_circles(wanted: RerunWanted) -> None:
    circle = steps(step("a", "b"), step("b", "c"), step("c", "a"))
    with pytest.raises(Refused, match=re.compile(r"in a circle: (\w <- ){3}\w$")):
        planned(circle, {}, wanted)


def test_what_no_run_made() -> None:
    found = steps(step("a", "raw"), edited="b")
    with pytest.raises(NotFound, match="it is a source"):
        planned(found, {}, RerunWanted(("raw",)))
    with pytest.raises(Refused, match="edited by hand"):
        planned(found, {}, RerunWanted(("b",)))


@given(st.lists(st.tuples(st.integers(0, 19), st.integers(0, 19)), max_size=40), st.randoms())
def test_any_graph_is_ordered_alike(edges: list[tuple[int, int]], random: Random) -> None:
    """Each step comes after what it needs, and the order does not depend on that of the steps."""
    needs: dict[int, set[int]] = {number: set() for number in range(20)}
    for one, other in edges:
        if one != other:
            needs[max(one, other)].add(min(one, other))
    made = [step(f"n{number:02}", *(f"n{other:02}" for other in below)) for number, below in needs.items()]
    order = list(planned(steps(*made), {}))
    for number, below in needs.items():
        assert all(order.index(f"n{other:02}") < order.index(f"n{number:02}") for other in below)
    random.shuffle(made)
    assert list(planned(steps(*made), {})) == order
