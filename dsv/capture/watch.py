"""Watching the folders of a workspace while a command runs in them."""

import errno
import os
import select
import threading
from dataclasses import dataclass, field
from queue import SimpleQueue
from types import TracebackType
from typing import Self

from dsv.capture import inotify
from dsv.capture.file_events import FileEvents
from dsv.capture.inotify import Event, Inotify
from dsv.capture.territory import Folder, Territory, source_of

_FULL = {errno.ENOSPC: "max_user_watches", errno.EMFILE: "max_user_instances"}


@dataclass(slots=True)
class _Watched:
    """A folder that is watched.

    Attributes:
        path: Relative to the workspace.
        fresh: Whether it was made, or came here, while we watched: nothing in it was there before.
    """

    path: str
    fresh: bool


@dataclass(slots=True)
class _Adrift:
    """A folder that was moved away and did not arrive yet."""

    path: str
    watches: dict[int, _Watched] = field(default_factory=dict)


class FolderWatch:
    """Watches every folder of a territory, from `__enter__` to `__exit__`, in threads of its own.

    After `__exit__`, `uses` is complete except for what `blind` names. Our own looking into folders
    gives events for folders alone, which count for nothing.

    Args:
        territory: What to watch.
    """

    def __init__(self, territory: Territory) -> None:
        self.uses = FileEvents()
        self.blind: list[str] = []
        self._territory = territory
        self._folders: dict[int, _Watched] = {}
        self._adrift: dict[int, _Adrift] = {}
        self._queue: Inotify | None = None
        self._threads: list[threading.Thread] = []
        # The system's queue is short (16,384 events, of which listing a folder takes six): one
        # thread does nothing but empty it, another makes sense of what was in it.
        self._read: SimpleQueue[bytes] = SimpleQueue()
        self._failed: BaseException | None = None

    def __enter__(self) -> Self:
        try:
            self._queue = Inotify()
        except OSError as error:
            self._cannot(error)
            return self
        self._wake, self._sleeper = os.pipe2(os.O_CLOEXEC)
        try:
            # Nothing runs yet: listing before watching spares us the events of our own looking.
            for path in [folder.path for folder in self._territory.walk()]:
                self._watch(path, fresh=False)
            self._threads = [
                threading.Thread(target=work, name="dsv-capture", daemon=True)
                for work in (self._listen, self._understand)
            ]
            for thread in self._threads:
                thread.start()
        except BaseException:
            self._close()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if not self._threads:
            return
        os.write(self._sleeper, b"!")
        for thread in self._threads:
            thread.join()
        self._close()
        if self._failed is not None and error is None:
            raise self._failed

    @property
    def count(self) -> int:
        """How many folders are watched."""
        return len(self._folders)

    def _close(self) -> None:
        assert self._queue is not None
        self._queue.close()
        os.close(self._wake)
        os.close(self._sleeper)

    def _listen(self) -> None:
        """Empty the system's queue as fast as it fills, until we are woken to end."""
        assert self._queue is not None
        poll = select.poll()
        poll.register(self._queue.fd, select.POLLIN)
        poll.register(self._wake, select.POLLIN)
        ending = False
        while not ending:
            ending = any(fd == self._wake for fd, _ in poll.poll())
            while data := self._queue.read():
                self._read.put(data)
        self._read.put(b"")

    def _understand(self) -> None:
        try:
            while data := self._read.get():
                for event in inotify.parse(data):
                    self._take(event)
        except BaseException as failure:  # noqa: BLE001  raised again where the command is waited for
            self._failed = failure

    def _take(self, event: Event) -> None:
        if event.mask & inotify.OVERFLOW:
            self._blind("more happened than the system's queue holds (fs.inotify.max_queued_events)")
            return
        folder = self._folders.get(event.watch)
        if folder is None:
            return
        if event.mask & inotify.IGNORED:
            del self._folders[event.watch]
            return
        if not event.name:
            return
        path = f"{folder.path}/{event.name}" if folder.path else event.name
        if event.mask & inotify.ISDIR:
            self._moved(path, event)
            return
        source = source_of(path)
        if source is not None:
            if event.mask & inotify.CLOSE_NOWRITE and os.path.lexists(self._territory.under(source)):
                self.uses.happened(source, event.mask, fresh=folder.fresh)
        elif self._territory.holds(path):
            self.uses.happened(path, event.mask, fresh=folder.fresh)

    def _moved(self, path: str, event: Event) -> None:
        """Note what happened to a folder in a watched folder."""
        if event.mask & inotify.CREATE and self._territory.enters(path):
            self._add(path)
        elif event.mask & inotify.MOVED_FROM:
            inside = f"{path}/"
            gone = {
                watch: folder
                for watch, folder in self._folders.items()
                if folder.path == path or folder.path.startswith(inside)
            }
            for watch in gone:
                del self._folders[watch]
            self._adrift[event.cookie] = _Adrift(path, gone)
        elif event.mask & inotify.MOVED_TO:
            came = self._adrift.pop(event.cookie, None)
            if came is not None and came.watches:
                self._carried(path, came)
            if self._territory.enters(path):
                self._add(path)

    def _carried(self, path: str, came: _Adrift) -> None:
        """Take the files of a folder that was moved here for read where it was before."""
        old = {folder.path for folder in came.watches.values() if not folder.fresh}
        for folder in self._territory.walk(path):
            before = came.path + folder.path[len(path) :]
            if before in old:
                for entry in folder.files:
                    self.uses.moved_away(f"{before}/{entry.name}")

    def _add(self, top: str) -> None:
        """Watch the folder `top`, which is new here, and all below it."""
        # A folder is watched before it is listed, so that what is made in it later gives an event.
        waiting = [top]
        while waiting:
            path = waiting.pop()
            watch = self._watch(path, fresh=True)
            listed = self._territory.look(path)
            if listed is not None:
                self._arrived(listed)
                waiting.extend(listed.folders)
            elif watch is not None:  # a virtual environment
                self._forget(watch)

    def _arrived(self, folder: Folder) -> None:
        """Note the files of a folder that is new here: made before we watched it, or brought along."""
        for entry in folder.files:
            path = f"{folder.path}/{entry.name}"
            if self._territory.holds(path):
                self.uses.happened(path, inotify.MOVED_TO, fresh=True)

    def _watch(self, path: str, *, fresh: bool) -> int | None:
        assert self._queue is not None
        try:
            watch = self._queue.add(self._territory.under(path))
        except OSError as error:
            if error.errno in _FULL:
                self._cannot(error)
            return None
        self._folders[watch] = _Watched(path, fresh)
        return watch

    def _forget(self, watch: int) -> None:
        assert self._queue is not None
        del self._folders[watch]
        self._queue.remove(watch)

    def _cannot(self, error: OSError) -> None:
        name = _FULL.get(error.errno or 0)
        if name is None:
            self._blind("this system does not tell which files a command opens")
        else:
            self._blind(f"not all folders could be watched (fs.inotify.{name} is {inotify.limit(name)})")

    def _blind(self, reason: str) -> None:
        if reason not in self.blind:
            self.blind.append(reason)
