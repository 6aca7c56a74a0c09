"""Having the store get, all at once, the bytes that an operation will read."""

from collections.abc import Iterable, Iterator, Mapping, Sequence

from dsv.errors import Corrupt, Missing, StorageError, UserError
from dsv.ids import ObjectId
from dsv.model import file_diff
from dsv.model.checkpoint import Checkpoint
from dsv.model.node import EXEC, FILE
from dsv.progress import SILENT, Progress
from dsv.store.repository import Repository, Tracked


def bring(
    repo: Repository,
    wanted: Mapping[str, Tracked | None],
    here: Mapping[str, ObjectId | None],
    *,
    progress: Progress = SILENT,
) -> None:
    """Have the store get what it lacks of datasets; nothing happens where there is no remote.

    Args:
        repo: The repository.
        wanted: The datasets, by path.
        here: By path the content that is at hand already; of a folder only other files are needed.
        progress: Counts the bytes that come.

    Raises:
        Corrupt: The remote's copy of something is damaged.
        StorageError: The remote cannot be read.
    """
    supply = repo.objects.supply
    if supply is None:
        return
    checkpoints = {path: one.checkpoint for path, one in wanted.items() if one is not None}
    ids = (oid for path, one in checkpoints.items() for oid in files_of(repo, one, here.get(path)))
    supply.bring(ids, progress=progress)


def bring_version(repo: Repository, checkpoint: Checkpoint, *, progress: Progress = SILENT) -> None:
    """Have the store get all that it lacks of one version; nothing happens where there is no remote.

    Raises:
        Corrupt: The remote's copy of something is damaged.
        StorageError: The remote cannot be read.
    """
    if repo.objects.supply is not None:
        repo.objects.supply.bring(files_of(repo, checkpoint), progress=progress)


def bring_versions(
    repo: Repository, checkpoints: Iterable[Checkpoint], *, progress: Progress = SILENT
) -> None:
    """Have the store get, all at once, what it lacks of many versions, as `bring_version` for one."""
    if repo.objects.supply is not None:
        files = (oid for one in checkpoints for oid in files_of(repo, one))
        repo.objects.supply.bring(files, progress=progress)


def to_be_had(repo: Repository, checkpoints: Sequence[Checkpoint]) -> list[Checkpoint]:
    """Return the versions of which the remote has all that the store lacks; brings nothing.

    A remote that cannot be read has none of them.
    """
    supply = repo.objects.supply
    if supply is None or not checkpoints:
        return []

    def there(group: Sequence[Checkpoint]) -> bool:
        try:
            files = (oid for one in group for oid in files_of(repo, one))
            return supply.has(oid for oid in files if not repo.contents.has(oid))
        except (Missing, Corrupt):
            return False

    try:
        if there(checkpoints):  # most often, and then it is one question
            return list(checkpoints)
        return [one for one in checkpoints if there([one])]
    except (StorageError, UserError):
        return []


def files_of(repo: Repository, checkpoint: Checkpoint, before: ObjectId | None = None) -> Iterator[ObjectId]:
    """Yield the ids of the files of a version, except for those that the folder `before` has as well."""
    if checkpoint.content == before:
        return
    if not checkpoint.is_dir:
        yield checkpoint.content
        return
    for change in file_diff.changes(before, checkpoint.content, repo.node):
        if change.after is not None and change.after.kind in {FILE, EXEC}:
            yield ObjectId(change.after.target)
