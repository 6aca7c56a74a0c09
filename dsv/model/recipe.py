"""Recipes: how a file is put together from segments.

A recipe is stored under the file id of what it makes, and proved by making it. The
parts of a long recipe are recipes again, each stored under its own object id (kind
`RECIPE`); the kind that the index gives for a part's id tells the two apart. A file of
one segment needs no recipe: the segment has the file's id.
"""

from dataclasses import dataclass
from typing import NamedTuple

from dsv.errors import Corrupt
from dsv.ids import ObjectId, parse_id
from dsv.model import canonical

PART_LIMIT = 4096
"""Parts of one recipe. A longer list is cut into recipes of its own, after each part whose
id starts with 10 zero bits, so that an edit of the file changes few of them."""

PAGE_BITS = 10


class FilePart(NamedTuple):
    """A stretch of a file.

    Attributes:
        id: Of a segment (the file id of its bytes), or of a recipe (its object id).
        size: How many bytes.
    """

    id: ObjectId
    size: int


@dataclass(frozen=True, slots=True)
class Recipe:
    """The parts of a file in order."""

    parts: tuple[FilePart, ...]

    @property
    def size(self) -> int:
        """Bytes of the file."""
        return sum(part.size for part in self.parts)

    def encode(self) -> bytes:
        """Return the canonical encoding."""
        return canonical.encode({"v": 1, "parts": [list(part) for part in self.parts]})

    @classmethod
    def decode(cls, data: bytes | memoryview, what: str) -> "Recipe":
        """Return the recipe that `data` encodes.

        Raises:
            Corrupt: It is not a valid recipe; `what` names it.
        """
        record = canonical.decode(data, what=what)
        try:
            parts = tuple(FilePart(parse_id(oid), size) for oid, size in record["parts"])
            if not parts or any(type(part.size) is not int or part.size <= 0 for part in parts):
                raise ValueError("a part has no size")
            if record.keys() != {"v", "parts"}:
                raise ValueError("it has other fields")
        except (KeyError, TypeError, ValueError) as error:
            raise Corrupt(f"{what} is not a valid recipe: {error}") from error
        return cls(parts)
