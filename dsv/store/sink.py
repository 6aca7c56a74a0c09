"""Where files of the working tree go when they are to be stored."""

import os
import shutil

from dsv.errors import StorageError
from dsv.hashing import Kind
from dsv.ids import ObjectId
from dsv.progress import SILENT, Progress
from dsv.store.ingest import ingest
from dsv.store.writer import Writer

_LARGE = 16 << 20
"""From this size on it is asked beforehand whether there is room."""


class StoreSink:
    """Stores files and nodes through a writer (a `Sink` of `dsv.workspace.sink`).

    Args:
        writer: Takes them.
        progress: Told of the bytes.

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
            StorageError: There is not enough room for it, or the store cannot be written.
        """
        if stat.st_size >= _LARGE:
            self._check_room(path, stat.st_size)

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

    def _check_room(self, path: str, size: int) -> None:
        free = shutil.disk_usage(self._writer.objects.blobs.scratch()).free
        if free < size:
            raise StorageError(
                f"{path} may need {size:,} bytes in the store, and {free:,} are free",
                hint="make room, or dsv init --store DIR on a larger disk",
            )

    def put_node(self, data: bytes) -> ObjectId:
        """Store an encoded node and return its id."""
        return self._writer.put(Kind.NODE, data)
