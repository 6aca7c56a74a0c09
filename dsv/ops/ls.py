"""List the datasets of a version, or what is in a folder dataset."""

import shlex
from collections.abc import Iterator
from dataclasses import dataclass

from dsv.errors import NotFound
from dsv.ids import ObjectId
from dsv.model import tree as trees
from dsv.model.node import DIR, EXEC, FILE, Entry
from dsv.records import dataset_names
from dsv.records.dataset_names import DatasetName
from dsv.store.repository import Datasets, Repository, Tracked


@dataclass(frozen=True, slots=True)
class ListedFile:
    """A file in a folder dataset.

    Attributes:
        path: Relative to the dataset; a directory ends with `/`.
        kind: As in its node.
        target: File id, node id, or the text of a link.
        size: Bytes of a file; None for anything else, or if the store lacks it.
    """

    path: str
    kind: str
    target: str
    size: int | None


def ls(repo: Repository, revision: str | None = None) -> Datasets:
    """Return the datasets of `revision`, by default of HEAD.

    Raises:
        NotFound: No such revision.
    """
    if revision is None and repo.refs().head is None:
        return {}
    return dataset_names.datasets_at(repo, revision or "HEAD")


def ls_files(repo: Repository, place: DatasetName) -> tuple[Tracked, Iterator[ListedFile]]:
    """Return a dataset, and what its folder, or a folder in it, holds; not what is below that.

    Raises:
        NotFound: No such revision, dataset or folder.
    """
    found = dataset_names.dataset_at(repo, place)
    if found.checkpoint.kind != DIR:
        if place.file is not None:
            raise NotFound(f"{place.path} is a file: there is no {place.file} in it")
        return found, iter(())
    root = found.checkpoint.content
    if place.file is not None:
        entry = trees.find_path(root, place.file.rstrip("/"), repo.node)
        if entry is None or entry.kind != DIR:
            raise NotFound(
                f"no folder {place.file} in {place.path}", hint=f"dsv ls {shlex.quote(place.path)}"
            )
        root = ObjectId(entry.target)
    return found, (_listed(repo, entry) for entry in trees.walk(root, repo.node))


def _listed(repo: Repository, entry: Entry) -> ListedFile:
    size = None
    if entry.kind in {FILE, EXEC} and repo.contents.has(ObjectId(entry.target)):
        size = repo.contents.size(ObjectId(entry.target))
    return ListedFile(f"{entry.name}/" if entry.kind == DIR else entry.name, entry.kind, entry.target, size)
