"""The bytes that a table is read from."""

from typing import Protocol

from dsv.hashing import Buffer


class ByteSource(Protocol):
    """A file's bytes with random access: a file in the workspace, or a content in the store.

    Attributes:
        name: The file's name; its suffix helps to tell the format.
        size: Bytes.
    """

    name: str
    size: int

    def read_at(self, offset: int, length: int) -> Buffer:
        """Return exactly `length` bytes from `offset`; safe to call from many threads.

        Raises:
            EOFError: The bytes end before that.
        """

    def fingerprint(self, offset: int, length: int) -> str:
        """Return a text that is equal for equal bytes of the same kind of source.

        Its start names the kind, so that texts of different kinds never agree.
        """
