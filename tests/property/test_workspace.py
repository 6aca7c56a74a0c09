"""A workspace that is worked on in every way, beside a model of it in plain dictionaries."""

import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

from hypothesis import HealthCheck, Phase, note, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from dsv import ops  # noqa: F401 (names the package under test)
from dsv.errors import (
    AnswerNo,
    Conflict,
    DsvError,
    InTheWay,
    MergeConflict,
    Missing,
    NotFound,
    Refused,
    UserError,
)
from dsv.ids import ObjectId
from dsv.model import node as nodes
from dsv.model.checkpoint import Checkpoint
from dsv.model.node import DIR, EXEC, LINK
from dsv.model.tree import walk
from dsv.ops.add import add
from dsv.ops.branch import create, delete
from dsv.ops.checkout import checkout, checkout_paths
from dsv.ops.commit import commit
from dsv.ops.drop import drop_working
from dsv.ops.fsck import fsck
from dsv.ops.gc import gc
from dsv.ops.init import init
from dsv.ops.merge import merge
from dsv.ops.restore import restore, unstage
from dsv.ops.rm import rm
from dsv.ops.status import status
from dsv.ops.undo import undo
from dsv.store.repository import Repository
from dsv.workspace import Workspace
from tests.property import tree_strategies, workspace_model
from tests.property.tree_strategies import Leaf, State
from tests.property.workspace_model import Made, Refs, Snapshot

NAMES = ("a.bin", "t.csv", "g/h", "g/i", "d")
BRANCHES = ("main", "two", "three")
TAGS = ("v1", "v2")

_T = TypeVar("_T")

names = st.sampled_from(NAMES)


def tracks_something(machine: "WorkspaceMachine") -> bool:
    return bool(machine.refs.staged or machine.head())


def has_head(machine: "WorkspaceMachine") -> bool:
    return machine.refs.head is not None


class WorkspaceMachine(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp(prefix="dsv-machine-"))
        self.root = self.folder / "w"
        self.root.mkdir()
        self.commits: dict[str, Made] = {}
        self.refs = Refs()
        self.working: Snapshot = {}
        self.past: tuple[Refs, Snapshot, Snapshot] | None = None
        self.forgotten = False
        self.messages = 0

    def teardown(self) -> None:
        try:
            with self.repo() as workspace:
                for oid, made in self.commits.items():
                    if self.is_named(oid):
                        assert (
                            self.stored(workspace.repo, workspace.repo.commit(ObjectId(oid)).snapshot)
                            == made.snapshot
                        )
                assert fsck(workspace).damage == ()
        finally:
            shutil.rmtree(self.folder, ignore_errors=True)

    # What is used below

    @contextmanager
    def repo(self) -> Iterator[Workspace]:
        """Open the workspace again, as every command does."""
        workspace = Workspace.discover(self.root)
        try:
            yield workspace
        finally:
            workspace.worktree.cache.close()

    def act(
        self, what: str, action: Callable[[Workspace], _T], change: Callable[[_T], None]
    ) -> _T | DsvError:
        """Do something and have the model do it too; what fails must leave everything as it was."""
        before, working = self.refs.copy(), dict(self.working)
        with self.repo() as workspace:
            number = workspace.repo.refs().mine.oplog[0]
            try:
                done = action(workspace)
            except (UserError, Conflict, AnswerNo, Missing) as error:
                note(f"{what}: {error!r}")
                return error
            note(f"{what}: {done!r}")
            logged = workspace.repo.refs().mine.oplog[0] > number
        change(done)
        if logged:
            self.past = (before, working, dict(self.working))
            self.forgotten = False
        return done

    def why(self) -> str:
        """Return a message that no commit had before, so that no two commits are one."""
        self.messages += 1
        return f"message {self.messages}"

    def is_named(self, oid: str) -> bool:
        tips = {*self.refs.branches.values(), *self.refs.tags.values(), self.refs.head} - {None}
        return any(oid in workspace_model.ancestors(self.commits, str(tip)) for tip in tips)

    def head(self) -> Snapshot:
        return {} if self.refs.head is None else self.commits[self.refs.head].snapshot

    def stored(self, repo: Repository, snapshot: ObjectId | None) -> Snapshot:
        """Return a snapshot of the store with all its bytes."""
        return {path: self.state(repo, one.checkpoint) for path, one in repo.datasets(snapshot).items()}

    def state(self, repo: Repository, checkpoint: Checkpoint) -> State:
        if checkpoint.kind != DIR:
            found = self.leaf(repo, checkpoint.kind, checkpoint.content)
            assert (checkpoint.size, checkpoint.files) == (len(found.data), 1)
            return found
        files = frozenset(self.files(repo, checkpoint.content, ""))
        regular = [leaf for _, leaf in files if leaf is not None and leaf.mode != "link"]
        assert (checkpoint.size, checkpoint.files) == (sum(len(one.data) for one in regular), len(regular))
        return files

    def files(self, repo: Repository, oid: ObjectId, prefix: str) -> Iterator[tuple[str, Leaf | None]]:
        for entry in walk(oid, repo.node):
            path = prefix + entry.name
            if entry.kind == DIR and entry.target == nodes.EMPTY:
                yield path, None
            elif entry.kind == DIR:
                yield from self.files(repo, ObjectId(entry.target), f"{path}/")
            elif entry.kind == LINK:
                yield path, Leaf(entry.target.encode(), "link")
            else:
                yield path, self.leaf(repo, entry.kind, ObjectId(entry.target))

    def leaf(self, repo: Repository, kind: str, oid: ObjectId) -> Leaf:
        data = b"".join(map(bytes, repo.contents.stream(oid)))
        return Leaf(data, "exec" if kind == EXEC else "file")

    def dirty(self) -> set[str]:
        """Return datasets with anything that is not committed, and what is in the way of others."""
        return {
            name
            for name in NAMES
            if not self.working.get(name) == self.refs.staged.get(name) == self.head().get(name)
        }

    # Work

    @initialize(data=st.data())
    def begin(self, data: st.DataObject) -> None:
        init(self.root)
        for name in NAMES[: data.draw(st.integers(0, len(NAMES)))]:
            self.edit(name, data.draw(tree_strategies.STATES))
        if self.working:
            self.add(sorted(self.working))
            self.commit(everything=False)

    def known(self) -> st.SearchStrategy[str]:
        """Draw a dataset that is tracked, now or in HEAD."""
        return st.sampled_from(sorted({*self.refs.staged, *self.head()}))

    @rule(name=names, state=tree_strategies.STATES)
    def edit(self, name: str, state: State) -> None:
        tree_strategies.write(self.root / name, state)
        self.working[name] = state

    @rule(name=names, inner=st.sampled_from(tree_strategies.INNER), leaf=tree_strategies.LEAVES | st.none())
    def edit_inside(self, name: str, inner: str, leaf: Leaf | None) -> None:
        before = self.working.get(name)
        if not isinstance(before, frozenset):
            return
        files = {path: one for path, one in before if path != inner}
        if leaf is not None:
            files[inner] = leaf
        self.edit(name, frozenset(files.items()))

    @precondition(lambda self: self.working)
    @rule(data=st.data())
    def delete(self, data: st.DataObject) -> None:
        name = data.draw(st.sampled_from(sorted(self.working)))
        tree_strategies.clear(self.root / name)
        del self.working[name]

    @precondition(lambda self: self.working)
    @rule(data=st.data())
    def add_some(self, data: st.DataObject) -> None:
        self.add(
            data.draw(st.lists(st.sampled_from(sorted(self.working)), min_size=1, max_size=3, unique=True))
        )

    @precondition(lambda self: self.refs.staged)
    @rule(chosen=st.lists(names, min_size=1, max_size=2, unique=True))
    def add(self, chosen: list[str]) -> None:
        def change(_: object) -> None:
            for name in chosen:
                self.refs.staged[name] = self.refs.present[name] = self.working[name]

        done = self.act(f"add {chosen}", lambda workspace: add(workspace, chosen), change)
        missing = [name for name in chosen if name not in self.working]
        assert isinstance(done, NotFound) == bool(missing)

    @precondition(lambda self: self.refs.staged)
    @rule()
    def add_all(self) -> None:

        def change(_: object) -> None:
            for name in self.refs.staged:
                if name in self.working and self.working[name] != self.refs.staged[name]:
                    self.refs.staged[name] = self.refs.present[name] = self.working[name]

        assert not isinstance(self.act("add .", lambda workspace: add(workspace, ["."]), change), DsvError)

    @precondition(lambda self: self.dirty())
    @rule(everything=st.booleans())
    def commit(self, everything: bool) -> None:
        def change(oid: str) -> None:
            if everything:
                for name in list(self.refs.staged):
                    if name in self.working and self.working[name] != self.refs.staged[name]:
                        self.refs.staged[name] = self.refs.present[name] = self.working[name]
                    elif name not in self.working and name in self.refs.present:
                        del self.refs.staged[name], self.refs.present[name]
            parents = () if self.refs.head is None else (self.refs.head,)
            self.commits[oid] = Made(dict(self.refs.staged), parents)
            assert self.refs.branch is not None
            self.refs.branches[self.refs.branch] = oid

        done = self.act(
            f"commit {everything}",
            lambda workspace: commit(workspace, self.why(), author="ada", everything=everything).id,
            change,
        )
        if isinstance(done, Refused):
            assert self.refs.branch is None
        elif isinstance(done, DsvError):
            assert isinstance(done, AnswerNo)
            gone = {
                name for name in self.refs.staged if name in self.refs.present and name not in self.working
            }
            left = {
                one: state for one, state in self.refs.staged.items() if not everything or one not in gone
            }
            assert left == self.head()

    @precondition(tracks_something)
    @rule(data=st.data(), keep=st.booleans())
    def rm(self, data: st.DataObject, keep: bool) -> None:
        name = data.draw(self.known())

        def change(removed: tuple[str, ...]) -> None:
            del self.refs.staged[name]
            self.refs.present.pop(name, None)
            if not keep:
                assert removed == ((name,) if name in self.working else ())
                self.working.pop(name, None)

        done = self.act(
            f"rm {name} {keep}", lambda workspace: rm(workspace, [name], keep=keep).removed, change
        )
        if isinstance(done, NotFound):
            assert name not in self.refs.staged
        elif isinstance(done, DsvError):
            assert isinstance(done, InTheWay)
            assert self.working[name] != self.refs.present.get(name)

    @precondition(tracks_something)
    @rule(data=st.data())
    def drop(self, data: st.DataObject) -> None:
        name = data.draw(self.known())

        def change(_: object) -> None:
            self.refs.present.pop(name, None)
            self.working.pop(name, None)

        done = self.act(f"drop {name}", lambda workspace: drop_working(workspace, [name]), change)
        if isinstance(done, NotFound):
            assert name not in self.refs.staged
        elif isinstance(done, DsvError):
            assert isinstance(done, InTheWay)
            assert self.working[name] != self.refs.present.get(name)

    @precondition(tracks_something)
    @rule(data=st.data())
    def restore(self, data: st.DataObject) -> None:
        name = data.draw(self.known())
        wanted = self.refs.staged.get(name, self.head().get(name))

        def change(_: object) -> None:
            assert wanted is not None
            self.working[name] = self.refs.present[name] = wanted

        done = self.act(f"restore {name}", lambda workspace: restore(workspace, [name]), change)
        assert isinstance(done, NotFound) == (wanted is None)

    @precondition(tracks_something)
    @rule(data=st.data())
    def unstage(self, data: st.DataObject) -> None:
        name = data.draw(self.known())

        def change(_: object) -> None:
            if self.refs.staged.get(name) == self.head().get(name):
                return
            if name in self.head():
                self.refs.staged[name] = self.head()[name]
                if name in self.working or name in self.refs.present:
                    self.refs.present[name] = self.head()[name]
            else:
                del self.refs.staged[name]
                self.refs.present.pop(name, None)

        assert not isinstance(
            self.act(f"unstage {name}", lambda workspace: unstage(workspace, [name]), change), DsvError
        )

    @precondition(has_head)
    @rule(name=st.sampled_from(BRANCHES), tag=st.booleans())
    def name_it(self, name: str, tag: bool) -> None:
        table = self.refs.tags if tag else self.refs.branches
        word = TAGS[len(name) % 2] if tag else name

        def change(_: object) -> None:
            assert self.refs.head is not None
            table[word] = self.refs.head

        done = self.act(
            f"name {word}", lambda workspace: create(workspace, "tags" if tag else "branches", word), change
        )
        assert isinstance(done, Refused | str) or not isinstance(done, DsvError)

    @precondition(lambda self: self.refs.branches or self.refs.tags)
    @rule(data=st.data(), force=st.booleans())
    def unname(self, data: st.DataObject, force: bool) -> None:
        name = data.draw(st.sampled_from(sorted({*self.refs.branches, *self.refs.tags})))
        tag = name in TAGS
        table = self.refs.tags if tag else self.refs.branches

        def change(_: object) -> None:
            del table[name]

        family = "tags" if tag else "branches"
        self.act(f"unname {name}", lambda workspace: delete(workspace, family, name, force=force), change)  # type: ignore[arg-type]

    # Moving

    @precondition(has_head)
    @rule(data=st.data(), force=st.booleans(), new=st.booleans())
    def checkout(self, data: st.DataObject, force: bool, new: bool) -> None:
        named = [*sorted({*self.refs.branches, *self.refs.tags}), *filter(self.is_named, self.commits)]
        revision = named[data.draw(st.integers(0, len(named) - 1))]
        fresh = "three" if new else None
        target = self.refs.branches.get(revision) or self.refs.tags.get(revision) or revision
        before, old = dict(self.working), self.head()

        def change(carried: tuple[str, ...]) -> None:
            wanted = self.commits[target].snapshot
            assert not (force and carried)
            for name in NAMES:
                self.check_moved(name, old.get(name), wanted.get(name), name in carried, force)
            attached = fresh or (revision if revision in self.refs.branches else None)
            self.refs.branch, self.refs.detached = attached, None if attached else target
            if fresh:
                self.refs.branches[fresh] = target
            before = self.refs.present
            with self.repo() as workspace:
                self.refs.present = self.stored(workspace.repo, workspace.repo.refs().mine.present)
            for name, state in self.refs.present.items():
                assert state in (before.get(name), wanted.get(name))

        done = self.act(
            f"checkout {revision[:8]} {force} {fresh}",
            lambda workspace: checkout(workspace, revision, new_branch=fresh, force=force).carried,
            change,
        )
        if isinstance(done, DsvError):
            assert self.working == before
            if isinstance(done, Refused):
                assert fresh in self.refs.branches
            else:
                assert isinstance(done, InTheWay)
                assert not force
                assert self.dirty()

    def check_moved(
        self, name: str, old: State | None, new: State | None, carried: bool, force: bool
    ) -> None:
        """Have the model do what a checkout does to one dataset, and see that nothing was lost."""
        staged, present, working = (
            one.get(name) for one in (self.refs.staged, self.refs.present, self.working)
        )
        found = tree_strategies.read(self.root / name)
        assert found in (working, new), name
        if carried:
            assert (found, old) == (working, new)
        else:
            _set(self.refs.staged, name, new)
        if found != working:
            assert force or working is None or working == present, f"{name} was lost"
        elif found != new:
            tracked = not staged == present == new is None
            absent = found is None and present is None
            assert absent or not tracked or (old == new and not force), f"{name} was left"
        _set(self.working, name, found)

    @precondition(has_head)
    @rule(data=st.data(), name=names, force=st.booleans())
    def checkout_path(self, data: st.DataObject, name: str, force: bool) -> None:
        # By number: ids differ from run to run, as commits tell the time.
        named = list(filter(self.is_named, self.commits))
        revision = named[data.draw(st.integers(0, len(named) - 1))]
        wanted = self.commits[revision].snapshot.get(name)

        def change(_: object) -> None:
            assert wanted is not None
            self.refs.staged[name] = self.refs.present[name] = self.working[name] = wanted

        done = self.act(
            f"checkout {revision[:8]} {name}",
            lambda workspace: checkout_paths(workspace, revision, [name], force=force),
            change,
        )
        if isinstance(done, NotFound):
            assert wanted is None
        elif isinstance(done, DsvError):
            assert isinstance(done, InTheWay)
            assert not force
            assert self.working[name] not in (wanted, self.refs.present.get(name))

    @precondition(lambda self: self.refs.branches or self.refs.tags)
    @rule(data=st.data())
    def merge(self, data: st.DataObject) -> None:
        name = data.draw(st.sampled_from(sorted({*self.refs.branches, *self.refs.tags})))
        theirs = self.refs.branches.get(name) or self.refs.tags.get(name)
        ours = self.refs.head
        before = dict(self.working)

        def change(done: tuple[str, str]) -> None:
            oid, kind = done
            assert theirs is not None
            assert ours is not None
            assert self.refs.branch is not None
            if kind == "nothing":
                assert theirs in workspace_model.ancestors(self.commits, ours)
                return
            if kind == "merge":
                with self.repo() as workspace:
                    made = self.stored(workspace.repo, workspace.repo.commit(ObjectId(oid)).snapshot)
                assert made in self.merged(ours, theirs)
                self.commits[oid] = Made(made, (ours, theirs))
            wanted = self.commits[oid].snapshot
            self.refs.branches[self.refs.branch] = oid
            old = self.commits[ours].snapshot
            for one in NAMES:
                if old.get(one) != wanted.get(one) and (one in self.refs.present or one not in old):
                    _set(self.working, one, wanted.get(one))
                    _set(self.refs.present, one, wanted.get(one))
            self.refs.staged = dict(wanted)

        def go(workspace: Workspace) -> tuple[str, str]:
            found = merge(workspace, name, author="ada", message=self.why())
            return found.commit, found.kind

        done = self.act(f"merge {name}", go, change)
        if not isinstance(done, DsvError):
            return
        assert self.working == before
        if isinstance(done, MergeConflict):
            assert ours is not None
            assert theirs is not None
            assert None in self.merged(ours, theirs)
        elif isinstance(done, InTheWay):
            assert self.dirty()
        else:
            assert theirs is None or self.refs.branch is None or ours is None

    def merged(self, ours: str, theirs: str) -> list[Snapshot | None]:
        """Return what the merge of two commits may be, one for each base; None for a conflict."""
        starts = [
            self.commits[oid].snapshot for oid in workspace_model.bases(self.commits, ours, theirs)
        ] or [{}]
        mine, other = self.commits[ours].snapshot, self.commits[theirs].snapshot
        found = [workspace_model.merge(start, mine, other) for start in starts]
        return [None if conflicts else snapshot for snapshot, conflicts in found]

    # Going back

    @precondition(lambda self: self.past is not None and self.working == self.past[2])
    @rule()
    def undo(self) -> None:
        assert self.past is not None
        refs, working, after = self.past

        def change(_: object) -> None:
            self.refs, self.working = refs.copy(), dict(working)
            for name in set(NAMES) - working.keys():
                # What was missing before an operation wrote it or let go of it may be there now.
                found = tree_strategies.read(self.root / name)
                # But what was deleted is deleted again.
                assert (
                    found in (None, after.get(name))
                    if name in refs.present
                    else found in (None, after.get(name), refs.present.get(name))
                )
                _set(self.working, name, found)

        done = self.act("undo", undo, change)
        if isinstance(done, DsvError):
            assert self.forgotten, done

    @precondition(lambda self: self.past is not None)
    @rule()
    def undo_twice(self) -> None:
        past = self.past
        done = self.act("undo (1 of 2)", undo, lambda _: None)
        self.past = past
        if isinstance(done, DsvError):
            assert self.forgotten, done
            return
        with self.repo() as workspace:
            undo(workspace)
        # Nothing changed, but that what was not there and not checked out may be there again.
        for name in NAMES:
            found, before = tree_strategies.read(self.root / name), self.working.get(name)
            if before is None:
                assert found is None or name not in self.refs.present, name
            else:
                assert found == before or _holds(found, before), name
            _set(self.working, name, found)

    # Keeping house

    @rule(keep=st.sampled_from([30, 30, 0]))
    def gc(self, keep: int) -> None:
        with self.repo() as workspace:
            gc(workspace, grace=0, keep_days=keep)
        if keep == 0:
            self.forgotten = True

    # What is always so

    @invariant()
    def the_working_tree_is_as_the_model_says(self) -> None:
        assert {
            name: found for name in NAMES if (found := tree_strategies.read(self.root / name)) is not None
        } == self.working

    @invariant()
    def the_refs_are_as_the_model_says(self) -> None:
        if not (self.root / "dsv.toml").exists():
            return
        with self.repo() as workspace:
            refs = workspace.repo.refs()
            local = refs.mine
            assert dict(refs.branches) == self.refs.branches
            assert dict(refs.tags) == self.refs.tags
            assert (local.branch, local.detached) == (self.refs.branch, self.refs.detached)
            assert local.moving is None
            assert self.stored(workspace.repo, local.staged) == self.refs.staged
            assert self.stored(workspace.repo, local.present) == self.refs.present

    @invariant()
    def status_agrees(self) -> None:
        if not (self.root / "dsv.toml").exists():
            return
        with self.repo() as workspace:
            found = status(workspace)
        head, staged, working = self.head(), self.refs.staged, self.working
        assert {one.path: one.change for one in found.staged} == _changes(head, staged)
        held = {name: working[name] for name in staged if name in working}
        absent = {name for name in staged if name not in working and name not in self.refs.present}
        assert set(found.absent) == absent
        tracked = {name: state for name, state in staged.items() if name not in absent}
        assert {one.path: one.change for one in found.unstaged} == _changes(tracked, held)
        others = {name for name in working if name not in staged and tree_strategies.has_files(working[name])}
        told = {
            name
            for name in NAMES
            if any(name == one.rstrip("/") or name.startswith(one) for one in found.untracked if one)
        }
        assert {
            name for name in told if name in working and tree_strategies.has_files(working[name])
        } == others
        assert found.lock_matches


def _set(snapshot: Snapshot, name: str, state: State | None) -> None:
    snapshot.pop(name, None)
    if state is not None:
        snapshot[name] = state


def _holds(found: State | None, before: State) -> bool:
    """Whether a folder has all files that it had before."""
    return isinstance(found, frozenset) and isinstance(before, frozenset) and _regular(before) <= found


def _regular(state: frozenset[tuple[str, Leaf | None]]) -> frozenset[tuple[str, Leaf | None]]:
    return frozenset((path, leaf) for path, leaf in state if leaf is not None)


def _changes(before: Snapshot, after: Snapshot) -> dict[str, str]:
    return {
        name: "added" if name not in before else "removed" if name not in after else "modified"
        for name in sorted({*before, *after})
        if before.get(name) != after.get(name)
    }


WorkspaceMachine.TestCase.settings = settings(
    max_examples=40,
    stateful_step_count=30,
    deadline=None,
    derandomize=True,  # CI walks the same ways each time; without this line others are found
    phases=[Phase.explicit, Phase.generate],  # a run that failed is short enough to be read as it is
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much],
)
TestWorkspace = WorkspaceMachine.TestCase
