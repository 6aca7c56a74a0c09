from hypothesis import given
from hypothesis import strategies as st

from dsv.ids import ObjectId
from dsv.model import ancestry
from dsv.model.commit import Commit

Graph = dict[ObjectId, Commit]


@st.composite
def graphs(draw: st.DrawFn) -> Graph:
    """Return commits, each following some of those before it, with clocks that may be wrong."""
    graph: Graph = {}
    for number in range(draw(st.integers(1, 12))):
        oid = ObjectId(f"{draw(st.integers(0, 255)):02x}{number:062x}")
        parents = draw(st.lists(st.sampled_from(sorted(graph)), max_size=2, unique=True)) if graph else []
        graph[oid] = Commit(oid, tuple(parents), "", "", draw(st.integers(0, 5)), 0)
    return graph


def above(graph: Graph, oid: ObjectId) -> set[ObjectId]:
    found = {oid}
    for parent in graph[oid].parents:
        found |= above(graph, parent)
    return found


@given(graphs(), st.data())
def test_walk(graph: Graph, data: st.DataObject) -> None:
    starts = data.draw(st.lists(st.sampled_from(sorted(graph)), max_size=3))
    told = list(ancestry.walk(starts, graph.__getitem__))
    order = [oid for oid, _ in told]
    assert sorted(order) == sorted(set().union(*(above(graph, oid) for oid in starts)))
    assert all(graph[oid] is commit for oid, commit in told)
    place = {oid: number for number, oid in enumerate(order)}
    for oid in order:
        assert all(place[oid] < place[parent] for parent in graph[oid].parents)


@given(graphs(), st.data())
def test_newer_first_where_nothing_else_decides(graph: Graph, data: st.DataObject) -> None:
    flat = {oid: Commit(oid, (), "", "", commit.seconds, 0) for oid, commit in graph.items()}
    starts = data.draw(st.permutations(sorted(flat)))
    seconds = [commit.seconds for _, commit in ancestry.walk(starts, flat.__getitem__)]
    assert seconds == sorted(seconds, reverse=True)


@given(graphs(), st.data())
def test_ancestors(graph: Graph, data: st.DataObject) -> None:
    one = data.draw(st.sampled_from(sorted(graph)))
    other = data.draw(st.sampled_from(sorted(graph)))
    read = graph.__getitem__
    assert ancestry.ancestors(one, read) == above(graph, one)
    assert ancestry.is_ancestor(other, one, read) == (other in above(graph, one))
    mine, theirs = above(graph, one), above(graph, other)
    assert ancestry.ahead_behind(one, other, read) == (len(mine - theirs), len(theirs - mine))
    assert ancestry.ahead_behind(one, None, read) == (len(mine), 0)
    assert ancestry.ahead_behind(None, None, read) == (0, 0)


@given(graphs(), st.data())
def test_merge_base(graph: Graph, data: st.DataObject) -> None:
    one = data.draw(st.sampled_from(sorted(graph)))
    other = data.draw(st.sampled_from(sorted(graph)))
    common = above(graph, one) & above(graph, other)
    best = {oid for oid in common if not any(oid in above(graph, two) - {two} for two in common)}
    found = ancestry.merge_base(one, other, graph.__getitem__)
    assert found == ancestry.merge_base(other, one, graph.__getitem__)
    assert (found in best) if best else found is None
    if found is not None:
        assert graph[found].seconds == max(graph[oid].seconds for oid in best)


def test_a_long_history() -> None:
    ids = [ObjectId(f"{number:064x}") for number in range(20_000)]
    graph = {oid: Commit(oid, (ids[n - 1],) if n else (), "", "", n, 0) for n, oid in enumerate(ids)}
    read = graph.__getitem__
    assert [oid for oid, _ in ancestry.walk([ids[-1]], read)] == ids[::-1]
    assert ancestry.merge_base(ids[-1], ids[500], read) == ids[500]


def test_what_is_near_is_told_without_reading_what_is_far() -> None:
    ids = [ObjectId(f"{number:064x}") for number in range(1000)]
    graph = {oid: Commit(oid, (ids[n - 1],) if n else (), "", "", n, 0) for n, oid in enumerate(ids)}
    graph[ids[990]] = Commit(ids[990], (ids[989], ids[980]), "", "", 990, 0)
    asked = set[ObjectId]()

    def read(oid: ObjectId) -> Commit:
        asked.add(oid)
        return graph[oid]

    assert ancestry.is_ancestor(ids[970], ids[-1], read)
    assert ancestry.ahead_behind(ids[-1], ids[970], read) == (29, 0)
    assert ancestry.ahead_behind(ids[970], ids[-1], read) == (0, 29)
    assert ancestry.ahead_behind(ids[-1], ids[-1], read) == (0, 0)
    assert len(asked) < 100
