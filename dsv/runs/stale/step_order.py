"""Steps: the runs that made the datasets that there are, and in which order.

A dataset that is updated in place has several: the run that made it, or the version that somebody
added, and all runs since that updated it, in order.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property

from dsv.ids import ObjectId
from dsv.runs.stale.origin_book import Book
from dsv.runs.stale.step import Step
from dsv.runs.stale.updates import add_earlier
from dsv.store.repository import Datasets
from dsv.workspace import Workspace

_NOWHERE: Mapping[ObjectId, tuple[ObjectId, ...]] = {}


@dataclass(frozen=True)
class Steps:
    """Where datasets came from.

    Attributes:
        by_run: The steps by the id of their run.
        edited: By path the run whose data was edited by hand, or merged file by file, to give it.
        lost: By path the origin whose record the store lacks, or that did not give this data.
        earlier: By run the steps whose result it updated.
    """

    by_run: Mapping[ObjectId, Step]
    edited: Mapping[str, ObjectId]
    lost: Mapping[str, ObjectId]
    earlier: Mapping[ObjectId, tuple[ObjectId, ...]] = field(default_factory=lambda: _NOWHERE)

    def makers(self) -> dict[str, Step]:
        """Return by path the step that made a dataset, the last one if there are several; raw ones have none."""
        return {path: step for step in self.by_run.values() for path in step.makes}

    def behind(self, step: Step, makers: Mapping[str, Step]) -> dict[ObjectId, tuple[str, ...]]:
        """Return by run what `step` waits for of it: what it reads, or what it updates."""
        found: dict[ObjectId, list[str]] = {}
        for path in step.reads():
            if path in makers:
                found.setdefault(makers[path].run, []).append(path)
        for run in self.earlier.get(step.run, ()):
            written = self.by_run[run].outputs
            found.setdefault(run, []).extend(path for path in step.in_place if path in written)
        return {run: tuple(paths) for run, paths in found.items()}

    def history(self, step: Step) -> list[ObjectId]:
        """Return the runs that `step` goes on from, in order, and it last."""
        found: dict[ObjectId, None] = {}
        waiting = [step.run]
        while waiting:
            run = waiting.pop()
            found.pop(run, None)
            found[run] = None
            waiting += self.earlier.get(run, ())
        return [*reversed(found)]

    @cached_property
    def users(self) -> Mapping[ObjectId, Mapping[ObjectId, tuple[str, ...]]]:
        """By run the runs that wait for it, each with what they wait for."""
        makers = self.makers()
        found: dict[ObjectId, dict[ObjectId, tuple[str, ...]]] = {}
        for step in self.by_run.values():
            for run, paths in self.behind(step, makers).items():
                found.setdefault(run, {})[step.run] = paths
        return found

    def made_after(self, step: Step) -> frozenset[str]:
        """Return what `step` made, and what was made of that, directly or by way of other datasets."""
        runs = {step.run}
        waiting = [step.run]
        while waiting:
            fresh = self.users.get(waiting.pop(), {}).keys() - runs
            runs |= fresh
            waiting += fresh
        made = (self.by_run.get(run, step) for run in runs)
        return frozenset(path for one in made for path in (*one.datasets, *one.outputs))


def steps_of(workspace: Workspace, datasets: Datasets) -> Steps:
    """Return the steps behind `datasets`. The caller commits the stat cache.

    Raises:
        Corrupt: A record is damaged.
    """
    by_origin: dict[ObjectId, list[str]] = {}
    for path, one in datasets.items():
        by_origin.setdefault(one.checkpoint.origin, []).append(path)
    book = Book(workspace)
    found = book.read(by_origin)
    by_run: dict[ObjectId, Step] = {}
    edited: dict[str, ObjectId] = {}
    lost: dict[str, ObjectId] = {}
    for oid, paths in by_origin.items():
        origin = found.get(oid)
        if isinstance(origin, Step):
            given = set(origin.outputs.values())
            makes = tuple(path for path in paths if datasets[path].checkpoint.content in given)
            if makes:
                renamed = _renamed(origin, {path: datasets[path].checkpoint.content for path in makes})
                by_run[oid] = replace(origin, makes=makes, renamed=renamed)
            lost.update((path, oid) for path in paths if path not in makes)
        elif oid not in found:
            lost.update(dict.fromkeys(paths, oid))
        elif origin is not None:
            edited.update(dict.fromkeys(paths, origin))
    earlier = add_earlier(book, by_run)
    book.close()
    return Steps(by_run, edited, lost, earlier)


def _renamed(step: Step, makes: Mapping[str, ObjectId]) -> dict[str, str]:
    """Return by path that a run wrote the name that the data has now, where it is not there any more."""
    free = [path for path in makes if path not in step.outputs]
    found = {}
    for old, content in step.outputs.items():
        new = next((path for path in free if makes[path] == content), None)
        if old not in makes and new is not None:
            found[old] = new
            free.remove(new)
    return found
