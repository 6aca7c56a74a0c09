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
class Fetched:
    """From where a source was imported, as that place described it.

    Attributes:
        url: Without user info and query.
        etag: What the server calls this version; None if it does not say.
        size: Bytes.
        modified: When it was last changed there, in seconds since 1970; None if that is not told.
    """

    url: str
    etag: str | None
    size: int
    modified: int | None


@dataclass(frozen=True, slots=True)
class Source:
    """Data that came from outside.

    Attributes:
        path: The dataset path under which it was first added.
        edited: Id of the origin whose data was edited by hand to give this, or None.
        merged: Ids of the origins whose folders a merge joined file by file; else empty.
        fetched: Where it was imported from; None if somebody put it there.
    """

    path: str
    edited: ObjectId | None = None
    merged: tuple[ObjectId, ...] = ()
    fetched: Fetched | None = None

    def encode(self) -> bytes:
        """Return the canonical encoding."""
        record: canonical.Json = {
            "v": 1,
            "edited": self.edited,
            "merged": list(self.merged),
            "path": self.path,
        }
        if self.fetched is not None:
            record["fetched"] = {
                "etag": self.fetched.etag,
                "modified": self.fetched.modified,
                "size": self.fetched.size,
                "url": self.fetched.url,
            }
        return canonical.encode(record)

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
                fetched=_fetched(record["fetched"]) if "fetched" in record else None,
            )
            if type(found.path) is not str:
                raise ValueError("path is not text")
            if found.encode() != data:
                raise ValueError("it has other fields")
        except (KeyError, TypeError, ValueError) as error:
            raise Corrupt(f"{what} is not a valid source: {error}") from error
        return found


def _fetched(record: canonical.Json) -> Fetched:
    found = Fetched(record["url"], record["etag"], record["size"], record["modified"])
    if type(found.url) is not str or type(found.etag) not in (str, type(None)):
        raise ValueError("url or etag is not text")
    if type(found.size) is not int or type(found.modified) not in (int, type(None)):
        raise ValueError("size or time is not an integer")
    return found
