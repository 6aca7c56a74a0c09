"""What is known of each path, and where a name leads. Folders are resolved once, until one of them leads elsewhere."""

import os
import stat

from dsv.capture.witness.path_facts import FOLDER, FOLLOWED, FRESH, LINK, OTHER, THERE
from dsv.capture.witness.process import WatchedProcess

ODD = frozenset({b"", b".", b".."})
_KINDS = {stat.S_IFREG: 0, stat.S_IFDIR: FOLDER, stat.S_IFLNK: LINK}


class Paths:
    """What is known of each path.

    Args:
        root: The workspace, an absolute path without links.

    Attributes:
        root: The workspace.
        inside: What paths in it begin with.
        bits: By path what is known of it (`facts.py`).
        sizes: By path how many bytes it had before it was opened to be written.
        real: By folder, as it was named, where it is without links.
    """

    def __init__(self, root: bytes) -> None:
        self.root = root
        self.inside = root.rstrip(b"/") + b"/"
        self.bits: dict[bytes, int] = {}
        self.sizes: dict[bytes, int] = {}
        self.real: dict[bytes, bytes] = {}

    def settle(self, place: bytes) -> bytes:
        """Return where `place` is or would be, without links in its folders. Those are remembered."""
        head, _, tail = place.rstrip(b"/").rpartition(b"/")
        if tail in ODD:
            return os.path.realpath(place)
        real = self.real.get(head)
        if real is None:
            real = self.real[head] = os.path.realpath(head or b"/").rstrip(b"/")
            if real != head and head.startswith(self.inside):
                self._note_links(head)
        return real + b"/" + tail

    def follow(self, place: bytes) -> bytes:
        """Return where `place` leads in the end; links on the way are noted."""
        path = self.settle(place)
        new = path not in self.bits
        if self.look(path) & LINK or (not new and os.path.islink(path)):
            self.bits[path] |= FOLLOWED
            path = os.path.realpath(path)
            self.look(path)
        return path

    def _note_links(self, folder: bytes) -> None:
        while len(folder) > len(self.root):
            if os.path.islink(folder):
                path = self.settle(folder)
                self.look(path)
                self.bits[path] |= FOLLOWED
            folder = folder.rpartition(b"/")[0]

    def look(self, path: bytes) -> int:
        """Return what is known of `path`; when it is first asked for, whether it is there and what it is."""
        bits = self.bits.get(path)
        if bits is None:
            if self.bits.get(path.rpartition(b"/")[0], 0) & FRESH:  # what is in a new folder is new
                bits = FRESH
            else:
                try:
                    bits = THERE | _KINDS.get(stat.S_IFMT(os.lstat(path).st_mode), OTHER)
                except (OSError, ValueError):
                    bits = 0
            self.bits[path] = bits
        return bits

    @staticmethod
    def there(path: bytes) -> bool:
        """Whether there is something at `path` now."""
        return os.path.lexists(path)

    def note(self, process: WatchedProcess, path: bytes, bits: int) -> None:
        """Note that `process` did something with `path`; for a Python that has not started yet, perhaps not."""
        if process.held is not None:
            process.held[path] = process.held.get(path, 0) | bits
        else:
            self.bits[path] = self.bits.get(path, 0) | bits
