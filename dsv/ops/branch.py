"""List, make and delete branches and tags."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Literal

from dsv.errors import NotFound, Refused
from dsv.ids import ObjectId
from dsv.model import ancestry
from dsv.records import revisions
from dsv.store.refs import Refs
from dsv.store.repository import Repository
from dsv.store.writer import Writer
from dsv.wording import did_you_mean
from dsv.workspace import Workspace

Family = Literal["branches", "tags"]
_WORD = {"branches": "branch", "tags": "tag"}


@dataclass(frozen=True, slots=True)
class NamedRef:
    """A branch or a tag.

    Attributes:
        name: Its name.
        commit: The commit that it names; None for the branch of a workspace without commits.
        current: Whether HEAD is attached to it.
    """

    name: str
    commit: ObjectId | None
    current: bool


def names(repo: Repository, family: Family) -> tuple[NamedRef, ...]:
    """Return all branches, or all tags, in order of their names."""
    refs = repo.refs()
    current = refs.mine.branch if family == "branches" else None
    found = [NamedRef(name, oid, name == current) for name, oid in _table(refs, family).items()]
    if current is not None and current not in refs.branches:
        found.append(NamedRef(current, None, current=True))
    return tuple(sorted(found, key=lambda ref: ref.name))


def tracking(repo: Repository) -> tuple[NamedRef, ...]:
    """Return the branches of remotes, as `REMOTE/BRANCH` and as last seen, in order of their names."""
    found = repo.refs().mine.remotes
    return tuple(NamedRef(name, found[name], current=False) for name in sorted(found))


def create(workspace: Workspace, family: Family, name: str, revision: str | None = None) -> NamedRef:
    """Make a branch or a tag at `revision` (default HEAD).

    Raises:
        Refused: It exists, or may not be called so.
        NotFound: No such revision.
    """
    revisions.check_free(workspace.repo, name)
    target = revisions.resolve(workspace.repo, revision or "HEAD")

    def change(refs: Refs, _: Writer) -> Refs:
        table = _table(refs, family)
        if name in table:
            raise Refused(f"{_WORD[family]} {name} exists already", hint=f"dsv {_WORD[family]} -d {name}")
        return _with(refs, family, {**table, name: target})

    workspace.publish(f"{_WORD[family]} {name}", change)
    return NamedRef(name, target, current=False)


def delete(workspace: Workspace, family: Family, name: str, *, force: bool = False) -> NamedRef:
    """Delete a branch or a tag; `dsv undo` brings it back.

    Raises:
        NotFound: There is none of that name.
        Refused: HEAD is attached to it; or its commits are on no other branch or tag, without `force`.
    """

    def change(refs: Refs, _: Writer) -> Refs:
        table = dict(_table(refs, family))
        target = table.pop(name, None)
        if target is None:
            hint = did_you_mean(name, _table(refs, family), f"dsv {_WORD[family]}")
            raise NotFound(f"no {_WORD[family]} {name}", hint=hint)
        if family == "branches":
            if name == refs.mine.branch:
                raise Refused(f"HEAD is on branch {name}", hint="dsv checkout BRANCH")
            if not force and not _elsewhere(workspace.repo, refs, name, target):
                raise Refused(
                    f"branch {name} has commits that are on no other branch or tag",
                    hint=f"dsv branch -d {name} --force",
                )
        return _with(refs, family, table)

    gone = _table(workspace.repo.refs(), family).get(name)
    workspace.publish(f"{_WORD[family]} -d {name}", change)
    return NamedRef(name, gone, current=False)


def _elsewhere(repo: Repository, refs: Refs, name: str, target: ObjectId) -> bool:
    others = [oid for other, oid in refs.branches.items() if other != name]
    others += [*refs.tags.values(), *refs.mine.remotes.values()]
    if refs.head is not None:
        others.append(refs.head)
    return any(ancestry.is_ancestor(target, other, repo.commit) for other in others)


def _table(refs: Refs, family: Family) -> Mapping[str, ObjectId]:
    return refs.branches if family == "branches" else refs.tags


def _with(refs: Refs, family: Family, table: Mapping[str, ObjectId]) -> Refs:
    return replace(refs, branches=table) if family == "branches" else replace(refs, tags=table)
