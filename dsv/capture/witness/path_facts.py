"""What is known of a path in the end, as bits, and the report that carries it from the supervisor to dsv."""

from collections.abc import Iterator

from dsv.capture.witness.wire import pack, pack_many, unpack, unpack_many

(
    THERE,  # it was there before the run
    FOLDER,  # it was a folder then
    LINK,  # it was a link then
    OTHER,  # it was neither of these nor a regular file then
    READ,  # it was opened to be read, or executed, while it held what it held before the run
    FRESH,  # what it held before the run is gone from it, or it was not there
    CHANGED,  # the run made, replaced, moved or removed it
    KEPT,  # it was opened to be written only, and kept what it held
    UPDATED,  # it was opened to be read and written, and kept what it held
    TOUCHED,  # its times were set
    MISSED,  # the program looked for it, and it was not there
    MISSED_ON_PATH,  # a shell looked for it, and it was not there
    FOUND,  # the program looked at it, and it was there
    LISTED,  # the program listed it
    LISTED_BY_MAKE,  # make listed it, which it does by itself as well
    MAKEFILE,  # make read it
    FOLLOWED,  # it is a link, and was followed
    MISSING_MODULE,  # Python looked for a module there, and found it nowhere
) = (1 << bit for bit in range(18))


Fact = tuple[int, int]
"""What is known of one path: the above, as far as they hold; and how many bytes it had before it was opened to be
written, -1 if that did not matter."""


class Report:
    """All that a supervisor reports.

    Attributes:
        paths: What is known of each path, by its absolute path without links.
        programs: Of each program the path as executed, the path that ran, and its words.
        contacts: Call, address and program, of each contact.
        blind: What could not be followed: a word for the kind, and by whom.
        prefixes: Where the Pythons are installed.
        search: The PATHs of shells, folder by folder.
        calls: How many calls were watched.
        microseconds: How much time the supervisor computed.
    """

    def __init__(self, calls: int = 0, microseconds: int = 0) -> None:
        self.paths: dict[bytes, Fact] = {}
        self.programs: list[tuple[bytes, bytes, tuple[bytes, ...]]] = []
        self.contacts: list[tuple[bytes, bytes, bytes]] = []
        self.blind: list[tuple[bytes, bytes]] = []
        self.prefixes: set[bytes] = set()
        self.search: set[bytes] = set()
        self.calls, self.microseconds = calls, microseconds

    def encode(self) -> bytes:
        """Return all of it as bytes."""
        words = [b"%d" % self.calls, b"%d" % self.microseconds]
        pieces = [pack(words)]
        pieces.append(
            pack_many(word for path, fact in self.paths.items() for word in (path, *_numbers(fact)))
        )
        pieces.append(pack_many(word for one in self.programs for word in _program(*one)))
        pieces.append(pack_many(word for one in self.contacts for word in one))
        pieces.append(pack_many(word for one in self.blind for word in one))
        pieces += [pack_many(self.prefixes), pack_many(self.search)]
        return b"".join(pieces)


def decode(data: bytes) -> Report:
    """Return what `Report.encode` made bytes of.

    Raises:
        ValueError: It is not whole.
    """
    words = unpack(data)
    try:
        facts = Report(calls=int(next(words)), microseconds=int(next(words)))
        for path, bits, size in _rows(unpack_many(words), 3):
            facts.paths[path] = int(bits), int(size)
        rest = iter(unpack_many(words))
        for executed in rest:
            facts.programs.append((executed, next(rest), tuple(unpack_many(rest))))
        facts.contacts = [(call, said, by) for call, said, by in _rows(unpack_many(words), 3)]
        facts.blind = [(kind, by) for kind, by in _rows(unpack_many(words), 2)]
        facts.prefixes, facts.search = set(unpack_many(words)), set(unpack_many(words))
    except StopIteration:
        raise ValueError("cut short") from None
    return facts


def _numbers(fact: Fact) -> tuple[bytes, bytes]:
    return b"%d" % fact[0], b"%d" % fact[1]


def _program(executed: bytes, resolved: bytes, argv: tuple[bytes, ...]) -> list[bytes]:
    return [executed, resolved, b"%d" % len(argv), *argv]


def _rows(words: list[bytes], width: int) -> Iterator[list[bytes]]:
    return (words[at : at + width] for at in range(0, len(words), width))
