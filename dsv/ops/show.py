"""Show a commit, or one version of a dataset."""

from dataclasses import dataclass, replace

from dsv.errors import NoTable
from dsv.ids import ObjectId
from dsv.model import tree as trees
from dsv.model.checkpoint import Checkpoint
from dsv.model.commit import Commit
from dsv.model.node import DIR, LINK
from dsv.records import dataset_names, revisions, version_tables
from dsv.records.dataset_names import DatasetName
from dsv.records.known_tables import KnownTable
from dsv.records.origins import Origin
from dsv.store.repository import Repository, Tracked


@dataclass(frozen=True, slots=True)
class ShownDataset:
    """One version of a dataset.

    Attributes:
        path: The dataset, or what was named in it.
        id: The checkpoint id.
        checkpoint: The checkpoint; of a part of a folder as if it were a dataset.
        facts: What is known of its table; None where there is none.
        no_table: Why there is no table; None where there is one.
        origin: Where it came from.
        links: How many links a folder holds, which are kept as links.
    """

    path: str
    id: ObjectId
    checkpoint: Checkpoint
    facts: KnownTable | None
    no_table: str | None
    origin: Origin
    links: int = 0


@dataclass(frozen=True, slots=True)
class ShownCommit:
    """A commit with what it changed.

    Attributes:
        id: The commit's id.
        commit: The commit.
        datasets: By path what it was before and what the commit made of it.
    """

    id: ObjectId
    commit: Commit
    datasets: tuple[tuple[str, Tracked | None, Tracked | None], ...]


def show_commit(repo: Repository, revision: str) -> ShownCommit:
    """Return the commit that `revision` names.

    Raises:
        NotFound: It names none.
    """
    oid = revisions.resolve(repo, revision)
    commit = repo.commit(oid)
    before = repo.datasets(repo.snapshot_of(commit.parents[0])) if commit.parents else {}
    after = repo.datasets(commit.snapshot)
    changed = [path for path in sorted({*before, *after}) if before.get(path) != after.get(path)]
    return ShownCommit(oid, commit, tuple((path, before.get(path), after.get(path)) for path in changed))


def show_dataset(repo: Repository, place: DatasetName) -> ShownDataset:
    """Return one version of a dataset, or of what was named in it; the facts of its table are computed if need be.

    Raises:
        NotFound: No such revision, or no such dataset in it, or no such file.
        Missing: Its bytes are not in the store.
    """
    found = dataset_names.dataset_at(repo, place)
    shown, before = dataset_names.content_at(repo, place), None
    links = _links(repo, shown.content) if shown.is_dir else 0
    if place.file is None:
        earlier = dataset_names.version_before(repo, place)
        before = earlier.checkpoint if earlier else None
    elif shown.is_dir:
        sizes = [
            repo.contents.size(ObjectId(entry.target)) for _, entry in trees.files(shown.content, repo.node)
        ]
        shown = replace(shown, size=sum(sizes), files=len(sizes))
    facts, reason = None, None
    try:
        facts = version_tables.known(repo, place.full_path, shown, before)
    except NoTable as error:
        reason = error.message
    origin = repo.origin(found.checkpoint.origin)
    return ShownDataset(place.full_path, found.id, shown, facts, reason, origin, links)


def _links(repo: Repository, folder: ObjectId) -> int:
    found = 0
    for entry in trees.walk(folder, repo.node):
        found += entry.kind == LINK
        if entry.kind == DIR:
            found += _links(repo, ObjectId(entry.target))
    return found
