"""What is reachable: from the roots of a workspace to every object that must stay."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TypeVar

from dsv.errors import Corrupt, DsvError, Missing
from dsv.hashing import Kind
from dsv.ids import ObjectId, is_id, parse_id
from dsv.model import canonical
from dsv.model import tree as trees
from dsv.model.checkpoint import Checkpoint
from dsv.model.dataset_paths import check_stored_name, check_stored_paths
from dsv.model.node import CHECKPOINT, DIR, LINK, Entry, Leaf, Node
from dsv.model.origin import Source
from dsv.model.run import Run
from dsv.store import holdings
from dsv.store.operation_log import Oplog
from dsv.store.refs import Refs
from dsv.store.repository import Repository
from dsv.tables.fact_keys import facts_key
from dsv.worktree import git

DAY = 86_400

_A = TypeVar("_A")
_T = TypeVar("_T")

Ids = Iterable[ObjectId]

Mark = Callable[[Ids], list[ObjectId]]
"""Marks ids and returns those that are in the store and were not marked before."""


@dataclass(slots=True)
class Roots:
    """Where reachability starts.

    Attributes:
        commits: Commits.
        snapshots: Snapshot nodes that need not belong to a commit.
        attempts: Lists of attempts that need not belong to a commit.
    """

    commits: set[ObjectId] = field(default_factory=set)
    snapshots: set[ObjectId] = field(default_factory=set)
    attempts: set[ObjectId] = field(default_factory=set)


def roots(repo: Repository, refs: Refs, oplog: Oplog, root: Path, *, since: int) -> Roots:
    """Return the roots of a workspace.

    They are the refs, what is staged and checked out, commits that `dsv.lock` names in git's
    history, and whatever oplog entries from `since` (seconds since 1970) on name.

    Raises:
        Corrupt: The oplog is damaged, so that nobody knows what `undo` needs.
        NotFound: Git's history cannot be read.
    """
    found = roots_of_refs(repo, refs, root)
    for entry in oplog.entries(refs.mine.oplog):
        if entry.seconds < since:
            break
        found.snapshots |= _ids((entry.kept, entry.wrote))
        for name, change in entry.changes.items():
            values = _ids(value.rpartition(" ")[2] if value else None for value in change)
            (found.snapshots if name in {"staged", "present"} else found.commits).update(values)
    return found


def roots_of_refs(repo: Repository, refs: Refs, root: Path) -> Roots:
    """Return the roots of a workspace that its oplog does not add to.

    Raises:
        NotFound: Git's history cannot be read.
    """
    local = refs.mine
    found = Roots()
    found.commits |= {*refs.branches.values(), *refs.tags.values(), *local.remotes.values()}
    found.commits |= _ids((local.detached,))
    found.snapshots |= _ids((local.staged, local.present, *(local.moving or ())))
    found.attempts |= _ids((local.attempts,))
    if git.find(root) is not None:
        from dsv.capture.git_state import locked_in_history

        # A lock may name a commit that somebody has not pushed: that is no damage here.
        found.commits |= {oid for oid in locked_in_history(root) if repo.objects.has(oid)}
    return found


class Walk:
    """Walks from roots to all that they need, marking it.

    Args:
        repo: The repository.
        mark: Marks objects.
        dropped: Contents whose files are not wanted any more.
        damaged: Told what cannot be read, and why; by default that is raised.
        found: Told the id and the path of each file content that is reached the first time.
        derived: Marks what can always be made again; by default `mark`.
        files: Whether to go on to the contents of files.
        absent: Told id and path of each file content that is not in the store, instead of `damaged`.
        lacking: Told what is not in the store where nobody hears of damage; by default nobody is.
    """

    def __init__(
        self,
        repo: Repository,
        mark: Mark,
        *,
        dropped: Iterable[ObjectId] = (),
        damaged: Callable[[str, DsvError], None] | None = None,
        found: Callable[[ObjectId, str], None] | None = None,
        derived: Mark | None = None,
        files: bool = True,
        absent: Callable[[ObjectId, str], None] | None = None,
        lacking: Callable[[str, DsvError], None] | None = None,
    ) -> None:
        self._repo = repo
        self._lacking = damaged or lacking
        self._mark = mark
        self._mark_derived = derived or mark
        self._wants_files = files
        self._absent = absent
        self._dropped = frozenset(dropped)
        self._damaged = damaged
        self._found = found

    def run(self, start: Roots) -> None:
        """Walk from `start`.

        Raises:
            Corrupt, Missing: Something cannot be read, and nobody wants to be told.
        """
        waiting = self._new(start.commits, "a ref")
        snapshots, attempts = set(start.snapshots), set(start.attempts)
        while waiting:
            commit = self._try(f"commit {waiting[-1]}", self._repo.commit, waiting.pop())
            if commit is not None:
                snapshots.add(commit.snapshot)
                attempts |= _ids((commit.attempts,))
                waiting += self._new(commit.parents, "a commit")
        for snapshot in snapshots:
            if self._damaged is not None:
                self._try(f"snapshot {snapshot}", self._check_paths, snapshot)
            self._node(snapshot, "")
        for listed in attempts:
            self._attempts(listed)

    def _check_paths(self, snapshot: ObjectId) -> None:
        check_stored_paths([entry.name for entry in trees.walk(snapshot, self._repo.node)])

    def _node(self, oid: ObjectId, path: str, *, files: bool = True) -> None:
        """Mark a node and what is below it; `path` ends with `/` inside a dataset."""
        if self._try(f"node {oid}", self._check_depth, path) is None:
            return
        waiting = self._new([oid], path or "a commit")
        while waiting:
            node = self._try(f"node {waiting[-1]} of {path or 'a snapshot'}", self._repo.node, waiting.pop())
            if not isinstance(node, Leaf):
                self._check_levels(node, path)
                pages = [] if node is None else [page.id for page in node.pages]
                waiting += self._new(pages, path or "a snapshot")
                continue
            contents: dict[ObjectId, str] = {}
            for entry in node.entries:
                target = ObjectId(entry.target)
                if self._damaged is not None:
                    self._try(f"node of {path or 'a snapshot'}", partial(_check_entry, path), entry)
                if entry.kind == CHECKPOINT:
                    self._checkpoint(target, entry.name)
                elif entry.kind == DIR:
                    self._node(target, f"{path}{entry.name}/", files=files)
                elif entry.kind != LINK:
                    contents[target] = path + entry.name
            if files:
                self._files(contents)

    def _check_levels(self, node: Node | None, path: str) -> None:
        """Tell of pages whose pages are not of a lower level; pages of entries are level 1."""
        if self._damaged is None or node is None or isinstance(node, Leaf):
            return
        for page in node.pages:
            below = self._try(f"page of {path or 'a snapshot'}", self._repo.node, page.id)
            level = 0 if below is None or isinstance(below, Leaf) else below.level
            if below is not None and level >= node.level:
                self._damaged(
                    path or "a snapshot", Corrupt(f"page {page.id} has level {level} below {node.level}")
                )

    @staticmethod
    def _check_depth(path: str) -> bool:
        trees.check_depth(path)
        return True

    def _checkpoint(self, oid: ObjectId, path: str) -> None:
        for _ in self._new([oid], path):
            checkpoint = self._try(f"checkpoint of {path}", self._repo.checkpoint, oid)
            if checkpoint is None:
                continue
            self._content(checkpoint, path)
            self._origin(checkpoint.origin, path)
            if checkpoint.schema is not None:
                self._new([checkpoint.schema], path)
            self._facts(checkpoint)

    def _attempts(self, oid: ObjectId) -> None:
        """Mark a list of attempts; the runs that it is about stay only if data came from them."""
        waiting = self._new([oid], "a list of attempts")
        while waiting:
            node = self._try(f"list of attempts {waiting[-1]}", self._repo.node, waiting.pop())
            if isinstance(node, Leaf):
                self._new([ObjectId(entry.target) for entry in node.entries], "a list of attempts")
            elif node is not None:
                waiting += self._new([page.id for page in node.pages], "a list of attempts")

    def _origin(self, oid: ObjectId, path: str) -> None:
        waiting = self._new([oid], path)
        while waiting:
            found = self._try(f"origin of {path}", self._read_origin, waiting.pop())
            if isinstance(found, Source):
                edited = [] if found.edited is None else [found.edited]
                waiting += self._new([*edited, *found.merged], path)
            elif found is not None:
                waiting += self._run(found, path)

    def _read_origin(self, oid: ObjectId) -> Source | Run:
        return self._repo.origin(oid)

    def _run(self, run: Run, path: str) -> list[ObjectId]:
        """Mark what a run needs to be replayed; return the origins of its inputs that are new."""
        for _ in self._new([run.code], path):
            code = self._try(f"code of {path}", self._repo.code, run.code)
            self._files({} if code is None else {file.file: file.path for file in code.files})
        for _ in self._new([run.environment], path):
            where = self._try(f"environment of {path}", self._repo.environment, run.environment)
            # No replay needs the lock file, and records of earlier versions name it without its bytes.
            if where is not None and where.lock is not None and self._repo.objects.has(where.lock.file):
                self._files({where.lock.file: where.lock.name})
        self._new([one.listing for one in run.listings], path)
        if run.stdin is not None:
            self._files({run.stdin: f"the standard input of {path}"})
        for one in run.inputs:
            self._content(one.checkpoint, one.path)
        schemas = {*(one.checkpoint.schema for one in run.inputs), *(one.schema for one in run.outputs)}
        self._new([schema for schema in schemas if schema is not None], path)
        return self._new({one.checkpoint.origin for one in run.inputs}, path)

    def _content(self, checkpoint: Checkpoint, path: str) -> None:
        wanted = checkpoint.content not in self._dropped
        if checkpoint.is_dir:
            self._node(checkpoint.content, f"{path}/", files=wanted)
        elif wanted:
            self._files({checkpoint.content: path})

    def _facts(self, checkpoint: Checkpoint) -> None:
        """Mark what is derived; if it cannot be read it is not worth a word."""
        for key in self._mark_derived([facts_key(checkpoint.content, checkpoint.schema)]):
            try:
                record = canonical.decode(self._repo.objects.get(key, Kind.FACTS), what="facts")
                self._mark_derived([parse_id(record[name]) for name in ("blocks", "schema") if record[name]])
            except (Corrupt, Missing, KeyError, ValueError):
                continue

    def _files(self, contents: dict[ObjectId, str]) -> None:
        if not self._wants_files:
            return
        for oid in self._new(contents, "", contents):
            if self._found is not None:
                self._found(oid, contents[oid])
            if holdings.is_composed(self._repo.objects.kind(oid)):
                self._try(contents[oid], self._members, oid)

    def _members(self, oid: ObjectId) -> None:
        self._mark(self._repo.contents.members(oid))

    def _new(
        self, ids: Iterable[ObjectId], where: str, paths: dict[ObjectId, str] | None = None
    ) -> list[ObjectId]:
        """Mark `ids`, and tell of those that the store does not hold."""
        wanted = list(ids)
        fresh = self._mark(wanted)
        if len(fresh) < len(wanted):
            self._tell_missing([oid for oid in wanted if oid not in set(fresh)], where, paths or {})
        return fresh

    def _tell_missing(self, ids: Iterable[ObjectId], where: str, paths: dict[ObjectId, str]) -> None:
        if self._lacking is None:
            return
        for oid in ids:
            if self._repo.objects.has(oid):
                continue
            if self._absent is not None and oid in paths:
                self._absent(oid, paths[oid])
            else:
                self._lacking(paths.get(oid, where), Missing(f"object {oid} is not in the store"))

    def _try(self, what: str, read: Callable[[_A], _T], argument: _A) -> _T | None:
        try:
            return read(argument)
        except (Corrupt, Missing) as error:
            if self._damaged is None:
                raise
            self._damaged(what, error)
            return None


def _check_entry(path: str, entry: Entry) -> None:
    if (entry.kind == CHECKPOINT) != (not path):
        raise Corrupt(f"{path or 'a snapshot'} holds {entry.name!r}, which is a {entry.kind}")
    if path:
        check_stored_name(entry.name, path)


def _ids(values: Iterable[str | None]) -> set[ObjectId]:
    return {ObjectId(value) for value in values if value is not None and is_id(value)}
