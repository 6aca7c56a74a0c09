"""Where versions came from: sources, runs and how those happened, read from the store."""

from collections.abc import Iterable, Iterator
from functools import partial

from dsv.errors import DsvError
from dsv.hashing import Kind
from dsv.ids import ObjectId
from dsv.model import node as nodes
from dsv.model import tree as trees
from dsv.model.attempt import Attempt
from dsv.model.checkpoint import Checkpoint
from dsv.model.node import ATTEMPT, Entry
from dsv.model.origin import Source
from dsv.model.run import Output, Run
from dsv.store.refs import Refs
from dsv.store.repository import Repository, Tracked
from dsv.store.writer import Writer
from dsv.tables.format_names import text_format

Origin = Source | Run


def typed_table(repo: Repository, path: str, checkpoint: Checkpoint) -> tuple[ObjectId, int] | None:
    """Return the table id of a version, and the version of the digest, as the record of its run has them.

    None where no run recorded it, or where the format is text: there the same table may be spelt otherwise, and
    a reader of the text sees that. What was learned later and is kept beside the records is not asked.
    """
    try:
        made = repo.origin(checkpoint.origin)
    except DsvError:
        return None
    given = made.outputs if isinstance(made, Run) else ()
    found = [one for one in given if one.content == checkpoint.content]
    output = next((one for one in found if one.path == path), found[0] if found else None)
    if output is None or output.table is None or output.digest is None or _holds_text(repo, output):
        return None
    return output.table, output.digest


def _holds_text(repo: Repository, output: Output) -> bool:
    """Whether a table, or a part of it, is written in a text format; what cannot be told may be."""
    if output.kind != nodes.DIR:
        return output.schema is not None or text_format(output.path) is not None
    try:
        return any(text_format(path) is not None for path, _ in trees.files(output.content, repo.node))
    except DsvError:
        return True


def attempt(repo: Repository, refs: Refs, oid: ObjectId, commit: ObjectId | None = None) -> Attempt | None:
    """Return how the run `oid` happened, as far as that is known; a witnessed attempt before a claim.

    Args:
        repo: The repository.
        refs: Its refs.
        oid: The run.
        commit: The commit whose lineage is looked at, by default HEAD; others are looked at after it.
    """
    claim: Attempt | None = None
    for node in _attempt_lists(repo, refs, commit):
        entry = trees.find(node, oid, repo.node)
        if entry is None:
            continue
        found = repo.attempt(ObjectId(entry.target))
        if not found.claimed:
            return found
        claim = claim or found
    return claim


def noted(repo: Repository, refs: Refs, session: Writer, *made: Attempt) -> ObjectId | None:
    """Store how runs happened; return the list of attempts for `Local.attempts`.

    What is known of a run stays as it is, but a claim gives way to what was seen. Call it once in a session:
    the list that it returns cannot be read before the session is published.
    """
    local = refs.mine
    added: dict[str, ObjectId] = {}
    for one in made:
        before = attempt(repo, refs, one.run)
        if before is None or (before.claimed and not one.claimed):
            added[one.run] = session.put(Kind.ATTEMPT, one.encode())
    return _with(repo, session, local.attempts, added)


def attempts_for(
    repo: Repository, refs: Refs, session: Writer, parents: Iterable[ObjectId], staged: Iterable[Tracked]
) -> ObjectId | None:
    """Return the list of attempts that belongs to a commit.

    It has what the lists of `parents` have, and how each run in the lineage of `staged`
    happened that they do not know.
    """
    lists = [found for parent in parents if (found := repo.commit(parent).attempts) is not None]
    base = lists[0] if lists else None
    added: dict[str, ObjectId] = {}
    for other in lists[1:]:
        added.update(
            (new.name, ObjectId(new.target))
            for old, new in trees.compare(base, other, repo.node)
            if old is None and new is not None
        )
    for oid in _runs_behind(repo, {one.checkpoint.origin for one in staged}, base):
        listed = (trees.find(node, oid, repo.node) for node in _attempt_lists(repo, refs, None))
        entry = next((one for one in listed if one is not None), None)
        if entry is not None:
            added.setdefault(oid, ObjectId(entry.target))
    return _with(repo, session, base, added)


def _runs_behind(repo: Repository, origins: set[ObjectId], known: ObjectId | None) -> Iterator[ObjectId]:
    """Yield the runs that lead to `origins`, except for those, and what is behind them, whose attempts are `known`."""
    waiting, seen = list(origins), set(origins)
    while waiting:
        oid = waiting.pop()
        place = repo.objects.find(oid)
        if place is None or place.kind != Kind.RUN:
            continue
        if known is not None and trees.find(known, oid, repo.node) is not None:
            continue
        yield oid
        further = {one.checkpoint.origin for one in repo.run(oid).inputs} - seen
        seen |= further
        waiting += further


def _attempt_lists(repo: Repository, refs: Refs, commit: ObjectId | None) -> Iterator[ObjectId]:
    """Yield the lists of attempts that are known here: of `commit`, of this workspace, of all other tips."""
    local = refs.mine
    tips = (refs.head, *refs.branches.values(), *refs.tags.values(), *local.remotes.values())
    seen: set[ObjectId] = set()
    for tip in (commit, None, *dict.fromkeys(tips)):
        node = local.attempts
        if tip is not None:
            node = repo.commit(tip).attempts if repo.objects.has(tip) else None
        if node is not None and node not in seen:
            seen.add(node)
            yield node


def _with(
    repo: Repository, session: Writer, base: ObjectId | None, added: dict[str, ObjectId]
) -> ObjectId | None:
    if not added:
        return base
    entries: dict[str, Entry | None] = {
        name: Entry(name, ATTEMPT, target) for name, target in sorted(added.items())
    }
    put = partial(session.put, Kind.NODE)
    if base is None:
        return nodes.build([entry for entry in entries.values() if entry is not None], put)
    return trees.edit(base, entries, repo.node, put)
