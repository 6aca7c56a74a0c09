"""Commits: a snapshot with its history."""

from dataclasses import dataclass

from dsv.errors import Corrupt
from dsv.ids import ObjectId, parse_id
from dsv.model import canonical


@dataclass(frozen=True, slots=True)
class Commit:
    """A snapshot, where it came from, and who says so.

    Attributes:
        snapshot: Node id of the snapshot: dataset path to checkpoint.
        parents: Ids of the commits that it follows; two for a merge.
        author: The one who made it, as text.
        message: What the author says of it.
        seconds: Time in seconds since 1970-01-01 UTC.
        offset: Minutes east of UTC at the author's place.
        attempts: Node id of how the runs behind the snapshot happened: run id to attempt; None
            if there are none.
    """

    snapshot: ObjectId
    parents: tuple[ObjectId, ...]
    author: str
    message: str
    seconds: int
    offset: int
    attempts: ObjectId | None = None

    def encode(self) -> bytes:
        """Return the canonical encoding."""
        record: canonical.Json = {
            "v": 1,
            "author": self.author,
            "message": self.message,
            "parents": list(self.parents),
            "snapshot": self.snapshot,
            "time": [self.seconds, self.offset],
        }
        if self.attempts is not None:
            record["attempts"] = self.attempts
        return canonical.encode(record)

    @classmethod
    def decode(cls, data: bytes | memoryview, what: str) -> "Commit":
        """Return the commit that `data` encodes.

        Raises:
            Corrupt: It is not a valid commit; `what` names it.
        """
        record = canonical.decode(data, what=what)
        try:
            seconds, offset = record["time"]
            found = cls(
                snapshot=parse_id(record["snapshot"]),
                parents=tuple(parse_id(parent) for parent in record["parents"]),
                author=record["author"],
                message=record["message"],
                seconds=seconds,
                offset=offset,
                attempts=parse_id(record["attempts"]) if "attempts" in record else None,
            )
            if not (type(found.author) is str and type(found.message) is str):
                raise ValueError("author or message is not text")
            if not (type(seconds) is int and type(offset) is int):
                raise ValueError("time is not a pair of integers")
            if found.encode() != data:
                raise ValueError("it has other fields")
        except (KeyError, TypeError, ValueError) as error:
            raise Corrupt(f"{what} is not a valid commit: {error}") from error
        return found
