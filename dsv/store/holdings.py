"""The ways in which the bytes of a file are held: all that tells a segment from a recipe is here.

An object that holds bytes is *plain*, if it is these bytes, or *composed*, if it says of which other such
objects theirs consist. It has the id of the bytes, so any way will do where a file is wanted: one store may hold
as a segment what another holds as a recipe. Walks, pushes, supplies and checks go from a composed object to
its children and ask no further. A new way is a number in `dsv.hashing.Kind` and a row in `HOLDINGS`.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from dsv.hashing import Kind, object_id
from dsv.ids import ObjectId
from dsv.model.recipe import FilePart, Recipe

SEGMENT_LIMIT = 8 << 20
"""A segment that claims more bytes is refused."""

RECORD_LIMIT = 64 << 20
"""A record, or a composed object, that claims more bytes is refused."""

_KINDS = 256  # an index has a byte for each


@dataclass(frozen=True, slots=True)
class Composition:
    """What a composed object says.

    Attributes:
        kind: Of the object.
        data: Its encoding.
        size: Bytes that it stands for.
        children: What it needs to be read, each once or more often, with sizes.
        parts: The stretches of its bytes in order: any range is read from those that it touches.
    """

    kind: Kind
    data: bytes
    size: int
    children: Sequence[FilePart]
    parts: Sequence[FilePart]

    def proved_as(self, oid: ObjectId) -> bool:
        """Whether `oid` is the hash of the object itself; else only the bytes that it stands for prove it."""
        return object_id(self.kind, self.data) == oid


@dataclass(frozen=True, slots=True)
class Holding:
    """One way to hold bytes.

    Attributes:
        kind: Of its objects.
        limit: Bytes that one of them may have.
        compose: Decodes one, given its bytes and what messages call it; raises `Corrupt`. None: it is plain.
    """

    kind: Kind
    limit: int
    compose: Callable[[bytes, str], Composition] | None = None


def _recipe(data: bytes, what: str) -> Composition:
    parts = Recipe.decode(data, what).parts
    return Composition(Kind.RECIPE, data, sum(part.size for part in parts), parts, parts)


HOLDINGS: dict[int, Holding] = {
    Kind.SEGMENT: Holding(Kind.SEGMENT, SEGMENT_LIMIT),
    Kind.RECIPE: Holding(Kind.RECIPE, RECORD_LIMIT, _recipe),
}
"""Every way, by the number of its kind."""


def is_plain(kind: int) -> bool:
    """Whether objects of a kind are the bytes that they stand for."""
    found = HOLDINGS.get(kind)
    return found is not None and found.compose is None


def is_composed(kind: int) -> bool:
    """Whether objects of a kind stand for bytes that others hold."""
    found = HOLDINGS.get(kind)
    return found is not None and found.compose is not None


def limit(kind: int) -> int:
    """Return how many bytes an object of a kind may have, whatever it is."""
    found = HOLDINGS.get(kind)
    return RECORD_LIMIT if found is None else found.limit


def compose(kind: int, data: bytes, file: ObjectId, part: ObjectId | None = None) -> Composition:
    """Return what a composed object says.

    Args:
        kind: Of the object; `is_composed`.
        data: The object.
        file: The id of the bytes that it stands for, for messages; or of the file of which they are a part.
        part: The id of the part, if it is one.

    Raises:
        Corrupt: It is not valid.
    """
    how = HOLDINGS[kind].compose
    assert how is not None
    return how(data, describe(kind, file, part))


def word(kind: int) -> str:
    """Return what people call objects of a kind that holds bytes: `recipe`."""
    return HOLDINGS[kind].kind.name.lower()


def describe(kind: int, file: ObjectId, part: ObjectId | None = None) -> str:
    """Return what messages call the composed object that holds a file, or a part of it."""
    return (
        f"the {word(kind)} of file {file}" if part in {None, file} else f"{word(kind)} {part} of file {file}"
    )


def interchangeable(kind: int, other: int) -> bool:
    """Whether an object of one kind will do where one of another, with the same id, is wanted."""
    return kind == other or (kind in HOLDINGS and other in HOLDINGS)


def unified(kinds: Any) -> Any:
    """Return numbers of kinds with all that are interchangeable made equal.

    Args:
        kinds: Numpy array of u1, of any shape.

    Returns:
        The same shape and type: [1, 2, 24] become [1, 1, 24].
    """
    import numpy as np

    table = np.arange(_KINDS, dtype=np.uint8)
    table[list(HOLDINGS)] = Kind.SEGMENT
    return table[kinds]


def composed_rows(kinds: Any) -> Any:
    """Return, as numpy truth values of the same shape, which of the numbers of kinds (u1) are of composed ones."""
    import numpy as np

    found = np.zeros(kinds.shape, np.bool_)
    for kind in filter(is_composed, HOLDINGS):
        found |= kinds == kind
    return found
