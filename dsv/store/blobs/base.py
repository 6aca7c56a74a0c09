"""The seam under the store: where immutable blobs and the one mutable object are kept.

A local folder, a bucket and a dictionary in memory look the same from above. Every
implementation passes the contract tests in `dsv.testing.blobs_contract`.
"""

from collections.abc import Iterator
from mmap import mmap
from pathlib import Path
from typing import NamedTuple, Protocol

from dsv.hashing import Buffer


class BlobInfo(NamedTuple):
    """What a listing says of a blob.

    Attributes:
        name: Relative name with `/`, such as `packs/ab/<64 hex digits>.pack`.
        size: Bytes.
        modified: When it was written, in seconds since 1970, by the clock of the place.
    """

    name: str
    size: int
    modified: float


class Conditions(NamedTuple):
    """Which conditions a place for blobs keeps, as it was tried.

    Attributes:
        create_only: A blob whose name is taken is not replaced.
        compare_and_swap: An object is replaced only by who knows what it is.
        in_parts: What is uploaded in parts does not replace what is there.
    """

    create_only: bool
    compare_and_swap: bool
    in_parts: bool

    @property
    def safe(self) -> bool:
        """Whether several writers may use the place at once."""
        return all(self)


ALL_KEPT = Conditions(create_only=True, compare_and_swap=True, in_parts=True)
"""What a folder and a dictionary keep: they are ours, and need not be tried."""


class Blobs(Protocol):
    """A place for blobs: written once, never changed, and one small object that is swapped.

    Names are relative, of the characters `a-z 0-9 . / _ -`, without `..` or empty parts.
    Every method may raise `StorageError` (disk, permission, network).
    """

    def read(self, name: str, offset: int = 0, length: int | None = None) -> bytes:
        """Return `length` bytes of a blob from `offset`, or all that follow.

        Raises:
            FileNotFoundError: There is no such blob.
            Corrupt: The blob ends before `offset + length`.
        """

    def view(self, name: str) -> bytes | mmap:
        """Return all of a blob as an immutable buffer, without a copy where that is possible.

        Raises:
            FileNotFoundError: There is no such blob.
        """

    def put(self, name: str, data: Buffer) -> bool:
        """Create a blob, durably, in one step; False if the name is taken (nothing is changed)."""

    def adopt(self, name: str, path: Path) -> bool:
        """Like `put` with the content of the local file `path`, which is consumed."""

    def scratch(self) -> Path:
        """Return a local folder for files that `adopt` will be given; on the same disk if local."""

    def list(self, prefix: str) -> Iterator[BlobInfo]:
        """Yield the blobs whose names start with `prefix`, which ends with `/`, in no order."""

    def delete(self, name: str) -> None:
        """Remove a blob; no error if it is gone already. Only gc calls this."""

    def load(self) -> bytes | None:
        """Return the mutable object, or None before the first `swap`."""

    def swap(self, expected: bytes | None, new: bytes) -> None:
        """Replace the mutable object, durably, if it still is `expected` (None: not there).

        It returns if and only if `new` was there, even if the answer to the write was lost and
        somebody has replaced it since: then the write ids tell, so refs that are swapped on a remote
        must end with a write id of their own (`dsv.store.blobs.conditions.landed`). After `RefMoved` nothing of
        `new` is or will be there: load, decide again, swap again. After `StorageError` it is not known
        whether it was or still will be done; a caller that tries again looks for the write id first.

        Raises:
            RefMoved: It is something else by now; nothing was changed.
        """

    def conditions(self) -> Conditions:
        """Return which conditions the place keeps.

        It takes about ten requests to a bucket, on scratch objects, which are removed again.

        Raises:
            StorageError, UserError: The place cannot be used at all.
        """

    def abort_uploads(self, before: float) -> int:
        """Take back uploads that were begun before `before` (seconds since 1970) and never completed.

        Returns:
            How many; always 0 where a blob appears in one step. Only gc calls this.
        """
