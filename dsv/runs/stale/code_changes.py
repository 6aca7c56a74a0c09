"""Whether the code of runs is what it was: by bytes, by syntax, or for git."""

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from stat import S_ISREG

from dsv.errors import DsvError, Refused, UserError
from dsv.hashing import file_id
from dsv.ids import ObjectId
from dsv.model.checkpoint import Checkpoint
from dsv.model.code_list import CodeFile
from dsv.runs.stale.step import Step
from dsv.workspace import Workspace
from dsv.worktree import git
from dsv.worktree.sink import HashSink

_File = tuple[ObjectId, CodeFile]
"""A code file of a run."""

_KEY = "same meaning"
_NOTEBOOK = ".ipynb"


@dataclass(frozen=True, slots=True)
class CodeState:
    """How the code of one run stands.

    Attributes:
        changed: Its files that are not what they were.
        gone: Its files that git had when it ran, and has no more.
        absent: Its files that are not here otherwise, so that nothing can be said of them.
    """

    changed: tuple[str, ...] = ()
    gone: tuple[str, ...] = ()
    absent: tuple[str, ...] = ()


def code_states(
    workspace: Workspace,
    steps: Iterable[Step],
    now: Mapping[str, Checkpoint],
    *,
    tree: bool = True,
    rehash: bool = False,
) -> dict[ObjectId, CodeState]:
    """Compare the code of runs with the files that are in the workspace now.

    A file is unchanged if its bytes are the same, if a parser tells that it says the same, or if
    git says that it is as in the commit that the run was recorded at, where it had no changes. What
    was read as data is compared by its bytes alone. Files whose stat is known are not read; the caller
    commits the stat cache.

    Args:
        workspace: The workspace.
        steps: The runs.
        now: By path what the datasets are now: what was data in git may be one by now.
        tree: Whether to look at the working tree; otherwise what is no dataset counts as not here.
        rehash: Trust no stat.
    """
    chosen = {step.run: step for step in steps}
    paths = {file.path for step in chosen.values() for file in step.code}
    present: dict[str, ObjectId | None] = {path: now[path].content if path in now else None for path in paths}
    if tree:
        present |= present_ids(workspace, paths - now.keys(), rehash=rehash)
    changed = {
        (oid, file)
        for oid, step in chosen.items()
        for file in step.code
        if present[file.path] not in (file.file, None)
    }
    doubtful = {key: present[key[1].path] for key in changed if key[1].path not in chosen[key[0]].in_git}
    if doubtful:
        changed -= doubtful.keys()
        shown = {key for key in doubtful if chosen[key[0]].converts and key[1].path.endswith(_NOTEBOOK)}
        pairs = {(key[1], found) for key, found in doubtful.items() if found and key not in shown}
        alike = _same_meaning(workspace, pairs)
        other = {key for key, found in doubtful.items() if key in shown or (key[1].file, found) not in alike}
        # Git's filters may write other bytes than were committed.
        changed |= other - _of_git(workspace, other, git.unmodified)
    absent = {(oid, file) for oid, step in chosen.items() for file in step.code if present[file.path] is None}
    gone = _of_git(workspace, absent, git.taken_away) if tree and absent else set()
    return {
        oid: CodeState(*(_paths(oid, step, found) for found in (changed, gone, absent - gone)))
        for oid, step in chosen.items()
    }


def _paths(oid: ObjectId, step: Step, found: set[_File]) -> tuple[str, ...]:
    return tuple(file.path for file in step.code if (oid, file) in found)


def present_ids(workspace: Workspace, paths: Iterable[str], *, rehash: bool) -> dict[str, ObjectId | None]:
    """Return the file ids of code files as they are now; None for what is not there."""
    found: dict[str, ObjectId | None] = {}
    for path in paths:
        found[path] = None
        if not workspace.worktree.holds(path):
            continue
        try:
            found[path] = workspace.worktree.look(
                path, HashSink(workspace.worktree.cache), rehash=rehash
            ).content
        except Refused:
            found[path] = _through_link(workspace, path)
        except UserError:
            continue
    return found


def _through_link(workspace: Workspace, path: str) -> ObjectId | None:
    """Return the file id of what a link leads to: a dataset may not be one, code may."""
    place = workspace.root / path
    try:
        return file_id(place.read_bytes()) if S_ISREG(place.stat().st_mode) else None
    except OSError:
        return None


def _same_meaning(workspace: Workspace, pairs: set[tuple[CodeFile, ObjectId]]) -> set[tuple[str, str]]:
    """Return those pairs of file ids, then and now, that say the same.

    What was found is remembered: two files never change their answer for the same parsers.
    """
    wanted = {(file.file, now): file.path for file, now in pairs}
    if not wanted:
        return set()
    from dsv.runs.meaning import parsers

    key = f"{_KEY}: {parsers()}"
    known = {(path, old, new): same for path, old, new, same in workspace.worktree.cache.snapshot(key) or ()}
    answers = {
        (path, old, new): bool(known[path, old, new])
        if (path, old, new) in known
        else _compare(workspace, path, old, new)
        for (old, new), path in wanted.items()
    }
    if answers.keys() - known.keys():
        workspace.worktree.cache.remember_snapshot(key, [[*pair, same] for pair, same in answers.items()])
    return {(old, new) for (_, old, new), same in answers.items() if same}


def _compare(workspace: Workspace, path: str, old: ObjectId, new: ObjectId) -> bool:
    from dsv.runs.meaning import same_meaning

    try:
        data = (workspace.root / path).read_bytes()
        # It may have been saved again since it was looked at: then the next look tells.
        return file_id(data) == new and same_meaning(path, workspace.repo.contents.read(old), data)
    except (OSError, DsvError):
        return False


def _of_git(
    workspace: Workspace,
    files: set[_File],
    ask: Callable[[Path, Collection[tuple[str, str]]], frozenset[tuple[str, str]]],
) -> set[_File]:
    """Return those of `files` of which git says what `ask` asks, beside the commits that their runs were recorded at.

    Files that had uncommitted changes then are not asked about.
    """
    if git.find(workspace.root) is None:
        return set()
    from dsv.records import origins

    refs = workspace.repo.refs()
    states = {oid: origins.attempt(workspace.repo, refs, oid) for oid in {oid for oid, _ in files}}
    asked: dict[_File, tuple[str, str]] = {}
    for oid, file in files:
        attempt = states[oid]
        if attempt is None or attempt.git is None or attempt.git.commit is None:
            continue
        if file.path not in attempt.git.dirty:
            asked[oid, file] = (attempt.git.commit, file.path)
    told = ask(workspace.root, set(asked.values()))
    return {key for key, pair in asked.items() if pair in told}
