"""Where files of the working tree go when they are to be stored."""

import os

from dsv.hashing import Kind
from dsv.ids import ObjectId
from dsv.progress import SILENT, Progress
from dsv.store.ingest import ingest
from dsv.store.writer import Writer


class StoreSink:
    """Stores files and nodes through a writer (a `Sink` of `dsv.worktree.sink`).

    Args:
        writer: Takes them.
        progress: Counts the bytes.

    Attributes:
        stored_epoch: `Refs.epoch` at which the writer looks at the store.
    """

    stored_epoch: int | None

    def __init__(self, writer: Writer, progress: Progress = SILENT) -> None:
        self._writer = writer
        self._progress = progress
        self.stored_epoch = writer.objects.current_epoch()

    def put_file(self, path: str, fd: int, stat: os.stat_result) -> ObjectId:
        """Store the content of the open file `fd` and return its file id.

        Raises:
            StorageError: The store cannot be written. How much of the content is new, and so whether there is
                room for it, shows while it is written.
        """

        def read_at(offset: int, length: int) -> bytes:
            self._progress.advance(length)
            data = os.pread(fd, length, offset)
            while len(data) < length:
                more = os.pread(fd, length - len(data), offset + len(data))
                if not more:
                    raise EOFError(f"{path} has become shorter")
                data += more
            return data

        return ingest(self._writer, read_at, stat.st_size, path)

    def put_node(self, data: bytes) -> ObjectId:
        """Store an encoded node and return its id."""
        return self._writer.put(Kind.NODE, data)
