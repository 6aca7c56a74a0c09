"""Say why a dataset is what it is: what made it, and what changed since the version before."""

from collections.abc import Iterator
from dataclasses import dataclass

from dsv.errors import Corrupt, DsvError, Missing, StorageError
from dsv.ids import ObjectId
from dsv.model import tree as trees
from dsv.model.attempt import Attempt
from dsv.model.checkpoint import Checkpoint
from dsv.model.code_list import CodeFile
from dsv.model.commit import Commit
from dsv.model.file_diff import FileCounts, count
from dsv.model.origin import Source
from dsv.model.run import Run
from dsv.records import dataset_names, origins, revisions
from dsv.records.dataset_names import DatasetName
from dsv.records.kept_facts import rows_of
from dsv.records.origins import Origin
from dsv.runs import differences
from dsv.runs.differences import Aspect, Circumstance
from dsv.store.repository import Repository

_DEEPEST = 8
"""So many inputs behind each other are followed to say why the first is another."""


@dataclass(frozen=True, slots=True)
class ChangedPart:
    """Something that changed, and as far as it is an input, why.

    Attributes:
        circumstance: What changed.
        because: Why, if it is an input that a run makes.
        by_hand: Whether it is an input that somebody changed: raw data, or data edited after its run.
    """

    circumstance: Circumstance
    because: tuple["ChangedPart", ...] = ()
    by_hand: bool = False


@dataclass(frozen=True, slots=True)
class VersionStory:
    """A version of the dataset, and what made it.

    Attributes:
        checkpoint: The version.
        rows: Of its table, where that is known.
        origin: What it came from; None if the record cannot be read.
        attempt: How the run happened, if it was one and that is known.
        commit: The commit that brought it, and its id; None if it is staged only.
    """

    checkpoint: Checkpoint
    rows: int | None
    origin: Origin | None
    attempt: Attempt | None
    commit: tuple[ObjectId, Commit] | None


@dataclass(frozen=True, slots=True)
class Why:
    """Why a dataset is what it is.

    Attributes:
        path: The dataset.
        now: The version that was asked about.
        inputs: If a run made it, what that read, each with its rows where they are known.
        code: Likewise the code that it read, and the data that git tracks.
        before: The last version with other content, or with the same from another origin; None if there was none.
        causes: What changed between the runs that made the two.
        compared: The run that `causes` starts from; None if there were not two runs to compare.
        files: For a folder that was changed by hand, how many files differ from the version before.
        shallow: Whether history ends in a commit that is not here, so that there may have been a version before.
    """

    path: str
    now: VersionStory
    inputs: tuple[tuple[str, Checkpoint, int | None], ...]
    code: tuple[CodeFile, ...]
    before: VersionStory | None
    causes: tuple[ChangedPart, ...]
    compared: Run | None
    files: FileCounts | None
    shallow: bool


def why(repo: Repository, place: DatasetName) -> Why:
    """Return why the dataset at `place` is what it is; without a revision that is what is staged, else HEAD's.

    Raises:
        NotFound: No such revision or dataset.
    """
    if place.revision is None and place.path not in dataset_names.datasets_at(repo, None):
        head = repo.refs().head
        place = DatasetName(place.path, "HEAD" if head else None)
    found = dataset_names.dataset_at(repo, place).checkpoint
    start = repo.refs().head if place.revision is None else revisions.resolve(repo, place.revision)
    brought, other, shallow = _versions(repo, start, place.path, found)
    now = _told(repo, place.path, found, brought)
    before = None if other is None else _told(repo, place.path, other[0], other[1])
    inputs: tuple[tuple[str, Checkpoint, int | None], ...] = ()
    causes: tuple[ChangedPart, ...] = ()
    compared: Run | None = None
    files = None
    if isinstance(now.origin, Run):
        inputs = tuple(
            (one.path, one.checkpoint, rows_of(repo, one.path, one.checkpoint)) for one in now.origin.inputs
        )
        compared, imported = _run_behind(repo, before)
        if compared is not None:
            causes = _Explainer(repo).causes(compared, now.origin, imported, (place.path,))
    elif before is not None and found.is_dir and before.checkpoint.is_dir:
        files = _files(repo, before.checkpoint, found)
    return Why(place.path, now, inputs, _code(repo, now.origin), before, causes, compared, files, shallow)


def _code(repo: Repository, origin: Origin | None) -> tuple[CodeFile, ...]:
    try:
        return repo.code(origin.code).files if isinstance(origin, Run) else ()
    except StorageError:
        return ()


def _versions(
    repo: Repository, start: ObjectId | None, path: str, now: Checkpoint
) -> tuple[tuple[ObjectId, Commit] | None, tuple[Checkpoint, tuple[ObjectId, Commit]] | None, bool]:
    """Return what brought the present version, and the one before with what brought it, along first parents.

    The third value is whether history ends early, for a commit is not here.
    """
    brought: tuple[ObjectId, Commit] | None = None
    other: tuple[Checkpoint, tuple[ObjectId, Commit]] | None = None
    for oid, commit, found in _history(repo, start, path):
        if commit is None:
            return brought, other, True
        if other is None:
            if found is not None and _same(found, now):
                brought = (oid, commit)
            elif found is not None:
                other = (found, (oid, commit))
        elif found is not None and _same(found, other[0]):
            other = (found, (oid, commit))
        else:
            break
    return brought, other, False


def _same(one: Checkpoint, other: Checkpoint) -> bool:
    return (one.content, one.origin) == (other.content, other.origin)


def _history(
    repo: Repository, start: ObjectId | None, path: str
) -> Iterator[tuple[ObjectId, Commit | None, Checkpoint | None]]:
    """Yield `start` and its first parents with what the dataset was in each; a commit that is not here is None."""
    seen: dict[str, Checkpoint] = {}
    while start is not None:
        try:
            commit = repo.commit(start)
        except Missing:
            yield start, None, None
            return
        entry = trees.find(commit.snapshot, path, repo.node)
        if entry is not None and entry.target not in seen:
            seen = {entry.target: repo.checkpoint(ObjectId(entry.target))}
        yield start, commit, None if entry is None else seen[entry.target]
        start = commit.parents[0] if commit.parents else None


def _told(
    repo: Repository, path: str, found: Checkpoint, commit: tuple[ObjectId, Commit] | None
) -> VersionStory:
    origin = _readable(repo, found.origin)
    attempt = _attempt(repo, found.origin, commit) if isinstance(origin, Run) else None
    return VersionStory(found, rows_of(repo, path, found), origin, attempt, commit)


def _readable(repo: Repository, oid: ObjectId) -> Origin | None:
    try:
        return repo.origin(oid)
    except StorageError:
        return None


def _attempt(repo: Repository, run: ObjectId, commit: tuple[ObjectId, Commit] | None) -> Attempt | None:
    try:
        return origins.attempt(repo, repo.refs(), run, commit and commit[0])
    except (Corrupt, StorageError):
        return None


def _run_behind(repo: Repository, told: VersionStory | None) -> tuple[Run | None, tuple[str, ...] | None]:
    """Return the run that made a version, or the data that was edited to give it, and what it imported."""
    if told is None or told.origin is None:
        return None, None
    if isinstance(told.origin, Run):
        return told.origin, _imported(told.attempt)
    edited = told.origin.edited
    origin = None if edited is None else _readable(repo, edited)
    if edited is None or not isinstance(origin, Run):
        return None, None
    return origin, _imported(_attempt(repo, edited, told.commit))


def _imported(attempt: Attempt | None) -> tuple[str, ...] | None:
    return None if attempt is None else attempt.imported


class _Explainer:
    """Says why runs differ, and why their inputs do; each pair of runs once."""

    def __init__(self, repo: Repository) -> None:
        self._repo = repo
        self._done: set[tuple[ObjectId, ObjectId]] = set()

    def causes(
        self, before: Run, after: Run, imported: tuple[str, ...] | None, above: tuple[str, ...]
    ) -> tuple[ChangedPart, ...]:
        """Return what changed between two runs; `above` are the datasets whose change this explains."""
        found = differences.changed(self._repo, before, after, imported=imported)
        return tuple(self._cause(one, before, after, above) for one in found)

    def _cause(self, one: Circumstance, before: Run, after: Run, above: tuple[str, ...]) -> ChangedPart:
        if one.aspect is not Aspect.INPUT or one.name in above:
            return ChangedPart(one)
        was, is_now = before.input(one.name), after.input(one.name)
        if was is None or is_now is None:
            return ChangedPart(one)
        pair = (was.checkpoint.origin, is_now.checkpoint.origin)
        earlier, made = (_readable(self._repo, oid) for oid in pair)
        if isinstance(made, Source):
            return ChangedPart(one, by_hand=made.fetched is None and not made.merged)
        if made is None or not isinstance(earlier, Run) or len(above) >= _DEEPEST or pair in self._done:
            return ChangedPart(one)
        self._done.add(pair)
        imported = _imported(_attempt(self._repo, pair[0], None))
        return ChangedPart(one, self.causes(earlier, made, imported, (*above, one.name)))


def _files(repo: Repository, before: Checkpoint, after: Checkpoint) -> FileCounts | None:
    try:
        return count(before.content, after.content, repo.node)
    except DsvError:
        return None
