"""The one door in: a file's bytes become segments and, if there are several, a recipe."""

import os
from collections.abc import Callable, Iterator
from functools import partial

from dsv.ahead import in_order
from dsv.hashing import Buffer, Kind, file_hasher, file_id, object_id
from dsv.ids import ObjectId
from dsv.model.recipe import PAGE_BITS, PART_LIMIT, FilePart, Recipe
from dsv.segment.compression import MIN_SIZE, Judge
from dsv.segment.cut import cut, is_single
from dsv.store.writer import Writer

ReadAt = Callable[[int, int], Buffer]
"""`read_at(offset, length)` returns exactly so many bytes, or raises EOFError."""

PAGE_LIMIT = 4 * PART_LIMIT
"""Parts of one recipe even where no id allows a cut, as in a file of zeros."""

_INLINE = 2 << 20  # threads cost more than they give below this
_BATCH = 1 << 20
_IN_FLIGHT = 24  # batches, so about as many MiB
_WORKERS = min(4, os.cpu_count() or 1)

_Batch = list[tuple[memoryview, bool]]


def ingest(writer: Writer, read_at: ReadAt, size: int, name: str = "") -> ObjectId:
    """Add the content of a file and return its file id.

    The bytes are read once, in order, except for a Parquet footer; a bounded stretch of them
    is in memory. The caller makes sure that the file did not change meanwhile.

    Args:
        writer: Takes what is new.
        read_at: Reads the file.
        size: Bytes of the file.
        name: Names the file in error messages.

    Raises:
        EOFError: The file has become shorter.
        StorageError: The store cannot be written.
    """
    if size == 0 or is_single(size):
        data = read_at(0, size)
        if len(data) != size:
            raise EOFError(f"{name} has become shorter")
        oid = file_id(data)
        writer.add(Kind.SEGMENT, oid, data, compress=size >= MIN_SIZE)
        return oid
    hasher = file_hasher()
    parts: list[FilePart] = []
    batches = _batches(cut(read_at, size), hasher.update)
    for stored in _store_all(writer, batches, threads=size > _INLINE):
        parts += stored
    oid = ObjectId(hasher.hexdigest())
    if len(parts) > 1:
        add_recipe(writer, oid, parts)
    return oid


def _batches(segments: Iterator[memoryview], update: Callable[[memoryview], object]) -> Iterator[_Batch]:
    judge = Judge()
    batch: _Batch = []
    size = 0
    for segment in segments:
        update(segment)
        batch.append((segment, judge.wants(segment)))
        size += len(segment)
        if size >= _BATCH:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch


def _store_all(writer: Writer, batches: Iterator[_Batch], *, threads: bool) -> Iterator[list[FilePart]]:
    if not threads:
        for batch in batches:
            yield _store(writer, batch)
        return
    store = partial(_store, writer)
    yield from in_order(store, batches, threads=_WORKERS, under_way=_IN_FLIGHT, name="dsv-store")


def _store(writer: Writer, batch: _Batch) -> list[FilePart]:
    parts = []
    for segment, compress in batch:
        oid = file_id(segment)
        writer.add(Kind.SEGMENT, oid, segment, compress=compress)
        parts.append(FilePart(oid, len(segment)))
    return parts


def add_recipe(writer: Writer, oid: ObjectId, parts: list[FilePart]) -> None:
    """Add the recipe of the file `oid`; a long list of parts becomes recipes of recipes.

    Raises:
        StorageError: The store cannot be written.
    """
    if writer.holds(oid, data=True):
        return
    while len(parts) > PART_LIMIT:
        parts = [_add_page(writer, page) for page in pages(parts)]
    writer.add(Kind.RECIPE, oid, Recipe(tuple(parts)).encode())


def _add_page(writer: Writer, parts: list[FilePart]) -> FilePart:
    recipe = Recipe(tuple(parts))
    data = recipe.encode()
    oid = object_id(Kind.RECIPE, data)
    writer.add(Kind.RECIPE, oid, data)
    return FilePart(oid, recipe.size)


def pages(parts: list[FilePart]) -> Iterator[list[FilePart]]:
    """Cut a long list of parts after each whose id starts with 10 zero bits.

    A page has at least two parts, so that each level is at most half as long, however a
    file was made; not so the last, which takes what is left.
    """
    page: list[FilePart] = []
    for part in parts:
        page.append(part)
        ends = int(part.id[:4], 16) >> (16 - PAGE_BITS) == 0
        if (ends and len(page) > 1) or len(page) >= PAGE_LIMIT:
            yield page
            page = []
    if page:
        yield page
