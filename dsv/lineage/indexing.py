"""Keeping the index of what was made from what up to date with the commits that there are."""

from collections.abc import Iterable, Iterator, Mapping

from dsv.errors import Corrupt, Missing
from dsv.ids import ObjectId
from dsv.lineage.graph import IN_GIT, NodeId, Origin, RunNode, SourceNode, version_of
from dsv.lineage.graph_memory import GraphMemory, mark, number, plain_mark
from dsv.lineage.graph_records import Records
from dsv.model import tree as trees
from dsv.model.commit import Commit
from dsv.progress import SILENT, Progress
from dsv.store.refs import Refs
from dsv.store.repository import Repository

_TIPS = "tips"
_EPOCH = "epoch"
_MISSED = "missed"
_GAPS = "gaps"


Missed = Mapping[ObjectId, Exception]
"""What of history the index lacks: by id of a commit why it cannot be read."""


def catch_up(
    repo: Repository, refs: Refs, ledger: GraphMemory, records: Records, progress: Progress = SILENT
) -> Missed:
    """Index the commits that refs reach and that are new; begin again if some are not reached any more.

    Raises:
        Unusable: The ledger is damaged or cannot be written.
    """
    tips = _tips(refs)
    told = " ".join(sorted(tips))
    # gc took objects away, perhaps commits of which copies here would go on telling.
    same = ledger.state(_EPOCH) == str(refs.epoch)
    gaps = (ledger.state(_GAPS) or "").split()
    if same and ledger.state(_TIPS) == told and ledger.state(_MISSED) == "0" and not gaps:
        return {}
    known = ledger.commits() if same else {}
    with ledger.changes():
        fresh, missed, dead = _reach(repo, tips, known)
        if dead or not same:
            ledger.empty_index()
            fresh, missed, _ = _reach(repo, tips, {})
        else:
            _add_origins(map(ObjectId, gaps), ledger, records)  # perhaps they have come
        progress.begin("reading lineage", len(fresh), "commits")
        for oid, commit in fresh.items():
            try:
                _add_snapshot(repo, _base(repo, commit, fresh), commit.snapshot, ledger, records)
                ledger.add_commits([(oid, commit.parents)])
            except (Corrupt, Missing) as error:
                missed[oid] = error
            progress.advance(1)
        ledger.note(_TIPS, told)
        ledger.note(_EPOCH, str(refs.epoch))
        ledger.note(_MISSED, str(len(missed)))
        ledger.note(_GAPS, " ".join(records.gaps))
    return missed


def add_staged(repo: Repository, refs: Refs, ledger: GraphMemory, records: Records) -> None:
    """Index what is staged; the caller does not keep it, for it may be unstaged again.

    Raises:
        Corrupt, Missing: The snapshot cannot be read.
        Unusable: The ledger is damaged or cannot be written.
    """
    staged = refs.mine.staged
    if staged is not None:
        base = None if refs.head is None else repo.commit(refs.head).snapshot
        _add_snapshot(repo, base, staged, ledger, records)


def _tips(refs: Refs) -> set[ObjectId]:
    local = refs.mine
    tips = {*refs.branches.values(), *refs.tags.values(), *local.remotes.values()}
    return tips | ({local.detached} if local.detached else set())


def _reach(
    repo: Repository, tips: Iterable[ObjectId], known: Mapping[ObjectId, tuple[ObjectId, ...]]
) -> tuple[dict[ObjectId, Commit], dict[ObjectId, Exception], bool]:
    """Return the new commits, those that cannot be read, and whether some known ones are not reached any more."""
    fresh: dict[ObjectId, Commit] = {}
    missed: dict[ObjectId, Exception] = {}
    seen: set[ObjectId] = set()
    waiting = list(tips)
    while waiting:
        oid = waiting.pop()
        if oid in seen:
            continue
        seen.add(oid)
        if oid in known:
            waiting += known[oid]
            continue
        try:
            fresh[oid] = repo.commit(oid)
        except (Corrupt, Missing) as error:
            missed[oid] = error
        else:
            waiting += fresh[oid].parents
    return fresh, missed, not known.keys() <= seen


def _base(repo: Repository, commit: Commit, fresh: Mapping[ObjectId, Commit]) -> ObjectId | None:
    """Return the snapshot that a commit started from, None if it is not here."""
    for parent in commit.parents[:1]:
        if parent in fresh:
            return fresh[parent].snapshot
        if repo.objects.has(parent):
            return repo.commit(parent).snapshot
    return None


def _add_snapshot(
    repo: Repository, base: ObjectId | None, snapshot: ObjectId, ledger: GraphMemory, records: Records
) -> None:
    """Index the datasets in which two snapshots differ, and all that leads to them."""
    versions = [
        version_of(new.name, repo.checkpoint(ObjectId(new.target)))
        for _, new in trees.compare(base, snapshot, repo.node)
        if new is not None
    ]
    ledger.add_versions(versions)
    _add_origins({one.origin for one in versions}, ledger, records)


def _add_origins(origins: Iterable[ObjectId], ledger: GraphMemory, records: Records) -> None:
    """Index origins and all that leads to them; those that cannot be read are gaps of `records`."""
    waiting = ledger.not_indexed(origins)
    while waiting:
        found = records.read(waiting)
        inputs, outputs = records.inputs(_runs(found)), records.outputs(_runs(found))
        used = [(mark(one.content, one.origin), run, one.path) for run in inputs for one in inputs[run]]
        used += [
            (plain_mark(one.content), step.id, one.path)
            for step in found.values()
            if isinstance(step, RunNode)
            for one in step.given()
            if one.where == IN_GIT
        ]
        sources = [one for one in found.values() if isinstance(one, SourceNode)]
        derived = [(number(one), source.id) for source in sources for one in source.before]
        for versions in (*inputs.values(), *outputs.values()):
            ledger.add_versions(versions)
        ledger.add_origins(map(ObjectId, found), used, derived)
        further = {one.origin for versions in inputs.values() for one in versions}
        further.update(one for source in sources for one in source.before)
        waiting = [oid for oid in ledger.not_indexed(further) if oid not in records.gaps]


def _runs(origins: Mapping[NodeId, Origin]) -> list[NodeId]:
    return [oid for oid, origin in origins.items() if isinstance(origin, RunNode)]


def paths_below(ledger: GraphMemory, folder: str) -> Iterator[str]:
    """Yield the paths that ever were datasets and are `folder` or below it."""
    for path in ledger.paths():
        if folder in (".", path) or path.startswith(f"{folder}/"):
            yield path
