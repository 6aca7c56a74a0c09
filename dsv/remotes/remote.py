"""A remote as one process sees it: its blobs, and its refs as last read."""

import random
import shlex
import time
from contextlib import suppress
from dataclasses import replace
from functools import partial
from pathlib import Path
from weakref import WeakKeyDictionary

from dsv.config.load import Remote
from dsv.errors import Corrupt, NotFound, RefMoved, Refused, StorageError
from dsv.remotes.cached_blobs import CachedBlobs
from dsv.remotes.last_seen import SeenWrites
from dsv.remotes.location import open_blobs
from dsv.store.blobs.metered import Traffic
from dsv.store.objects import Objects
from dsv.store.refs import Refs
from dsv.wording import did_you_mean
from dsv.workspace import Workspace

_READS = 4

_opened: WeakKeyDictionary[Workspace, dict[Remote, CachedBlobs]] = WeakKeyDictionary()
"""One connection for each workspace and remote: making one takes longer than a request."""


class RemoteStore:
    """A remote that was opened.

    Args:
        name: What the user calls it.
        blobs: Where it is.
        folder: What is kept of it here.
        url: Where it is, in the words of the user.

    Attributes:
        name: As given.
        blobs: Where it is, with its indexes kept here.
        folder: As given.
        raw: Its refs as they were last read, or written; None if it has none.
        refs: The same decoded.
        setback: Whether they were older than those last seen here, or gone, when they were first read.
    """

    def __init__(self, name: str, blobs: CachedBlobs, folder: Path, url: str = "") -> None:
        self.name = name
        self.blobs = blobs
        self.folder = folder
        self.raw: bytes | None = None
        self.refs = Refs()
        self.setback = False
        self._seen = SeenWrites(folder / "seen", url)
        self._before = blobs.meter.traffic

    @property
    def traffic(self) -> Traffic:
        """What the place was asked since this was made, also for data that was fetched on the way."""
        return self.blobs.meter.traffic.since(self._before)

    def load(self) -> Refs:
        """Read its refs again and return them; those of a remote that has none are empty.

        Raises:
            Corrupt: They are damaged.
            Refused: They are those of a workspace.
            TooNew: A newer dsv wrote them.
            StorageError: They cannot be read.
        """
        self.raw = self.blobs.load()
        self.refs = Refs() if self.raw is None else decode_refs(self.raw, self.name)
        self.setback = self.setback or self._seen.setback(None if self.raw is None else self.refs)
        return self.refs

    def remember(self) -> None:
        """Note that its refs were seen, so that older ones are noticed."""
        self._seen.remember(self.refs)

    def objects(self, *, data: bool) -> Objects:
        """Return its objects: those of meta packs, and of data packs too if `data`.

        Raises:
            Corrupt: An index is damaged, or missing also after another look at the refs.
            StorageError: An index cannot be read.
        """
        for _ in range(_READS):
            refs = replace(self.refs, indexes=tuple(ref for ref in self.refs.indexes if data or not ref.data))
            try:
                self.blobs.fetch_indexes(refs.indexes)
            except FileNotFoundError as error:
                # gc, or another push, may have replaced it since the refs were read.
                before = self.refs.indexes
                if self.load().indexes == before:
                    raise Corrupt(
                        f"remote {self.name} lacks an index that it names: {error.filename or error}",
                        hint=f"dsv fsck --remote {self.name}",
                    ) from None
                continue
            found = Objects(self.blobs, partial(_same, refs))
            found.refresh(refs)
            damage = next(iter(found.damage.values()), None)
            if damage is not None:
                raise Corrupt(f"remote {self.name}: {damage.message}", hint=f"dsv fsck --remote {self.name}")
            return found
        raise StorageError(f"the indexes of remote {self.name} keep changing", hint="run the command again")

    def swap(self, wanted: Refs) -> None:
        """Replace its refs if they still are those last read.

        A reply that is lost is no failure: the write has landed if its id is among those kept,
        however many others have been there since.

        Args:
            wanted: The last of its `writes` is the id of this write, and nobody else's.

        Raises:
            RefMoved: They are others by now; those are read.
            StorageError: The remote cannot be reached, and nobody knows whether it has landed.
        """
        new = wanted.encode()
        try:
            self.blobs.swap(self.raw, new)
        except RefMoved:
            if wanted.writes[-1] not in self.load().writes:
                raise
        except StorageError:
            with suppress(StorageError):
                if wanted.writes[-1] in self.load().writes:
                    return
            raise
        else:
            self.raw, self.refs = new, wanted


def decode_refs(raw: bytes, name: str) -> Refs:
    """Return the refs of a remote.

    Raises:
        Corrupt: They are damaged.
        Refused: They are those of a workspace.
        TooNew: A newer dsv wrote them.
    """
    refs = Refs.decode(raw, f"the refs of remote {name}")
    if refs.local is not None:
        raise Refused(
            f"remote {name} is the store of a workspace; a push would make it forget its HEAD",
            hint="push to a folder of its own, and pull from it there; `dsv clone FOLDER` copies a workspace",
        )
    return refs


def _same(refs: Refs) -> Refs:
    return refs


def connect(workspace: Workspace, name: str | None = None, *, create: bool = False) -> RemoteStore:
    """Open a remote of a workspace, by default the default one; nothing is asked of it yet.

    Args:
        workspace: The workspace.
        name: The remote.
        create: Whether a folder that is missing may be made.

    Raises:
        NotFound: There is no such remote, or none that is the default.
        BadConfig: Its URL is of no use.
        Refused: As `check_endpoint`.
    """
    remote = settings(workspace, name)
    check_endpoint(workspace, remote)
    folder = workspace.dot / "cache" / "remotes" / remote.name
    opened = _opened.setdefault(workspace, {})
    if remote not in opened:
        opened[remote] = CachedBlobs(open_blobs(remote, create=create), folder / "index")
    return RemoteStore(remote.name, opened[remote], folder, remote.url)


def check_endpoint(workspace: Workspace, remote: Remote) -> None:
    """Check that the user agreed to the server of a remote: what asks it signs with the user's credentials.

    Raises:
        Refused: Nobody did; `dsv.toml` may be a stranger's.
    """
    url = remote.endpoint_url
    if (
        url is not None
        and workspace.caller.knows_endpoint is not None
        and not workspace.caller.knows_endpoint(url)
    ):
        raise Refused(
            f"remote {remote.name} is at {url}, a server that you have not used before: "
            "it would get requests signed with your credentials",
            hint=f"dsv config trust endpoint {shlex.quote(url)}",
        )


def settings(workspace: Workspace, name: str | None = None) -> Remote:
    """Return the settings of a remote, by default of the default one.

    Raises:
        NotFound: There is none.
    """
    remotes = workspace.config.remotes
    if name is None:
        found = workspace.config.default_remote
        if found is not None:
            return found
        if remotes:
            raise NotFound(
                f"no remote is the default; there are {', '.join(sorted(remotes))}",
                hint=f"name one, or dsv config --shared remote.{min(remotes)}.default true",
            )
        raise NotFound("there is no remote", hint="dsv remote add origin URL")
    if name not in remotes:
        raise NotFound(f"no remote {name}", hint=did_you_mean(name, remotes, "dsv remote list"))
    return remotes[name]


def pause(attempt: int) -> None:
    """Wait a random while, longer after more tries, so that those who collide part."""
    time.sleep(random.uniform(0, min(2.0, 0.05 * 2**attempt)))  # noqa: S311 (no secret)
