"""The files of a folder that may hold tables, in the store and in the working tree."""

from collections.abc import Iterator
from functools import partial
from pathlib import Path

from dsv.ids import ObjectId
from dsv.model import tree as trees
from dsv.model.checkpoint import Checkpoint
from dsv.records import needs
from dsv.store.repository import Repository
from dsv.tables.facts.folder import Member
from dsv.tables.formats import infer
from dsv.tables.formats.byte_source import ByteSource
from dsv.tables.formats.dialect import TextSchema
from dsv.tables.formats.file_source import FileSource
from dsv.tables.formats.text import TextReader


class TextFiles:
    """Opens the text files of a folder, each under the schema that all of it has."""

    def __init__(self) -> None:
        self._schemas: dict[str, TextSchema] = {}

    def __call__(self, source: ByteSource) -> TextReader:
        """Open one; its name is its path in the folder."""
        schema = self._schemas.get(source.name)
        if schema is None:
            schema = self._schemas[source.name] = infer.infer(source)
        return TextReader(source, schema)


def stored_members(repo: Repository, checkpoint: Checkpoint) -> Iterator[Member]:
    """Yield the files of a folder that the store holds; what it lacks is brought first."""
    needs.bring_version(repo, checkpoint)
    for path, entry in trees.files(checkpoint.content, repo.node):
        yield Member(path, partial(repo.contents.open, ObjectId(entry.target), path))


def size_of(repo: Repository, checkpoint: Checkpoint) -> int:
    """Return the bytes of a version whose bytes the store has; a part of a dataset comes without them."""
    if not checkpoint.is_dir:
        return repo.contents.size(checkpoint.content)
    files = trees.files(checkpoint.content, repo.node)
    return checkpoint.size or sum(repo.contents.size(ObjectId(entry.target)) for _, entry in files)


def working_members(repo: Repository, folder: Path, checkpoint: Checkpoint) -> Iterator[Member]:
    """Yield the files of a folder that the working tree holds."""
    for name, _ in trees.files(checkpoint.content, repo.node):
        yield Member(name, partial(_WorkingFile, folder / name, name))


class _WorkingFile(FileSource):
    """A file of a folder dataset in the working tree, called by its path in the folder."""

    def __init__(self, path: Path, name: str) -> None:
        super().__init__(path)
        self.name = name
