"""The history behind an update in place: the runs that led to what a dataset is, one on top of another."""

from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise

from dsv.ids import ObjectId
from dsv.model.run import Input
from dsv.runs.stale.origin_book import Book
from dsv.runs.stale.step import Step


def add_earlier(book: Book, by_run: dict[ObjectId, Step]) -> dict[ObjectId, tuple[ObjectId, ...]]:
    """Add the steps whose results were updated in place since; return by run the steps that it goes on from.

    A step that was repeated later on top of its own result is not one of them: what it did is done
    again there, and only the later one says what it reads.

    Args:
        book: Knows the records.
        by_run: The steps that made what there is; the others are added.
    """
    earlier: dict[ObjectId, dict[ObjectId, None]] = {}
    for step in list(by_run.values()):
        for path in step.in_place:
            name = _present_name(step, path)
            chain = list(_chain(book, step, path))
            kept = [one for place, one in enumerate(chain) if not _is_repeated(one, chain[:place])]
            for later, before in pairwise(kept):
                known = by_run.get(before.run, before)
                if name not in known.datasets:
                    known = replace(known, updated=(*known.updated, name))
                by_run[before.run] = known
                earlier.setdefault(later.run, {})[before.run] = None
    return {run: tuple(found) for run, found in earlier.items()}


def _chain(book: Book, step: Step, path: str) -> Iterator[Step]:
    """Yield `step` and the steps before it that led to the dataset at `path`, the last one first."""
    while True:
        yield step
        read = next((one for one in step.inputs if one.path == path and path in step.outputs), None)
        before = None if read is None else book.read([read.checkpoint.origin]).get(read.checkpoint.origin)
        if read is None or not isinstance(before, Step):
            return
        written = _written(before, read)
        if written is None:
            return
        step, path = before, written


def _written(step: Step, read: Input) -> str | None:
    """Return where `step` wrote what was read; None if it did not."""
    content = read.checkpoint.content
    if step.outputs.get(read.path) == content:
        return read.path
    return next((path for path, found in step.outputs.items() if found == content), None)


def _is_repeated(step: Step, later: list[Step]) -> bool:
    return any(one.task == step.task for one in later)


def _present_name(step: Step, path: str) -> str:
    """Return the name that the dataset has now which `step` wrote at `path`."""
    return path if path in step.makes or len(step.makes) != 1 else step.makes[0]
