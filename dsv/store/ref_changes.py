"""What an operation changed in the refs, as the oplog tells it, and how that is taken back."""

from collections.abc import Mapping
from dataclasses import replace

from dsv.errors import NotFound
from dsv.ids import ObjectId
from dsv.store.operation_log import Change, Oplog
from dsv.store.refs import Local, Refs
from dsv.wording import did_you_mean

_DELETED = "deleted/"


def changes_between(before: Refs, after: Refs) -> dict[str, Change]:
    """Return what an oplog entry says of a change from `before` to `after`."""
    old, new = _flat(before), _flat(after)
    return {
        name: (old.get(name), new.get(name))
        for name in sorted({*old, *new})
        if old.get(name) != new.get(name)
    }


def deletions(states: Mapping[str, tuple[bool, bool]]) -> dict[str, Change]:
    """Return what an oplog entry says of datasets that are checked out and deleted from the working tree.

    Args:
        states: By path whether it is so before and after.
    """
    return {
        f"{_DELETED}{path}": ("yes" if before else None, "yes" if after else None)
        for path, (before, after) in states.items()
    }


def deletions_of(changes: Mapping[str, Change]) -> dict[str, tuple[bool, bool]]:
    """Return the states that `deletions` had for `changes`."""
    return {
        name.removeprefix(_DELETED): (before is not None, after is not None)
        for name, (before, after) in changes.items()
        if name.startswith(_DELETED)
    }


def taken_back(refs: Refs, changes: Mapping[str, Change]) -> Refs:
    """Return `refs` with everything that `changes` name as it was before them."""
    branches, tags = dict(refs.branches), dict(refs.tags)
    local = refs.local or Local()
    for name, (before, _) in changes.items():
        family, _, rest = name.partition("/")
        if family in {"branches", "tags"}:
            table = branches if family == "branches" else tags
            table.pop(rest, None)
            if before is not None:
                table[rest] = ObjectId(before)
        elif name == "head":
            word, _, value = (before or "").partition(" ")
            local = replace(
                local,
                branch=value if word == "branch" else None,
                detached=ObjectId(value) if word == "commit" and value != "None" else None,
            )
        elif name == "staged":
            local = replace(local, staged=id_or_none(before))
        elif name == "present":
            local = replace(local, present=id_or_none(before))
    return replace(refs, branches=branches, tags=tags, local=local)


def _flat(refs: Refs) -> dict[str, str | None]:
    local = refs.local or Local()
    flat: dict[str, str | None] = {f"branches/{name}": oid for name, oid in refs.branches.items()}
    flat.update({f"tags/{name}": oid for name, oid in refs.tags.items()})
    flat["head"] = f"branch {local.branch}" if local.branch is not None else f"commit {local.detached}"
    flat["staged"] = local.staged
    flat["present"] = local.present
    return flat


def id_or_none(text: str | None) -> ObjectId | None:
    """Return an id that a change names; None stays None."""
    return None if text is None else ObjectId(text)


def value_before(oplog: Oplog, refs: Refs, branch: str, back: int) -> ObjectId:
    """Return the commit that a branch named before its last `back` changes; "" stands for the present branch.

    Raises:
        NotFound: There is no such branch, or it was not changed so often.
        Corrupt: The oplog is damaged.
    """
    local = refs.mine
    name = branch or local.branch
    current = refs.branches.get(name) if name else None
    if name is None or current is None:
        raise NotFound(f"no branch {branch!r}", hint=did_you_mean(branch, refs.branches, "dsv branch"))
    values = [current]
    for entry in oplog.entries(local.oplog):
        change = entry.changes.get(f"branches/{name}")
        if len(values) > back or (change is not None and change[0] is None):
            break
        if change is not None and change[0] is not None:
            values.append(ObjectId(change[0]))
    if back >= len(values):
        raise NotFound(f"branch {name} was changed only {len(values) - 1} times", hint="dsv oplog")
    return values[back]
