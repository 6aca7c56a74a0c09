"""Checkpoints: one version of one dataset."""

from dataclasses import dataclass
from typing import Protocol

from dsv.errors import Corrupt
from dsv.ids import ObjectId, parse_id
from dsv.model import canonical
from dsv.model.node import DIR, EXEC, FILE


class HasData(Protocol):
    """Anything that says which data it has: a checkpoint, or what was seen of a dataset in the working tree."""

    @property
    def content(self) -> ObjectId:
        """File id, or the id of the root node of a directory."""

    @property
    def kind(self) -> str:
        """`FILE`, `EXEC` or `DIR`."""


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """One version of a dataset.

    Attributes:
        content: File id, or the id of the root node of a directory.
        kind: `FILE`, `EXEC` (a file with its executable bit set) or `DIR`.
        size: Bytes of all its files together.
        files: How many files it has; 1 for a file, links not counted.
        schema: The schema id under which its text files are read, None for typed formats.
        origin: Id of the source or run record that it came from.
    """

    content: ObjectId
    kind: str
    size: int
    files: int
    schema: ObjectId | None
    origin: ObjectId

    def encode(self) -> bytes:
        """Return the canonical encoding."""
        return canonical.encode(
            {
                "v": 1,
                "content": self.content,
                "files": self.files,
                "kind": self.kind,
                "origin": self.origin,
                "schema": self.schema,
                "size": self.size,
            }
        )

    def same_data(self, other: HasData) -> bool:
        """Whether `other` has the same bytes under the same names, wherever either came from."""
        return (self.content, self.kind) == (other.content, other.kind)

    @property
    def is_dir(self) -> bool:
        """Whether the dataset is a directory."""
        return self.kind == DIR

    @classmethod
    def decode(cls, data: bytes | memoryview, what: str) -> "Checkpoint":
        """Return the checkpoint that `data` encodes.

        Raises:
            Corrupt: It is not a valid checkpoint; `what` names it.
        """
        record = canonical.decode(data, what=what)
        try:
            found = cls.parse(record)
            if found.encode() != data:
                raise ValueError("it has other fields")
        except (KeyError, ValueError) as error:
            raise Corrupt(f"{what} is not a valid checkpoint: {error}") from error
        return found

    @classmethod
    def parse(cls, record: canonical.Json) -> "Checkpoint":
        """Return the checkpoint whose fields `record` has among others.

        Raises:
            KeyError, ValueError: One is missing, or cannot be what it is.
        """
        schema = record["schema"]
        found = cls(
            content=parse_id(record["content"]),
            kind=record["kind"],
            size=record["size"],
            files=record["files"],
            schema=None if schema is None else parse_id(schema),
            origin=parse_id(record["origin"]),
        )
        if found.kind not in (FILE, EXEC, DIR):
            raise ValueError("it is neither a file nor a folder")
        if any(type(number) is not int or number < 0 for number in (found.size, found.files)):
            raise ValueError("size and files are not counts")
        return found
