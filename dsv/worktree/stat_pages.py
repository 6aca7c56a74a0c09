"""What the stat cache keeps of one page of a directory, and when it may be believed.

A page holds the same names as the node page that it stands for. Its head says which
names and stats the page had, which node they made, and whether the store held it all;
its body says the same entry by entry, and is read only when the head does not match.
"""

import stat as modes
from array import array
from collections.abc import Sequence
from json import dumps, loads
from struct import Struct
from typing import NamedTuple

from dsv.hashing import checksum, file_hasher
from dsv.model.node import DIR, EXEC, FILE, LINK

FIELDS = 5
"""Numbers kept of an entry: size, mtime_ns, ctime_ns, inode, mode, in this order.

A sequence of such numbers has `FIELDS` for each entry, one entry after the other: number `i * FIELDS + 1` is
the mtime of entry i.
"""

STAT_BYTES = 8 * FIELDS
ID_BYTES = 32

SETTLE_NS = 20_000_000
"""How much older than its stat a time with a fraction must be: two ticks of the slowest clock."""

COARSE_NS = 2_000_000_000
"""The same where times have no fraction: FAT counts in steps of two seconds."""

SAFE_NS = 60 * 10**9
"""How much older than its stat a file must be to be overwritten on the word of that stat alone."""

FRESH_NS = 120 * 10**9
"""How long bytes may be in memory only: four times what Linux is set to."""

LASTING = 0
"""The boot of a page whose files were on the disk when it was seen: it holds after any power cut."""

_UNKNOWN = 2**64 - 1
"""The boot of a page that was kept without one."""

_MASK = 2**64 - 1
_SECOND = 10**9
_HEAD = Struct("<16s16s32sIQQqqBBQ")
_SHORT = Struct("<16s16s32sIQQqqBB")
_CHECK = Struct("<Q")
_LENGTHS = Struct("<QQQQ")


class Stat(NamedTuple):
    """What is compared to tell whether an entry changed; times in ns since 1970."""

    size: int
    mtime: int
    ctime: int
    ino: int
    mode: int


class Head(NamedTuple):
    """What is known of a page without its entries.

    Attributes:
        sig: Hash of names, stats and the ids of its directories.
        names: Hash of the names alone.
        node: Its node id; the file id where a dataset is one file.
        entries: How many it has.
        files: Files in it and below it; links are not counted.
        size: Bytes of those files.
        seen: When its entries were looked at, in ns since 1970: no later than any of their stats.
        epoch: `Refs.epoch` at which the store held what is not marked as new; -1 for none.
        complete: Whether the store held everything, the node included, at that epoch.
        racy: Whether an entry was so young when it was seen that it may have changed unseen.
        boot: In which run of the machine it was seen, if an entry was so young that its bytes may have been in
            memory only: a power cut keeps the times of a file and loses its bytes. Otherwise `LASTING`.
    """

    sig: bytes
    names: bytes
    node: bytes
    entries: int
    files: int
    size: int
    seen: int
    epoch: int
    complete: bool
    racy: bool
    boot: int


class Body(NamedTuple):
    """The entries of a page.

    Attributes:
        names: Sorted.
        stats: `STAT_BYTES` an entry, `FIELDS` numbers of 64 bits in the machine's order of bytes; zeros
            except for the mode where it is a directory.
        ids: `ID_BYTES` an entry: file id or node id; zeros for a link.
        fresh: One byte an entry: 1 if the store is not known to hold it.
        links: By name the text of each link.
    """

    names: list[str]
    stats: bytes
    ids: bytes
    fresh: bytes
    links: dict[str, str]

    def stat(self, position: int) -> Stat:
        """Return the stat of one entry."""
        return Stat(*array("Q", self.stats[position * STAT_BYTES : (position + 1) * STAT_BYTES]))


def encode_head(head: Head, key: str) -> bytes:
    """Return `head` as bytes that hold only under `key`."""
    data = _HEAD.pack(*head)
    return data + _CHECK.pack(checksum(data + key.encode()))


def decode_head(data: bytes, key: str) -> Head:
    """Return the head that `encode_head` made for `key`.

    Raises:
        ValueError: The bytes were damaged, or made for another key.
    """
    form = _SHORT if len(data) == _SHORT.size + _CHECK.size else _HEAD
    if len(data) != form.size + _CHECK.size:
        raise ValueError("a page head has a wrong length")
    raw = data[: form.size]
    if _CHECK.unpack_from(data, form.size)[0] != checksum(raw + key.encode()):
        raise ValueError("a page head has a wrong checksum")
    found = Head._make(form.unpack(raw) + ((_UNKNOWN,) if form is _SHORT else ()))
    return found._replace(complete=bool(found.complete), racy=bool(found.racy))


def encode_body(body: Body) -> bytes:
    """Return `body` as bytes."""
    names = join_names(body.names)
    links = dumps(body.links).encode() if body.links else b""
    lengths = _LENGTHS.pack(len(body.names), len(names), len(body.fresh), len(links))
    data = b"".join((lengths, names, body.stats, body.ids, body.fresh, links))
    return data + _CHECK.pack(checksum(data))


def decode_body(data: bytes) -> Body:
    """Return the body that `encode_body` made.

    Raises:
        ValueError: The bytes were damaged.
    """
    end = len(data) - _CHECK.size
    if end < _LENGTHS.size or _CHECK.unpack_from(data, end)[0] != checksum(memoryview(data)[:end]):
        raise ValueError("a page body has a wrong checksum")
    count, names, fresh, links = _LENGTHS.unpack_from(data)
    parts = []
    start = _LENGTHS.size
    for length in (names, count * STAT_BYTES, count * ID_BYTES, fresh, links):
        parts.append(data[start : start + length])
        start += length
    text = parts[0].decode()
    return Body(
        names=text.split("\0") if count else [],
        stats=parts[1],
        ids=parts[2],
        fresh=parts[3],
        links=loads(parts[4]) if links else {},
    )


def join_names(names: Sequence[str]) -> bytes:
    """Return `names` as one run of bytes.

    Raises:
        UnicodeEncodeError: A name is not UTF-8.
    """
    return "\0".join(names).encode()


def names_sig(names: Sequence[str]) -> bytes:
    """Return the hash of a page's names; raises like `join_names`."""
    return short_hash(join_names(names))


def short_hash(*parts: bytes) -> bytes:
    """Return 16 bytes of the BLAKE3 of `parts`."""
    hasher = file_hasher()
    for part in parts:
        hasher.update(part)
    return hasher.digest()[:16]


def pack_stats(numbers: Sequence[int]) -> bytes:
    """Return the stats of a page, `FIELDS` numbers an entry, as bytes: `STAT_BYTES` an entry.

    Numbers are taken modulo 2^64, so a negative time comes back as a large one.
    """
    try:
        return array("Q", numbers).tobytes()
    except OverflowError:
        # Times before 1970 are negative, and some file systems give inodes above 2^63.
        return array("Q", [number & _MASK for number in numbers]).tobytes()


def settles(mtime: int, ctime: int) -> int:
    """Return from when on (ns) a look at an entry with these times (ns) proves it unchanged.

    A write in the same tick of the file system's clock leaves the times as they are, so
    times that are close to the look prove nothing (the "racy git" problem).

    The times 1,500,000,000 and 1,500,000,001 settle at 1,520,000,001; whole seconds, such as
    1,000,000,000 twice, at 3,000,000,000.
    """
    return max(mtime, ctime) + (SETTLE_NS if ctime % _SECOND else COARSE_NS)


def is_racy(numbers: Sequence[int], seen: int) -> bool:
    """Whether any of a page's entries, `FIELDS` numbers each, was too young when `seen` (ns since 1970)."""
    mtimes, ctimes = numbers[1::FIELDS], numbers[2::FIELDS]
    return any(map(seen.__le__, map(settles, mtimes, ctimes)))


def is_young(numbers: Sequence[int], seen: int, span: int = SAFE_NS) -> bool:
    """Whether any of a page's entries, `FIELDS` numbers each, had changed less than `span` before it was `seen`."""
    return max((*numbers[1::FIELDS], *numbers[2::FIELDS]), default=0) + span >= seen


def kind_of(mode: int) -> str:
    """Return the node kind of an entry whose mode is `mode`: a file, a link or a directory."""
    if modes.S_ISDIR(mode):
        return DIR
    if modes.S_ISLNK(mode):
        return LINK
    return EXEC if mode & 0o111 else FILE
