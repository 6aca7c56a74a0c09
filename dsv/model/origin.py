"""Origins: where a checkpoint came from.

A source is data from outside: fetched from a URL, or put there by somebody. An origin id
is a pure function of what it records, so adding the same file again gives the same id:
nothing here is clocked.
"""

from dataclasses import dataclass

from dsv.errors import Corrupt
from dsv.ids import ObjectId, parse_id
from dsv.model import canonical


@dataclass(frozen=True, slots=True)
class Source:
    """Data that came from outside.

    Attributes:
        path: The dataset path under which it was first added.
        edited: Id of the origin whose data was edited by hand to give this, or None.
        merged: Ids of the origins whose folders a merge joined file by file; else empty.
    """

    path: str
    edited: ObjectId | None = None
    merged: tuple[ObjectId, ...] = ()

    def encode(self) -> bytes:
        """Return the canonical encoding."""
        return canonical.encode(
            {"v": 1, "edited": self.edited, "merged": list(self.merged), "path": self.path}
        )

    @classmethod
    def decode(cls, data: bytes | memoryview, what: str) -> "Source":
        """Return the source that `data` encodes.

        Raises:
            Corrupt: It is not a valid source; `what` names it.
        """
        record = canonical.decode(data, what=what)
        try:
            edited = record["edited"]
            found = cls(
                path=record["path"],
                edited=None if edited is None else parse_id(edited),
                merged=tuple(parse_id(origin) for origin in record["merged"]),
            )
            if type(found.path) is not str:
                raise ValueError("path is not text")
            if found.encode() != data:
                raise ValueError("it has other fields")
        except (KeyError, TypeError, ValueError) as error:
            raise Corrupt(f"{what} is not a valid source: {error}") from error
        return found
