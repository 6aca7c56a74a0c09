"""Recreate a version of a dataset from its recorded runs."""

import os
from dataclasses import dataclass, replace
from pathlib import Path

from dsv.capture.isolation import Isolation
from dsv.errors import InTheWay, Refused
from dsv.ids import ObjectId
from dsv.model.dataset_paths import NEVER_DATA
from dsv.model.verdict import VerdictStatus
from dsv.progress import SILENT, Progress
from dsv.records import dataset_names
from dsv.records.dataset_names import DatasetName
from dsv.runs.differences import Circumstance
from dsv.runs.rebuild import consent
from dsv.runs.rebuild.checked_dataset import Checked
from dsv.runs.rebuild.clean_folder import Result, write_result
from dsv.runs.rebuild.consent import Agree
from dsv.runs.rebuild.evidence import Quoted
from dsv.runs.rebuild.rebuild_plan import holds, plan
from dsv.runs.rebuild.replays import Settings, checked, replay_all
from dsv.runs.rebuild.scratch import keep, room
from dsv.store.refs import Refs
from dsv.store.repository import Repository, Tracked
from dsv.store.storing_sink import StoreSink
from dsv.store.writer import Writer
from dsv.versions import stage
from dsv.versions.switch.move import move
from dsv.workspace import Workspace


@dataclass(frozen=True, slots=True)
class RebuildResult:
    """What a rebuild came to.

    Attributes:
        check: What the result is, beside what was recorded.
        run: The run that gave the dataset.
        runs: How many runs were replayed.
        written: Whether the result is in the workspace, or in the folder that was asked for.
        place: Where it is; None if there is no result.
        replaced: Whether another version, which was in the workspace, went for it.
        kept_out: Why it is not where it was wanted: its status, or what is in the way; None if it is, or if there is none.
        isolation: How well the command was isolated; None if it was not started.
        why: Why it was isolated no better; "" if it could not be.
        changed: How the environment differs from the recorded one.
    """

    check: Checked
    run: ObjectId
    runs: int
    written: bool
    place: Path | None
    replaced: bool
    kept_out: VerdictStatus | Quoted | None
    isolation: Isolation | None
    why: str
    changed: tuple[Circumstance, ...]

    @property
    def ok(self) -> bool:
        """Whether the result is as its policy asks, and where it was wanted."""
        return self.check.good and self.written


def rebuild(
    workspace: Workspace,
    place: DatasetName,
    settings: Settings,
    agree: Agree,
    trusted: Path,
    *,
    from_raw: bool = False,
    into: Path | None = None,
    progress: Progress = SILENT,
) -> RebuildResult:
    """Replay the run that gave a dataset, and put what comes out where the dataset is.

    The workspace is written only if the dataset is absent or unchanged there, and the result is as its
    policy asks; then the store holds the result, too. Otherwise the result is left in `.dsv/tmp`.

    Args:
        workspace: The workspace.
        place: The dataset.
        settings: How replays are made.
        agree: Asks the user about commands of others.
        trusted: Where the user's trust is kept.
        from_raw: Replay all runs from the raw sources, not only what is needed.
        into: Write the result into this folder instead, whatever it is.
        progress: Counts the runs.

    Raises:
        NotFound: No such dataset or revision.
        Refused: No run gave it, or commands would have to be trusted, or `into` is no place for data.
        InTheWay: In the folder `into` there is something already.
        StorageError: The disk is full or fails.
    """
    tracked = dataset_names.dataset_at(workspace.repo, place)
    path = place.path
    if into is not None:
        _check_target(into, path)
    steps = plan(workspace.repo, {path: tracked.checkpoint}, chain=from_raw)
    if path in steps.sources:
        raise Refused(f"{path} is raw data: no run gave it", hint=f"dsv restore {path}")
    if path in steps.obstacles:
        raise Refused(f"{path} cannot be rebuilt: {steps.obstacles[path].reason}")
    consent.obtain(consent.executed(steps), trusted, agree, recreate=settings.recreate)
    run = steps.runs[path]
    with room(settings.scratch) as space:
        done = replay_all(workspace, steps, space, replace(settings, keep=True), progress=progress)
        check = checked(steps, path, done, workspace.config.policy_for(path).text)
        replayed = done[run]
        result = replayed.results.get(steps.outputs[path].path)
        at: Path | None = None
        kept_out: VerdictStatus | Quoted | None = None
        replaced = False
        if result is not None and into is not None:
            at = into / path
            write_result(result, at)
        elif result is not None:
            replaced = _differs(workspace, path, result)
            kept_out = _write(workspace, path, tracked, result, check, progress)
            at = keep(workspace.scratch(), result.place, path) if kept_out else workspace.root / path
    return RebuildResult(
        check,
        run,
        len(steps.steps),
        at is not None and not kept_out,
        at,
        replaced and not kept_out,
        kept_out,
        replayed.isolation,
        replayed.why,
        replayed.changed,
    )


def _check_target(into: Path, path: str) -> None:
    place = into / path
    if not NEVER_DATA.isdisjoint(part.casefold() for part in into.resolve().parts):
        raise Refused(f"{into} is no place for data", hint="name another folder")
    if os.path.lexists(place):
        raise InTheWay(f"{place} is there already", hint="name another folder")
    above = next(folder for folder in place.parents if os.path.lexists(folder))
    if not above.is_dir():
        raise InTheWay(f"{above} is no folder", hint="name another folder")


def _differs(workspace: Workspace, path: str, result: Result) -> bool:
    """Whether the workspace has the dataset in another version than the result."""
    if not os.path.lexists(workspace.root / path):
        return False
    present = workspace.repo.datasets(workspace.repo.refs().mine.present).get(path)
    return present is not None and present.checkpoint.content != result.checkpoint.content


def _write(
    workspace: Workspace, path: str, tracked: Tracked, result: Result, check: Checked, progress: Progress
) -> VerdictStatus | Quoted | None:
    """Put a result into the workspace; return why not, None if it is there."""
    if not check.good:
        return check.status
    staged = workspace.repo.datasets(workspace.repo.refs().mine.staged).get(path)
    if check.status is not VerdictStatus.IDENTICAL or not holds(workspace.repo, tracked.checkpoint):
        tracked = _stored(workspace.repo, result, tracked, identical=check.status is VerdictStatus.IDENTICAL)
    goal: dict[str, Tracked | None] = {path: tracked}
    as_staged = staged is not None and staged.id == tracked.id
    try:
        move(
            workspace,
            f"rebuild {path}",
            goal if as_staged else {},
            lambda refs, _: refs,
            dirty={} if as_staged else goal,
            progress=progress,
        )
    except InTheWay as error:
        return Quoted(error.message)
    return None


def _stored(repo: Repository, result: Result, tracked: Tracked, *, identical: bool) -> Tracked:
    """Store the bytes of a result, and return it as a version of the dataset."""
    content = result.checkpoint.content
    with repo.writer() as writer:
        result.view.worktree.look(result.path, StoreSink(writer))
        if not identical:
            origin = tracked.checkpoint.origin
            tracked = stage.put(writer, replace(result.checkpoint, origin=origin))

        def change(refs: Refs, _: Writer) -> Refs:
            local = refs.mine
            return replace(
                refs, local=replace(local, dropped=tuple(oid for oid in local.dropped if oid != content))
            )

        repo.publish(change, writer=writer)
    return tracked
