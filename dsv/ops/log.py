"""Tell the history of commits."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from dsv.errors import NotFound
from dsv.ids import ObjectId
from dsv.model import ancestry
from dsv.model import tree as trees
from dsv.model.commit import Commit
from dsv.model.file_diff import change_of
from dsv.records import revisions
from dsv.store.repository import Repository


@dataclass(frozen=True, slots=True)
class LogEntry:
    """One commit of the history.

    Attributes:
        id: The commit's id.
        commit: The commit.
        changes: Paths of the datasets that differ from the first parent, each with `added`, `modified` or `removed`.
        names: Branches and tags that name it; `HEAD` first where it does.
    """

    id: ObjectId
    commit: Commit
    changes: Mapping[str, str]
    names: tuple[str, ...]


def log(
    repo: Repository, revision: str | None = None, path: str | None = None, *, limit: int | None = None
) -> Iterator[LogEntry]:
    """Yield the commits that `revision` (default HEAD) follows, newest first.

    Args:
        repo: The repository.
        revision: Where to start.
        path: Only commits that changed this dataset, or one below this folder.
        limit: At most so many commits.

    Raises:
        NotFound: No such revision, or `path` never was a dataset.
    """
    names = _names(repo)
    if revision is None and repo.refs().head is None:
        return
    start = revisions.resolve(repo, revision or "HEAD")
    told = 0
    for oid, commit in ancestry.walk([start], repo.commit):
        if limit is not None and told >= limit:
            return
        changed = _changed(repo, commit)
        if path is None or any(name == path or name.startswith(f"{path}/") for name in changed):
            yield LogEntry(oid, commit, changed, names.get(oid, ()))
            told += 1
    if path is not None and not told and limit != 0:
        raise NotFound(f"no commit changed {path}", hint="dsv ls")


def _changed(repo: Repository, commit: Commit) -> dict[str, str]:
    before = repo.snapshot_of(commit.parents[0]) if commit.parents else None
    return {
        (old or new).name: change_of(old, new)  # type: ignore[union-attr]  # one is there
        for old, new in trees.compare(before, commit.snapshot, repo.node)
    }


def _names(repo: Repository) -> dict[ObjectId, tuple[str, ...]]:
    refs = repo.refs()
    found: dict[ObjectId, list[str]] = {}
    if refs.head is not None:
        found.setdefault(refs.head, []).append("HEAD")
    for name, oid in sorted(refs.branches.items()):
        found.setdefault(oid, []).append(name)
    for name, oid in sorted(refs.tags.items()):
        found.setdefault(oid, []).append(f"tag: {name}")
    for name, oid in sorted(refs.mine.remotes.items()):
        found.setdefault(oid, []).append(name)
    return {oid: tuple(names) for oid, names in found.items()}
