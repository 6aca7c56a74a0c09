"""Listings: the names that a run saw in a folder of the workspace."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

from dsv.errors import Corrupt
from dsv.model import canonical
from dsv.model.node import DIR, FILE, LINK

_KINDS = frozenset({FILE, DIR, LINK})


class Name(NamedTuple):
    """One entry of a folder, as a listing tells it.

    Attributes:
        name: Its name.
        kind: `FILE`, `DIR` or `LINK`; whether a file may be executed does not show in a listing.
    """

    name: str
    kind: str


@dataclass(frozen=True, slots=True)
class NamesChange:
    """How the names in a folder differ from what was listed.

    Attributes:
        folder: The folder; empty for the workspace.
        new: Names that it holds now, sorted.
        gone: Names that it holds no more, sorted.
        other: Names that are of another kind now, such as a folder where a file was, sorted.
    """

    folder: str
    new: tuple[str, ...] = ()
    gone: tuple[str, ...] = ()
    other: tuple[str, ...] = ()

    @classmethod
    def of(cls, folder: str, new: Iterable[str], gone: Iterable[str], other: Iterable[str]) -> "NamesChange":
        """Return the change that these names make, in any order."""
        return cls(folder, *(tuple(sorted(names)) for names in (new, gone, other)))

    def __bool__(self) -> bool:
        """Whether anything differs."""
        return bool(self.new or self.gone or self.other)


@dataclass(frozen=True, slots=True)
class Listing:
    """What a folder held when a run listed it, without what the run itself made there.

    Attributes:
        names: Its entries, sorted by the UTF-8 bytes of their names.
    """

    names: tuple[Name, ...] = ()

    def encode(self) -> bytes:
        """Return the canonical encoding."""
        return canonical.encode({"v": 1, "names": [list(one) for one in self.names]})

    @classmethod
    def decode(cls, data: bytes | memoryview, what: str) -> "Listing":
        """Return the listing that `data` encodes.

        Raises:
            Corrupt: It is not a valid listing; `what` names it.
        """
        record = canonical.decode(data, what=what)
        try:
            found = cls(tuple(Name(name, kind) for name, kind in record["names"]))
            texts = [one.name for one in found.names]
            if any(type(name) is not str for name in texts) or texts != sorted(set(texts), key=str.encode):
                raise ValueError("names are not sorted")
            if any(one.kind not in _KINDS for one in found.names):
                raise ValueError("a name is of another kind")
            if found.encode() != data:
                raise ValueError("it has other fields")
        except (KeyError, TypeError, ValueError) as error:
            raise Corrupt(f"{what} is not a valid listing: {error}") from error
        return found
