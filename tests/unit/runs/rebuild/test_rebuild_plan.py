"""Plans, on records that were written without running anything."""

from dataclasses import replace

import pytest

from dsv.hashing import Kind
from dsv.ids import ObjectId
from dsv.model.code_list import Code, CodeFile
from dsv.model.run import Run
from dsv.model.verdict import VerdictStatus
from dsv.ops.verify import Level
from dsv.render.verdict_words import reason
from dsv.runs.rebuild.rebuild_plan import RebuildPlan, plan
from dsv.versions import stage
from tests.unit.run_fixtures import weave
from tests.unit.runs.rebuild.replay_fixtures import Plant


def planned(plant: Plant, *paths: str, chain: bool) -> RebuildPlan:
    workspace = plant.workspace
    staged = workspace.repo.datasets(workspace.repo.refs().mine.staged)
    return plan(workspace.repo, {path: staged[path].checkpoint for path in paths}, chain=chain)


def names(found: RebuildPlan) -> list[tuple[str, ...]]:
    return [tuple(output.path for output in step.run.outputs) for step in found.steps.values()]


def altered(plant: Plant, path: str, **changes: object) -> ObjectId:
    """Commit that `path` came from a run like its own, except for `changes`."""
    workspace = plant.workspace
    tracked = workspace.repo.datasets(workspace.repo.refs().mine.staged)[path]
    run = replace(workspace.repo.run(tracked.checkpoint.origin), **changes)  # type: ignore[arg-type]
    with workspace.repo.writer() as writer:
        oid = writer.put(Kind.RUN, run.encode())
        new = stage.put(writer, replace(tracked.checkpoint, origin=oid))
        workspace.publish(
            "test",
            lambda refs, session: stage.apply(workspace.repo, refs, {path: new}, session),
            writer=writer,
        )
    plant.commit({})
    return oid


@pytest.fixture
def woven(plant: Plant) -> Plant:
    """A graph: raw -> a -> b -> d, raw -> c -> d."""
    plant.commit({"raw": "0"}, "raw")
    weave(plant.workspace, ["raw"], {"a": "1"})
    weave(plant.workspace, ["a"], {"b": "2"})
    weave(plant.workspace, ["raw"], {"c": "3"})
    weave(plant.workspace, ["b", "c"], {"d": "4"})
    plant.commit({})
    return plant


def test_the_last_run_alone_or_the_whole_chain(woven: Plant) -> None:
    assert names(planned(woven, "d", chain=False)) == [("d",)]
    found = planned(woven, "d", "raw", chain=True)
    order = names(found)
    assert sorted(order) == [("a",), ("b",), ("c",), ("d",)]
    assert order.index(("a",)) < order.index(("b",)) < order.index(("d",))
    assert found.sources == ("raw",)
    assert set(found.order.values()) == {frozenset()}, "all is here, so that nothing has to wait"


def test_what_is_not_here_is_made_first(woven: Plant) -> None:
    woven.lose("b", "a")
    found = planned(woven, "d", chain=False)
    assert sorted(names(found)) == [("a",), ("b",), ("d",)]
    a, b, d = (found.runs.get(path) or origin(woven, path) for path in ("a", "b", "d"))
    assert found.order == {a: frozenset(), b: {a}, d: {b}}
    assert found.users(a) == (b,)
    assert found.made(b, "a").path == "a"
    assert found.needing(d) == (d, b, a)


def origin(plant: Plant, path: str) -> ObjectId:
    workspace = plant.workspace
    return workspace.repo.datasets(workspace.repo.refs().mine.staged)[path].checkpoint.origin


def test_a_renamed_dataset_is_the_output_with_its_content(woven: Plant) -> None:
    (woven.root / "d").rename(woven.root / "e")
    woven.add("e")
    woven.commit({})
    found = planned(woven, "e", chain=False)
    assert found.outputs["e"].path == "d"


def test_a_masked_command_is_unrecorded(woven: Plant) -> None:
    altered(woven, "d", masked=True)
    assert woven.check("d").status is VerdictStatus.UNRECORDED
    assert woven.asked == []


@pytest.mark.parametrize(
    "path", ["../x", "/tmp/x", "a/../../x", ".git/hooks/pre-commit", ".dsv/refs", "a//b"]
)
def test_no_record_leads_out_of_the_folder(woven: Plant, path: str) -> None:
    altered(woven, "d", cwd=path)
    found = woven.check("d")
    assert found.status is VerdictStatus.FAILED
    assert "which dsv never records" in reason(found)
    workspace = woven.workspace
    with workspace.repo.writer() as writer:
        content = workspace.repo.code(workspace.repo.run(origin(woven, "a")).code).files[0]
        code = writer.put(Kind.CODE, Code((CodeFile(path, "file", content.file),)).encode())
        workspace.repo.publish(lambda refs, _: refs, writer=writer)
    altered(woven, "a", code=code)
    assert "which dsv never records" in reason(woven.check("a"))


def test_a_run_that_did_not_give_the_data(woven: Plant) -> None:
    workspace = woven.workspace
    run: Run = workspace.repo.run(origin(woven, "d"))
    altered(woven, "d", outputs=(replace(run.outputs[0], content=run.inputs[0].checkpoint.content),))
    assert woven.check("d").status is VerdictStatus.UNRECORDED


def test_what_it_was_made_from_counts_in_a_chain_only(woven: Plant) -> None:
    checks = {check.path: check for check in woven.verify(level=Level.RAW).checks}
    assert {path: check.status for path, check in checks.items()} == {
        "a": VerdictStatus.FAILED,
        "b": VerdictStatus.FAILED,
        "c": VerdictStatus.FAILED,
        "d": VerdictStatus.FAILED,
        "raw": VerdictStatus.SOURCE,
    }
