"""Putting together what may have been the cause: what was seen, what the command said, what changed, what is possible."""

import os
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from dsv.capture.detect import Captured
from dsv.errors import DsvError
from dsv.model.run import Outside
from dsv.records import origins
from dsv.runs.differences import Circumstance
from dsv.runs.rebuild.cause import Cause, CauseKind, Manner, Weight, ranked
from dsv.runs.rebuild.code_traces import named, traces
from dsv.runs.rebuild.error_output import ended, said, speaks_of_network
from dsv.runs.rebuild.rebuild_plan import ReplayStep
from dsv.runs.rebuild.replay import ReplayMeans
from dsv.runs.rebuild.unrecorded import Expected, seen
from dsv.store.repository import Repository
from dsv.tables.compare.suggestion import Suggestion
from dsv.workspace import Workspace

_NEVER_LISTED = frozenset({"__pycache__"})


def of_failure(
    tail: str,
    code: int,
    *,
    root: Path,
    clean: str,
    expected: Expected | None = None,
    captured: Captured | None = None,
) -> list[Cause]:
    """Return why a command failed, the likeliest cause first; there is one at least.

    What the command says that it lacks comes first, in the words of what was seen if that was seen; it saying
    only that somebody could not be reached comes after all that it missed of what it had when it was recorded.

    Args:
        tail: The end of its output.
        code: Its exit code.
        root: The workspace.
        clean: What the folder that it ran in was called.
        expected: What is known of the run; None: nothing.
        captured: What it was seen to do; None if nobody watched.
    """
    expected = expected or Expected()
    spoken = [_known(one, expected) for one in said(tail, root, clean)]
    witnessed = [] if captured is None else list(seen(captured, expected, tail))
    by_subject = {one.subject: one for one in reversed(witnessed)}
    specific = [by_subject.get(one.subject, one) for one in spoken if one.kind is not CauseKind.NETWORK]
    others = [
        one for one in ranked(witnessed) if one.weight is Weight.SEEN and one.kind is not CauseKind.NETWORK
    ]
    if captured is None and not specific:
        # It read them when it was recorded: nobody saw whether it missed them now.
        others += [
            Cause(CauseKind.WITHHELD, path, detail=Manner.READ_BEFORE) for path in sorted(expected.withheld)
        ]
    network = [one for one in witnessed if one.kind is CauseKind.NETWORK]
    end = [] if specific else [ended(tail, code)]
    if not speaks_of_network(tail):
        return list(dict.fromkeys([*specific, *others, *end, *network]))
    reached = network or [one for one in spoken if one.kind is CauseKind.NETWORK]
    return list(dict.fromkeys([*specific, *others, *reached, *end]))


def _known(cause: Cause, expected: Expected) -> Cause:
    """Return what a command said that it lacks, as what is known of it."""
    if cause.kind is CauseKind.UNRECORDED and cause.subject in expected.withheld:
        return Cause(CauseKind.WITHHELD, cause.subject, weight=Weight.SAID, detail=Manner.OPENED)
    return cause


def of_difference(
    repo: Repository,
    step: ReplayStep,
    expected: Expected,
    captured: Captured | None,
    changed: tuple[Circumstance, ...],
    data: Suggestion | None,
    made: Mapping[str, str],
) -> list[Cause]:
    """Return why a run may have given other data than was recorded, the likeliest cause first.

    Args:
        repo: The repository.
        step: The run.
        expected: What is known of it.
        captured: What its replay was seen to do; None if nobody watched.
        changed: How the environment differs from the recorded one.
        data: What the kind of difference suggests; None if nothing.
        made: By path of an input that was rebuilt in other bytes what it is beside the recorded ones.
    """
    found = [Cause(CauseKind.MADE, path, None, now) for path, now in made.items()]
    if captured is not None:
        found += seen(captured, expected)
    found += _packages(repo, step, changed)
    if data is not None:
        found.append(Cause(CauseKind.DATA, "", weight=Weight.SUGGESTED, detail=data))
    for sign in traces(repo, step.run.argv, step.code):
        found.append(Cause(CauseKind.CODE, sign.path, weight=Weight.POSSIBLE, detail=sign))
    return ranked(found)


def _packages(repo: Repository, step: ReplayStep, changed: tuple[Circumstance, ...]) -> list[Cause]:
    """Return what differs in the environment, and can matter: first what has another version, and the code names."""
    weighty = [one for one in changed if one.matters]
    by_name = named(repo, step.code, [one.name for one in weighty])
    # What is merely loaded by something else was never what the code asked for.
    weighty.sort(key=lambda one: (one.before is None or one.after is None, one.name not in by_name))
    return [Cause(CauseKind.PACKAGE, one.name, one.before, one.after, Weight.CHANGED, one) for one in weighty]


def expected_of(workspace: Workspace, step: ReplayStep, means: ReplayMeans) -> Expected:
    """Return what is known of a run, and of the workspace now; `means` is what its replay was made with."""
    run = step.run
    try:
        attempt = origins.attempt(workspace.repo, workspace.repo.refs(), step.id)
        listings = {one.path: workspace.repo.listing(one.listing).names for one in run.listings}
    except DsvError:
        attempt, listings = None, {}
    return Expected(
        laid=frozenset([one.path for one in run.inputs] + [file.path for file in step.code]),
        outputs=frozenset(one.path for one in run.outputs),
        listings={path: frozenset(one.name for one in names) for path, names in listings.items()},
        absent=frozenset(run.absent),
        found=frozenset() if attempt is None else frozenset(path for path, _ in attempt.found),
        withheld=frozenset() if attempt is None else frozenset(attempt.withheld),
        state=frozenset() if attempt is None else frozenset(attempt.state),
        outside=frozenset(_places(run.outside, means.ambient.get("HOME"))),
        network=means.openings.network,
        now=lambda folder: _names(workspace, folder),
        there=lambda path: os.path.lexists(workspace.root / path),
    )


def _places(outside: Iterable[Outside], home: str | None) -> Iterator[str]:
    """Yield the absolute paths of files outside of the workspace, as a capture has them."""
    for one in outside:
        if one.path.startswith("~/") and home:
            yield f"{home}/{one.path.removeprefix('~/')}"
        else:
            yield one.path


def _names(workspace: Workspace, folder: str) -> frozenset[str] | None:
    try:
        return frozenset(_listed(workspace, folder))
    except OSError:
        return None


def _listed(workspace: Workspace, folder: str) -> Iterator[str]:
    """Yield the names in a folder of the workspace that a run may have meant: not hidden ones, no caches."""
    with os.scandir(workspace.root / folder) as entries:
        for entry in entries:
            path = f"{folder}/{entry.name}" if folder else entry.name
            if entry.name.startswith(".") or entry.name in _NEVER_LISTED:
                continue
            if not workspace.worktree.ignored.matches(path, is_dir=entry.is_dir()):
                yield entry.name
