import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dsv.runs.rebuild.schedule import carry_out

GRAPHS = st.lists(st.sets(st.integers(0, 20)), max_size=20).map(
    lambda sets: {key: {one for one in before if one < key} for key, before in enumerate(sets)}
)


def nothing() -> None:
    pass


@given(GRAPHS, st.integers(1, 4))
def test_each_comes_after_those_that_it_needs(graph: dict[int, set[int]], jobs: int) -> None:
    done: list[int] = []

    def work(key: int) -> int:
        assert graph[key] <= set(done)
        done.append(key)
        return key * 2

    assert carry_out(graph, work, jobs=jobs, stop=nothing) == {key: key * 2 for key in graph}
    assert sorted(done) == list(graph)


def test_independent_work_is_done_at_once() -> None:
    meet = threading.Barrier(3, timeout=30)
    carry_out(dict.fromkeys(range(3), ()), lambda _: meet.wait(), jobs=3, stop=nothing)


def test_an_error_stops_the_others_and_is_raised() -> None:
    stopped = threading.Event()
    begun: list[str] = []

    def work(key: str) -> None:
        begun.append(key)
        if key == "bad":
            raise OSError("full")
        assert stopped.wait(30)

    with pytest.raises(OSError, match="full"):
        carry_out({"good": (), "bad": (), "after": ("good",)}, work, jobs=2, stop=stopped.set)
    assert "after" not in begun
