"""What a table says beside its columns and values: the metadata that carries meaning, as comparable facts.

A table id leaves all metadata out. Some of it says what values mean (the names of classes, a coordinate
system, a unit), and some only who wrote the file. `docs/format/metadata.md` says which is which.
"""

from collections.abc import Collection, Iterator, Sequence
from itertools import chain
from typing import NamedTuple

import pyarrow as pa
from pyarrow import types as t

from dsv.hashing import derived_hasher
from dsv.ids import ObjectId
from dsv.tables.values import metadata_items
from dsv.tables.values.metadata_items import Item

CONTEXT = "dsv 2026-11 table metadata v1"

Metadata = tuple[Item, ...]
"""All that is said, in the order in which it is found; no place stands in it twice."""


class SaidOtherwise(NamedTuple):
    """One thing that is not said alike on two sides.

    Attributes:
        place: What it is said of: `huggingface.features.label.names[0]`.
        before: What was said, None if nothing.
        after: What is said now.
    """

    place: str
    before: str | None
    after: str | None


def of_schema(schema: pa.Schema) -> Metadata:
    """Return what a schema says beside names and types."""
    fields = [schema.field(i) for i in range(len(schema))]
    said = chain.from_iterable(_of_field(field, field.name, field.name) for field in fields)
    whole = sorted((schema.metadata or {}).items())
    return apart(
        [
            *said,
            *chain.from_iterable(metadata_items.of_schema_entry(_text(key), value) for key, value in whole),
        ]
    )


def of_shards(shards: Sequence[Metadata]) -> Metadata:
    """Return what the files of one table say: once if all say the same, else each that is another by its number."""
    each = list(dict.fromkeys(shards))
    first = each[0] if each else ()
    others = (below(f"shard {number}", said) for number, said in enumerate(each[1:], 2))
    return (*first, *chain.from_iterable(others))


def below(place: str, said: Metadata) -> Metadata:
    """Return what is said in a part of something, with the part's name in each place."""
    return tuple(one._replace(place=f"{place}: {one.place}") for one in said) if place else said


def apart(items: Sequence[Item]) -> Metadata:
    """Return items with no place twice: columns can have one name."""
    seen: dict[str, int] = {}
    found = []
    for one in items:
        seen[one.place] = count = seen.get(one.place, 0) + 1
        found.append(one if count == 1 else one._replace(place=f"{one.place} ({count})"))
    return tuple(found)


def first_difference(
    before: Metadata, after: Metadata, ignored: Collection[str] = frozenset()
) -> SaidOtherwise | None:
    """Return the first thing that is known to carry meaning and is not said alike, None if there is none.

    Args:
        before: What was said.
        after: What is said now.
        ignored: Columns of which nothing counts.
    """
    return next(_differences(before, after, ignored, known=True), None)


def unknown_differences(before: Metadata, after: Metadata) -> tuple[SaidOtherwise, ...]:
    """Return what is not said alike and is not known to carry meaning."""
    return tuple(_differences(before, after, frozenset(), known=False))


def metadata_id(said: Metadata) -> ObjectId:
    """Return the id of all that is said and known to carry meaning, in whatever order."""
    pairs = sorted((_bytes(one.place), _bytes(one.value)) for one in said if one.known)
    hasher = derived_hasher(CONTEXT)
    hasher.update(len(pairs).to_bytes(8, "little"))
    for pair in pairs:
        for text in pair:
            hasher.update(len(text).to_bytes(8, "little") + text)
    return ObjectId(hasher.hexdigest())


def _differences(
    before: Metadata, after: Metadata, ignored: Collection[str], *, known: bool
) -> Iterator[SaidOtherwise]:
    old, new = (
        {one.place: one.value for one in side if one.known is known and one.column not in ignored}
        for side in (before, after)
    )
    for place in {**old, **new}:
        if old.get(place) != new.get(place):
            yield SaidOtherwise(place, old.get(place), new.get(place))


def _bytes(text: str) -> bytes:
    return text.encode(errors="surrogatepass")  # JSON can name half a character


def _of_field(field: pa.Field, place: str, column: str) -> Iterator[Item]:
    for key, value in sorted((field.metadata or {}).items()):
        for one in metadata_items.of_entry(_text(key), value):
            yield one._replace(place=f"{place}.{one.place}", column=column)
    kind = field.type
    if isinstance(kind, pa.BaseExtensionType):
        kind = kind.storage_type
    if t.is_dictionary(kind) and kind.ordered:
        yield Item(f"{place}.ordered", "true", column)
    for inner, child in _children(kind):
        yield from _of_field(child, f"{place}{inner}", column)


def _children(kind: pa.DataType) -> Iterator[tuple[str, pa.Field]]:
    if t.is_struct(kind):
        yield from ((f".{field.name}", field) for field in (kind.field(i) for i in range(kind.num_fields)))
    elif t.is_map(kind):
        yield "[key]", kind.key_field
        yield "[value]", kind.item_field
    elif kind.num_fields and hasattr(kind, "value_field"):
        yield "[]", kind.value_field


def _text(key: bytes) -> str:
    return key.decode(errors="backslashreplace")
