"""Whether the code of runs is what it was: by bytes, by syntax, or for git."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from stat import S_ISREG

from dsv import git
from dsv.errors import DsvError, Refused, UserError
from dsv.hashing import file_id
from dsv.ids import ObjectId
from dsv.model.code import CodeFile
from dsv.repo import Repo
from dsv.workspace.sink import HashSink

_PYTHON = ".py"

_KEY = "same syntax"


@dataclass(frozen=True, slots=True)
class CodeState:
    """How the code of one run stands.

    Attributes:
        changed: Its files that are not what they were.
        absent: Its files that are not here, so that nothing can be said of them.
    """

    changed: tuple[str, ...] = ()
    absent: tuple[str, ...] = ()


def code_states(
    repo: Repo, runs: Mapping[ObjectId, Sequence[CodeFile]], *, rehash: bool = False
) -> dict[ObjectId, CodeState]:
    """Compare the code of runs with the files that are in the workspace now.

    A file is unchanged if its bytes are the same, if it is Python with the same syntax tree, or if
    git says that it is as in the commit that the run was recorded at, where it had no changes. Files
    whose stat is known are not read; the caller commits the stat cache.

    Args:
        repo: The workspace.
        runs: By run its code files.
        rehash: Trust no stat.
    """
    present = _present(repo, {file.path for files in runs.values() for file in files}, rehash=rehash)
    doubtful = {
        (oid, file): present[file.path]
        for oid, files in runs.items()
        for file in files
        if present[file.path] not in (file.file, None)
    }
    changed: set[tuple[ObjectId, CodeFile]] = set()
    if doubtful:
        alike = _same_syntax(repo, {(file, now) for (_, file), now in doubtful.items() if now})
        changed = {key for key, now in doubtful.items() if (key[1].file, now) not in alike}
        changed -= _unmodified(repo, changed)
    states = {}
    for oid, files in runs.items():
        absent = tuple(file.path for file in files if present[file.path] is None)
        states[oid] = CodeState(tuple(file.path for file in files if (oid, file) in changed), absent)
    return states


def _present(repo: Repo, paths: Iterable[str], *, rehash: bool) -> dict[str, ObjectId | None]:
    """Return the file ids of code files as they are now; None for what is not there."""
    found: dict[str, ObjectId | None] = {}
    for path in paths:
        found[path] = None
        if not repo.holds(path):
            continue
        try:
            found[path] = repo.look(path, HashSink(repo.cache), rehash=rehash).content
        except Refused:
            found[path] = _through_link(repo, path)
        except UserError:
            continue
    return found


def _through_link(repo: Repo, path: str) -> ObjectId | None:
    """Return the file id of what a link leads to: a dataset may not be one, code may."""
    place = repo.root / path
    try:
        return file_id(place.read_bytes()) if S_ISREG(place.stat().st_mode) else None
    except OSError:
        return None


def _same_syntax(repo: Repo, pairs: set[tuple[CodeFile, ObjectId]]) -> set[tuple[str, str]]:
    """Return those pairs of file ids, then and now, that are the same program.

    What was found is remembered: two files never change their answer.
    """
    wanted = {(file.file, now): file.path for file, now in pairs if file.path.endswith(_PYTHON)}
    if not wanted:
        return set()
    known = {(old, new): same for old, new, same in repo.cache.snapshot(_KEY) or ()}
    answers = {
        (old, new): bool(known[old, new]) if (old, new) in known else _compare(repo, path, old, new)
        for (old, new), path in wanted.items()
    }
    if answers.keys() - known.keys():
        repo.cache.remember_snapshot(_KEY, [[old, new, same] for (old, new), same in answers.items()])
    return {pair for pair, same in answers.items() if same}


def _compare(repo: Repo, path: str, old: ObjectId, new: ObjectId) -> bool:
    from dsv.circumstances import same_meaning

    try:
        data = (repo.root / path).read_bytes()
        # It may have been saved again since it was looked at: then the next look tells.
        return file_id(data) == new and same_meaning(path, repo.contents.read(old), data)
    except (OSError, DsvError):
        return False


def _unmodified(repo: Repo, files: set[tuple[ObjectId, CodeFile]]) -> set[tuple[ObjectId, CodeFile]]:
    """Return those that git calls unmodified: its filters may write other bytes than were committed."""
    if git.find(repo.root) is None:
        return set()
    from dsv import origins

    refs = repo.refs()
    states = {oid: origins.attempt(repo, refs, oid) for oid in {oid for oid, _ in files}}
    asked: dict[tuple[ObjectId, CodeFile], tuple[str, str]] = {}
    for oid, file in files:
        attempt = states[oid]
        if attempt is None or attempt.git is None or attempt.git.commit is None:
            continue
        if file.path not in attempt.git.dirty:
            asked[oid, file] = (attempt.git.commit, file.path)
    same = git.unmodified(repo.root, set(asked.values()))
    return {key for key, pair in asked.items() if pair in same}
