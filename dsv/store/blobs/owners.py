"""Whose a folder of packs is: each workspace that keeps its packs there has a mark in it.

A workspace knows itself by a random id in `.dsv/owner`. The mark of that id, `packs/owners/<id>` in
the folder of packs, says where the workspace is, so that gc of another one can ask its refs. A copy of
a workspace has the same id at first; it finds that out when it is opened, and gets an id and a mark of
its own. In doubt a workspace counts as a copy: the mark that is left then keeps what it names.

Packs in a workspace's own `.dsv` need no mark: they are its own by their place.
"""

import contextlib
import os
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from dsv.atomic import make_folder, replace_file, storing
from dsv.errors import BadConfig, Conflict, Corrupt, NotFound, Refused, StorageError, TooNew
from dsv.lock import FileLock
from dsv.model import canonical

OWNERS = "packs/owners"
"""Where marks are, in a folder of packs."""

OWNER = "owner"
"""The file in `.dsv` that says who the workspace is, and where its packs are."""

_PLACES = 8
_ID_DIGITS = 32
_LIMIT = 1 << 16
_ANY = (0, 0)
_BYTES = "bytes:"


class Own(NamedTuple):
    """What a workspace knows of itself.

    Attributes:
        id: 32 hex digits.
        packs: The folder that holds its packs.
    """

    id: str
    packs: str


@dataclass(frozen=True, slots=True)
class Mark:
    """A workspace that keeps packs in a folder, as the folder has it.

    Attributes:
        id: 32 hex digits.
        places: Where its `.dsv` is, and was before that, newest first.
        sign: Inode and change time (microseconds) of its `owner` file: a copy has neither; (0, 0) fits any.
        since: When it was first marked, in seconds since 1970.
    """

    id: str
    places: tuple[str, ...]
    sign: tuple[int, int]
    since: int

    def encode(self) -> bytes:
        """Return the canonical encoding."""
        sign, places = list(self.sign), [_as_text(place) for place in self.places]
        return canonical.encode({"v": 1, "id": self.id, "places": places, "sign": sign, "since": self.since})

    @classmethod
    def decode(cls, data: bytes, what: str) -> "Mark":
        """Return the mark that `data` encodes.

        Raises:
            Corrupt: It does not encode one; `what` names it.
            TooNew: A newer dsv wrote it.
        """
        record = canonical.decode(data, what=what)
        try:
            inode, changed = record["sign"]
            places = tuple(_as_path(place) for place in record["places"])
            found = cls(record["id"], places, (inode, changed), record["since"])
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            raise Corrupt(f"{what} is malformed: {error}") from error
        numbers = all(type(number) is int for number in (inode, changed, found.since))
        if not numbers or not places or type(found.id) is not str or not _is_owner_id(found.id):
            raise Corrupt(f"{what} is malformed")
        return found


def owner(dot: Path) -> Own | None:
    """Return who the workspace with the store `dot` says that it is; None if it says nothing that makes sense.

    Raises:
        StorageError: The file cannot be read.
        TooNew: A newer dsv wrote it.
    """
    raw = token(dot)
    try:
        record = canonical.decode(raw or b"", what=str(dot / OWNER))
        found = Own(record["id"], _as_path(record["packs"]))
    except (AttributeError, Corrupt, KeyError, ValueError):
        return None  # it gets another id, and what the old one needs is kept
    return found if type(found.id) is str and _is_owner_id(found.id) else None


def token(dot: Path) -> bytes | None:
    """Return bytes that change when a workspace gets another id, or its packs another place."""
    return _read(dot / OWNER)


def claim(dot: Path, home: Path) -> bytes | None:
    """Note that the workspace with the store `dot` keeps its packs in `home`; return its `token`.

    A copy of a workspace gets an id of its own here, and one that was moved says where it is now. Where
    nothing can be written, nothing is noted.

    Raises:
        BadConfig: Its packs are in another folder.
        StorageError: The folder of its packs is not there.
    """
    mine = owner(dot)
    if mine is None and is_private(dot, home):
        return None
    _check_place(dot, home, mine)
    if mine is None or not _is_noted(dot, home, mine):
        with contextlib.suppress(StorageError, Conflict):
            settle(dot, home)
    return token(dot)


def settle(dot: Path, home: Path) -> None:
    """Note that a workspace keeps its packs in `home`, where they are.

    Raises:
        StorageError: It cannot be written.
    """
    with FileLock(dot / "owner.lock"), storing("write", dot / OWNER):
        mine = owner(dot)
        mark = None if mine is None else _own_mark(home, mine)
        if mine is None or (mark is not None and _is_copy(dot, mark)):
            _write(dot, home, os.urandom(_ID_DIGITS // 2).hex(), None)
        elif mark is None or not _is_noted(dot, home, mine):
            _write(dot, home, mine.id, mark)


def forsake(dot: Path, home: Path) -> None:
    """Remove what is noted of a workspace that has no packs in `home` any more.

    Raises:
        StorageError: It cannot be removed.
    """
    mine = owner(dot)
    if mine is not None:
        with storing("delete", home / OWNERS / mine.id):
            (home / OWNERS / mine.id).unlink(missing_ok=True)
            (dot / OWNER).unlink()


def is_private(dot: Path, home: Path) -> bool:
    """Whether a folder of packs is the store itself, and no way to a folder elsewhere."""
    return home == dot and not (dot / "packs").is_symlink()


def is_alone(dot: Path, home: Path) -> bool:
    """Whether nobody but the workspace with the store `dot` keeps packs in `home`, as far as can be seen."""
    place = Path(os.path.realpath(home / "packs")).parent
    if (place / "refs").exists() and not place.samefile(dot):
        return False
    mine = owner(dot)
    try:
        return all(mine is not None and mark.id == mine.id for mark in marks(home))
    except (Corrupt, StorageError, TooNew):
        return False


def has_more(before: Path, home: Path) -> bool:
    """Whether a folder holds packs that `home` lacks; one pack tells of all."""
    for folder, _, names in os.walk(before / "packs"):
        for name in names:
            if name.endswith(".pack"):
                return not (home / "packs" / Path(folder).name / name).exists()
    return False


def marks(home: Path) -> Iterator[Mark]:
    """Yield the marks in a folder of packs.

    Raises:
        Corrupt, TooNew: One cannot be understood.
        StorageError: They cannot be read.
    """
    folder = home / OWNERS
    with storing("read", folder):
        names = sorted(path.name for path in folder.iterdir()) if folder.is_dir() else []
    for name in names:
        found = _mark(home, name) if _is_owner_id(name) else None
        if found is not None:
            yield found


def where(mark: Mark) -> Path | None:
    """Return the store of a marked workspace; None if it is nowhere that it ever was."""
    return next((Path(place) for place in mark.places if _says(place) == mark.id), None)


def forget(home: Path, name: str) -> Mark:
    """Remove the mark of a workspace that is gone for good, and return it.

    Args:
        home: A folder of packs.
        name: The start of the id of the mark.

    Raises:
        NotFound: There is no such mark, or there are several.
        Refused: That workspace is there.
    """
    found = [mark for mark in marks(home) if name and mark.id.startswith(name)]
    if len(found) != 1:
        raise NotFound(f"{len(found)} of the workspaces that use {home} are called {name!r}", hint="dsv fsck")
    [mark] = found
    there = where(mark)
    if there is not None:
        raise Refused(f"workspace {mark.id[:8]} is in {there.parent}, and needs its packs", hint="dsv gc")
    path = home / OWNERS / mark.id
    with storing("delete", path):
        path.unlink(missing_ok=True)
    return mark


def _check_place(dot: Path, home: Path, mine: Own | None) -> None:
    """Refuse a folder in which the packs are not, though the settings name it."""
    before = str(dot) if mine is None else mine.packs
    if mine is not None and _own_mark(home, mine) is not None:
        return  # this folder, perhaps moved with all that is in it
    if os.path.realpath(before) != os.path.realpath(home):
        if has_more(Path(before), home):
            way = "--unset store" if home == dot else f"store {home}"
            raise BadConfig(
                f"the packs of this workspace are in {before}, and its settings say {home}",
                hint=f"dsv config {way}  # moves them there",
            )
    elif mine is not None and not (home / "packs").is_dir():
        raise StorageError(f"{home} holds no packs: is its disk mounted?", hint=f"mount it, then: ls {home}")


def _is_noted(dot: Path, home: Path, mine: Own) -> bool:
    """Whether all that is noted of a workspace is as it is now."""
    mark = _own_mark(home, mine)
    there = mark is not None and mark.places[0] == os.path.realpath(dot) and mark.sign == _sign(dot)
    return there and mine.packs == os.path.realpath(home)


def _is_copy(dot: Path, mark: Mark) -> bool:
    """Whether a workspace is a copy of the one that has the mark; in doubt it is."""
    for place in mark.places:
        if _says(place) == mark.id and not Path(place).samefile(dot):
            return True
    inode, changed = _sign(dot)
    return mark.sign != _ANY and inode != mark.sign[0] and changed != mark.sign[1]


def _write(dot: Path, home: Path, name: str, mark: Mark | None) -> None:
    """Write both sides of what is noted; a crash in between leaves a mark that fits any sign."""
    here = os.path.realpath(dot)
    places = (here, *(place for place in (mark.places if mark else ()) if place != here))[:_PLACES]
    since = int(time.time()) if mark is None else mark.since
    path = home / OWNERS / name
    with storing("write", path):
        make_folder(path.parent)
    mine = canonical.encode({"v": 1, "id": name, "packs": _as_text(os.path.realpath(home))})
    if token(dot) != mine:
        replace_file(path, Mark(name, places, _ANY, since).encode())
        replace_file(dot / OWNER, mine)
    replace_file(path, Mark(name, places, _sign(dot), since).encode())


def _sign(dot: Path) -> tuple[int, int]:
    found = (dot / OWNER).stat()
    return found.st_ino % canonical.MAX_INTEGER, found.st_ctime_ns // 1000


def _says(place: str) -> str | None:
    """Return the id that the store at a place has; None if there is none that can be read."""
    try:
        found = owner(Path(place))
    except (StorageError, TooNew):
        return None
    return None if found is None else found.id


def _own_mark(home: Path, mine: Own) -> Mark | None:
    """Return the mark of a workspace itself; one that is damaged is written again."""
    try:
        return _mark(home, mine.id)
    except Corrupt:
        return None


def _mark(home: Path, name: str) -> Mark | None:
    path = home / OWNERS / name
    raw = _read(path)
    return None if raw is None else Mark.decode(raw, str(path))


def _read(path: Path) -> bytes | None:
    with storing("read", path):
        try:
            with path.open("rb") as file:
                return file.read(_LIMIT)
        except (FileNotFoundError, NotADirectoryError):
            return None


def _is_owner_id(name: str) -> bool:
    return len(name) == _ID_DIGITS and all(letter in "0123456789abcdef" for letter in name)


def _as_text(path: str) -> str:
    # JSON holds Unicode, and a path may be any bytes.
    try:
        path.encode()
    except UnicodeEncodeError:
        return f"{_BYTES}{os.fsencode(path).hex()}"
    return path


def _as_path(text: str) -> str:
    return os.fsdecode(bytes.fromhex(text.removeprefix(_BYTES))) if text.startswith(_BYTES) else text
