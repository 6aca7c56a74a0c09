"""Putting the records of a run into the store, and staging what they name, in one step."""

import shlex
from collections.abc import Callable, Collection
from dataclasses import dataclass, replace

from dsv.capture.portable import SESSION
from dsv.errors import Refused
from dsv.hashing import Kind, object_id
from dsv.ids import ObjectId
from dsv.model.attempt import Attempt
from dsv.model.checkpoint import Checkpoint
from dsv.model.node import DIR
from dsv.model.run import Listed, Run
from dsv.records import origins
from dsv.runs.record import withholding
from dsv.runs.record.before import Before
from dsv.runs.record.classify import Classified
from dsv.runs.record.closure import Closure
from dsv.runs.record.link_report import told_of_links
from dsv.runs.record.output_folders import above
from dsv.runs.record.request import Request
from dsv.runs.record.result import Recorded
from dsv.runs.record.stored_parts import Parts
from dsv.runs.record.surroundings import Surroundings
from dsv.runs.record.watching import SeenRun
from dsv.runs.record.without_secrets import SafeRequest, Screen
from dsv.store.ingest import ingest
from dsv.store.refs import Refs
from dsv.store.repository import Repository, Tracked
from dsv.store.writer import Writer
from dsv.versions import stage
from dsv.workspace import TreeChange, Workspace
from dsv.worktree.litter import told as rules_told


@dataclass(frozen=True, slots=True)
class WholeRun:
    """All that is known of a run, before it is recorded.

    Attributes:
        before: The workspace before it.
        used: What it used and made.
        parts: The same, stored.
        closure: What else determined it.
        around: Where it ran.
        attempt: How it happened, except for the run's id.
        seen: What was seen of the command; None for a claim.
        warnings: What may be wrong.
    """

    before: Before
    used: Classified
    parts: Parts
    closure: Closure
    around: Surroundings
    attempt: Attempt
    seen: SeenRun | None
    warnings: tuple[str, ...]


def stage_run(
    workspace: Workspace, request: Request, whole: WholeRun, accept: Callable[[Run], None] | None = None
) -> Recorded:
    """Record a run and stage its outputs and new sources: all of it, or nothing.

    `accept` is called with the record first, and may raise.

    Raises:
        Conflict: gc took away an object meanwhile; running it again helps.
    """
    screen = Screen(workspace.root, request.env)
    run = _run(screen.tell(request), request, whole)
    if accept is not None:
        accept(run)
    attempt = _screened(screen, whole.attempt)
    oid = object_id(Kind.RUN, run.encode())
    linked = _linked(workspace, whole)
    versions = {one.path: one.checkpoint for one in whole.parts.sources}
    versions.update({one.path: one.checkpoint(oid) for one in run.outputs})
    staged: dict[str, None] = {}

    def change(refs: Refs, session: Writer) -> Refs:
        session.put(Kind.CODE, whole.parts.code.encode())
        whole.parts.put_facts(session)
        for listing in whole.closure.listings.values():
            session.put(Kind.LISTING, listing.encode())
        _put_environment(session, whole.around)
        session.put(Kind.RUN, run.encode())
        updates = _updates(workspace.repo, refs, session, versions)
        staged.clear()
        staged.update(dict.fromkeys(updates))
        refs = stage.apply(workspace.repo, refs, updates, session)
        attempts = origins.noted(workspace.repo, refs, session, replace(attempt, run=oid))
        return replace(refs, local=replace(refs.mine, attempts=attempts))

    with workspace.repo.writer() as writer:
        tree = TreeChange(kept=_kept(workspace.repo, writer, whole, versions))
        workspace.publish(f"run {run.name or shlex.join(run.argv)}", change, writer=writer, tree=tree)
    if staged:
        stage.ignore_in_git(workspace)
    return Recorded(
        execution=None if whole.seen is None else whole.seen.execution,
        id=oid,
        run=run,
        attempt=replace(attempt, run=oid),
        sources=tuple(one.path for one in whole.parts.sources),
        code=tuple(file.path for file in whole.parts.code.files),
        rows=whole.parts.rows,
        staged=tuple(staged),
        unstaged=tuple(sorted((whole.before.unstaged & whole.used.reads()) - set(whole.used.outputs))),
        unchanged=not staged,
        warnings=(*whole.warnings, *whole.parts.warnings),
        notes=(*_notes(whole), *linked),
    )


def _linked(workspace: Workspace, whole: WholeRun) -> list[str]:
    """Return what is said of links in the folders that became datasets or were written."""
    folders = [one.path for one in whole.parts.sources if one.checkpoint.is_dir]
    folders += [one.path for one in whole.parts.outputs if one.kind == DIR]
    return [said for path in folders if (said := told_of_links(workspace.root, path)) is not None]


def _kept(
    repo: Repository, writer: Writer, whole: WholeRun, versions: dict[str, Checkpoint]
) -> ObjectId | None:
    """Return what `undo` leaves or brings back besides what was staged: new sources, and changes that were not."""
    before = whole.before
    kept = {one.path: one.checkpoint for one in whole.parts.sources}
    kept.update({path: before.versions[path] for path in before.unstaged & versions.keys()})
    if not kept:
        return None
    return stage.edit(repo, None, {path: stage.put(writer, kept[path]) for path in sorted(kept)}, writer)


def _put_environment(session: Writer, around: Surroundings) -> None:
    session.put(Kind.ENVIRONMENT, around.environment.encode())
    found = around.lock
    if found is not None and around.environment.lock is not None:
        ingest(
            session, lambda offset, length: found.text[offset : offset + length], len(found.text), found.name
        )


def _run(told: SafeRequest, request: Request, whole: WholeRun) -> Run:
    parts, closure = whole.parts, whole.closure
    kept = {file.path for file in parts.code.files}
    return Run(
        argv=told.argv,
        inputs=parts.inputs,
        outputs=parts.outputs,
        code=object_id(Kind.CODE, parts.code.encode()),
        environment=object_id(Kind.ENVIRONMENT, whole.around.environment.encode()),
        name=told.name,
        cwd=request.cwd,
        params=told.params,
        variables=told.variables,
        masked=told.masked or told.argv[0] == SESSION,
        listings=tuple(
            Listed(path, object_id(Kind.LISTING, closure.listings[path].encode()))
            for path in sorted(closure.listings, key=str.encode)
        ),
        absent=closure.absent,
        outside=closure.outside,
        links=closure.links,
        in_git=tuple(sorted(whole.used.in_git & kept, key=str.encode)),
        surroundings=closure.surroundings,
        stdin=closure.stdin,
    )


def _screened(screen: Screen, attempt: Attempt) -> Attempt:
    git = attempt.git
    if git is None or git.remote is None:
        return attempt
    return replace(attempt, git=replace(git, remote=screen.plain(git.remote)))


def _updates(
    repo: Repository, refs: Refs, session: Writer, versions: dict[str, Checkpoint]
) -> dict[str, Tracked | None]:
    """Return what of `versions` is not staged like that already."""
    known = repo.datasets(refs.mine.staged)
    _check_apart({*known, *versions}, versions)
    tracked = {path: stage.put(session, versions[path]) for path in sorted(versions)}
    return {path: new for path, new in tracked.items() if path not in known or known[path].id != new.id}


def _check_apart(tracked: set[str], new: Collection[str]) -> None:
    """Check that no dataset gets inside another.

    Raises:
        Refused: One would.
    """
    for path in sorted(tracked):
        outer = next((folder for folder in above(path) if folder in tracked), None)
        if outer is not None and (path in new or outer in new):
            raise Refused(f"{path} and {outer} overlap: a dataset cannot be inside another")


def left_out(used: Classified) -> list[str]:
    """Return what is said of files that are no part of the record because nobody wants them there."""
    written = [f"left out: {', '.join(rules_told(used.left_out))}"] if used.left_out else []
    read = {path: rule for path, rule in used.state.items() if path not in used.left_out}
    return written + ([f"read and left out: {', '.join(rules_told(read))}"] if read else [])


def suspicions(used: Classified) -> list[str]:
    """Return why files may hold secrets, where it is not their name that says so."""
    return [
        f"{path} seems to hold {reason}"
        for path, reason in sorted(used.suspicions.items())
        if reason != withholding.NAME
    ]


def _notes(whole: WholeRun) -> list[str]:
    used = whole.used
    notes = [f"{path} is in git and was written: it is no dataset" for path in sorted(used.noted)]
    notes += [f"{path} was removed; dsv rm {path} records that" for path in sorted(used.removed)]
    notes += [*used.notes, *left_out(used), *suspicions(used)]
    if whole.seen is not None and whole.seen.captured is not None:
        notes += whole.seen.captured.advice
    lock = whole.around.lock
    if lock is not None and whole.around.environment.lock is None:
        notes.append(f"{lock.name} seems to hold a secret: it is not recorded")
    if whole.seen is not None and whole.seen.execution.left_over:
        notes.append("processes that the command left running were ended")
    return notes
