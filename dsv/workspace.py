"""A workspace: repository, working tree, settings, lock file and git, composed. No verbs: those are in `dsv.ops`.

What costs start-up time (the index, pyarrow, SQLite) is opened when it is first used, so
that a clean `status` reads `refs` and the stat cache and nothing else.
"""

import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import replace
from functools import cached_property, partial
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple

from dsv.atomic import make_folder, storing
from dsv.config.load import Config, load
from dsv.errors import BadConfig, NotFound
from dsv.ids import ObjectId
from dsv.lock import FileLock
from dsv.progress import SILENT, Progress
from dsv.store.blobs.local import LocalBlobs
from dsv.store.blobs.owners import claim
from dsv.store.operation_log import OpEntry, Oplog
from dsv.store.ref_changes import changes_between, deletions, value_before
from dsv.store.refs import Refs
from dsv.store.repository import Repository
from dsv.worktree import git, lockfile
from dsv.worktree.build import Counted
from dsv.worktree.working_tree import Worktree

if TYPE_CHECKING:
    from dsv.store.objects import Supplier
    from dsv.store.writer import Writer
    from dsv.worktree.materialise import Destination

SETTINGS = "dsv.toml"
STORE = ".dsv"


class TreeChange(NamedTuple):
    """What an operation does to the working tree besides checking datasets out.

    Attributes:
        kept: Snapshot of uncommitted data that it overwrites.
        wrote: Snapshot of data that it writes as uncommitted changes.
        deleted: By path whether a dataset that is checked out is deleted there, before and
            after, where that changes.
    """

    kept: ObjectId | None = None
    wrote: ObjectId | None = None
    deleted: Mapping[str, tuple[bool, bool]] = MappingProxyType({})


class Caller(NamedTuple):
    """What the one who opens a workspace lends it: answers of a user, and where data comes from that its store lacks.

    Attributes:
        supply: Gives what brings objects that the store of a workspace lacks; None: nothing does.
        agree: Asks whether files that programs execute may be written; None: they may not.
        knows_endpoint: Whether the user agreed to sign requests to the server at a URL; None: settings decide.
        home: The user's home folder, which `~` in recorded paths stands for; None: it is not known.
    """

    supply: "Callable[[Workspace], Supplier | None] | None" = None
    agree: Callable[[list[str]], bool] | None = None
    knows_endpoint: Callable[[str], bool] | None = None
    home: Path | None = None


class Workspace:
    """An open workspace.

    Args:
        root: The workspace folder, absolute.
        caller: What is lent to it.

    Attributes:
        root: As given.
        dot: The folder of the store, `.dsv`.
        caller: As given.
    """

    def __init__(self, root: Path, caller: Caller = Caller()) -> None:  # noqa: B008 - a frozen value
        self.root = root
        self.dot = root / STORE
        self.caller = caller

    @classmethod
    def discover(cls, start: Path, caller: Caller = Caller()) -> "Workspace":  # noqa: B008
        """Return the workspace that the folder `start` is in.

        Raises:
            NotFound: Neither `start` nor a parent has a `dsv.toml`.
        """
        for folder in (start, *start.parents):
            if (folder / SETTINGS).is_file():
                return cls(folder, caller)
        raise NotFound(f"no dsv workspace in {start} or above", hint="dsv init")

    # What is composed

    @cached_property
    def config(self) -> Config:
        """The settings of the workspace."""
        return load(self.root)

    @cached_property
    def blobs(self) -> LocalBlobs:
        """Where packs, indexes and refs are kept."""
        if git.brings(self.root, STORE):
            raise lockfile.foreign_store(self.dot)
        if not self.dot.is_dir():
            main = git.main_tree(self.root)
            there = main if main is not None and (main / STORE).is_dir() else None
            raise lockfile.no_store(self.root, remotes=bool(self.config.remotes), main=there)
        return LocalBlobs(self.dot, packs=self.pack_folder, owner=claim(self.dot, self.pack_folder))

    @property
    def pack_folder(self) -> Path:
        """The folder that holds the packs: the store, unless the settings name another."""
        return self.root / (self.config.store or STORE)

    @cached_property
    def repo(self) -> Repository:
        """Its store: refs, objects, records."""
        supply = self.caller.supply
        return Repository(
            self.blobs,
            None if supply is None else lambda _: supply(self),
            memory=self.worktree,
            elsewhere=self._commit_of,
            before_writing=partial(git.hide, self.dot),
            name=str(self.dot),
        )

    @cached_property
    def worktree(self) -> Worktree:
        """Its working tree."""
        return Worktree(self.root, self.dot / "stat")

    @cached_property
    def oplog(self) -> Oplog:
        """What happened to the refs."""
        return Oplog(self.dot / "oplog")

    def _commit_of(self, name: str) -> ObjectId:
        """Return the commit that `git:REF` or `BRANCH@{N}` names."""
        if not name.startswith("git:"):
            branch, _, back = name.removesuffix("}").rpartition("@{")
            return value_before(self.oplog, self.repo.refs(), branch, int(back))
        from dsv.capture.git_state import locked_at

        ref = name.removeprefix("git:")
        lock = locked_at(self.root, ref)
        if self.repo.objects.find(lock) is None:
            raise NotFound(
                f"the commit {lock} that dsv.lock names at {ref} is not in this store",
                hint="somebody has not run `dsv push`",
            )
        return lock

    def scratch(self) -> Path:
        """Return the folder for temporary files of this workspace, which gc clears; it exists.

        Raises:
            StorageError: It cannot be made.
        """
        with storing("write", self.dot / "tmp"):
            make_folder(self.dot / "tmp")
        return self.dot / "tmp"

    def place(self, progress: Progress = SILENT) -> "Destination":
        """Return the working tree to write datasets into; `progress` counts the bytes."""
        from dsv.worktree.materialise import Destination

        reader = Counted(self.repo.contents.stream, self.repo.node, progress)
        return Destination(
            self.root,
            self.dot / "tmp",
            self.worktree.cache,
            reader,
            self.repo.objects.current_epoch(),
            self.worktree.ignored,
        )

    # Writing

    def publish(
        self,
        what: str,
        change: Callable[[Refs, "Writer"], Refs],
        *,
        writer: "Writer | None" = None,
        tree: TreeChange | None = None,
    ) -> Refs:
        """Change the refs in one step, as an operation that can be undone; as `Repository.publish` otherwise.

        Args:
            what: The command, for the oplog.
            change: Gives the wanted refs for the present ones, and may add records to the
                writer that it is handed. It runs again whenever somebody else was faster, so it
                raises (`RefMoved`, `AnswerNo`) when what it wants makes no sense any more.
            writer: An open session whose objects the new refs need.
            tree: What is about to happen to the working tree with it.

        Raises:
            RefMoved: Others were faster every time.
            Conflict: gc took away an object that this needs; running it again helps.
        """
        return self.repo.publish(change, writer=writer, last=partial(self._logged, what, tree))

    def _logged(self, what: str, tree: TreeChange | None, refs: Refs, wanted: Refs) -> Refs:
        kept, wrote, deleted = tree or TreeChange()
        changes = {**changes_between(refs, wanted), **deletions(deleted)}
        if not changes and kept is None and wrote is None:
            return wanted
        local = refs.mine
        seconds, offset = now()
        number, previous = local.oplog
        entry = OpEntry(number + 1, previous, seconds, offset, what, changes, tree is not None, kept, wrote)
        end = self.oplog.append(entry)
        return replace(wanted, local=replace(wanted.mine, oplog=end))

    def write_lock(self) -> None:
        """Make `dsv.lock` name HEAD, and note in the refs that it does."""
        # One at a time: else an older HEAD could be written over a newer one that is settled.
        with FileLock(self.dot / "settle.lock"):
            while not self._settle_lock():
                pass

    def _settle_lock(self) -> bool:
        seen = self.repo.refs()
        pin = (seen.mine.branch, seen.head)
        if seen.head is None:
            lockfile.remove(self.root)
        elif pin[0] is not None or not self._locks(seen.head):
            lockfile.write(self.root, lockfile.LockPins(pin[0], seen.head), self.scratch())

        def settle(found: Refs, _: "Writer") -> Refs:
            if (found.mine.branch, found.head) != pin:
                return found  # somebody moved HEAD meanwhile: the lock is written again
            return replace(found, local=replace(found.mine, lock_due=False))

        settled = self.repo.publish(settle)
        return (settled.mine.branch, settled.head) == pin

    def _locks(self, commit: ObjectId) -> bool:
        # On a detached HEAD it stays as git has it: else git would not leave what `checkout --locked` followed.
        with suppress(BadConfig):
            found = lockfile.read(self.root)
            return found is not None and found.commit == commit
        return False


def now() -> tuple[int, int]:
    """Return the present time: seconds since 1970-01-01 UTC, and minutes east of UTC here."""
    seconds = int(time.time())
    return seconds, time.localtime(seconds).tm_gmtoff // 60
