"""Type descriptors: what an Arrow type means, as canonical text.

Types that hold the same values in other layouts (`string`, `large_string`, `string_view`;
32 and 64-bit lists; dictionary and run-end encodings) have one descriptor. The text is
what people are shown, and what a column id hashes; `docs/format/table-digest.md` has its
grammar.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum

import pyarrow as pa
from pyarrow import types as t

from dsv.errors import NoTable

MAX_DEPTH = 64
"""Levels of nesting that are read; deeper types are refused."""


class Shape(Enum):
    """How the values of a node are laid out; says which streams it has."""

    NULL = "null"
    BITS = "bits"
    FIXED = "fixed"
    FLOAT = "float"
    DECIMAL = "decimal"
    BYTES = "bytes"
    LIST = "list"
    MAP = "map"
    FIXED_LIST = "fixed list"
    STRUCT = "struct"


@dataclass(frozen=True, slots=True)
class Node:
    """One node of the tree of a column's type.

    Attributes:
        text: The descriptor of the type from here down.
        shape: How its values are laid out.
        width: Bytes of a value (fixed, float, decimal), values in a fixed-size list, else 0.
        children: The nodes below: fields of a struct, key and value of a map, item of a list.
    """

    text: str
    shape: Shape
    width: int = 0
    children: tuple["Node", ...] = ()

    def walk(self) -> Iterator["Node"]:
        """Yield this node and all below it, depth first."""
        yield self
        for child in self.children:
            yield from child.walk()


_SIMPLE = {
    pa.null(): Node("null", Shape.NULL),
    pa.bool_(): Node("bool", Shape.BITS),
    pa.float16(): Node("float16", Shape.FLOAT, 2),
    pa.float32(): Node("float32", Shape.FLOAT, 4),
    pa.float64(): Node("float64", Shape.FLOAT, 8),
    pa.date32(): Node("date32", Shape.FIXED, 4),
    pa.date64(): Node("date64", Shape.FIXED, 8),
    pa.month_day_nano_interval(): Node("interval[month_day_nano]", Shape.FIXED, 16),
    pa.string(): Node("utf8", Shape.BYTES),
    pa.large_string(): Node("utf8", Shape.BYTES),
    pa.string_view(): Node("utf8", Shape.BYTES),
    pa.binary(): Node("binary", Shape.BYTES),
    pa.large_binary(): Node("binary", Shape.BYTES),
    pa.binary_view(): Node("binary", Shape.BYTES),
} | {
    kind: Node(str(kind), Shape.FIXED, kind.bit_width // 8)
    for kind in (
        *(pa.int8(), pa.int16(), pa.int32(), pa.int64()),
        *(pa.uint8(), pa.uint16(), pa.uint32(), pa.uint64()),
    )
}

_EXTENSIONS = frozenset(
    {
        "arrow.bool8",
        "arrow.fixed_shape_tensor",
        "arrow.json",
        "arrow.uuid",
        "arrow.variable_shape_tensor",
        "pandas.interval",
        "pandas.period",
        *(f"datasets.features.features.Array{rank}DExtensionType" for rank in (2, 3, 4, 5)),
    }
)
"""Extension types whose name and parameters say all that their values mean. Append-only."""

_NAME = b"ARROW:extension:name"
_PARAMETERS = b"ARROW:extension:metadata"
_TENSOR_KEYS = ("dim_names", "permutation", "shape", "uniform_shape")


def describe(schema: pa.Schema) -> tuple[tuple[str, Node], ...]:
    """Return name and type tree of each column.

    Raises:
        NoTable: A column has a type that has no table id, or a name that is not Unicode.
    """
    return tuple((_name(schema.field(i)), node_of(schema.field(i))) for i in range(len(schema)))


def node_of(field: pa.Field) -> Node:
    """Return the type tree of one column.

    Raises:
        NoTable: Its type has no place in a table id; the message names column and type.
    """
    try:
        return _node(field, 0)
    except NoTable as error:
        raise NoTable(f"column {field.name!r}: {error}") from None


def _name(field: pa.Field) -> str:
    try:
        name: str = field.name
        name.encode()
    except UnicodeError:
        raise NoTable("a column's name is not Unicode") from None
    return name


def _node(field: pa.Field, depth: int) -> Node:
    if depth > MAX_DEPTH:
        raise NoTable(f"a type nested deeper than {MAX_DEPTH} levels")
    kind = field.type
    if isinstance(kind, pa.BaseExtensionType):
        storage = _storage(field.with_type(kind.storage_type), depth)
        return _extension(kind.extension_name, _parameters(kind), storage)
    metadata = field.metadata or {}
    if _NAME in metadata:
        # This process does not know the type; what it is must not depend on that.
        name = _text(metadata[_NAME])
        return _extension(name, _text(metadata.get(_PARAMETERS, b"")), _storage(field, depth))
    return _plain(kind, depth)


def _storage(field: pa.Field, depth: int) -> Node:
    return _plain(field.type, depth + 1)


def _plain(kind: pa.DataType, depth: int) -> Node:
    simple = _SIMPLE.get(kind)
    if simple is not None:
        return simple
    if t.is_dictionary(kind) or t.is_run_end_encoded(kind):
        return _node(pa.field("", kind.value_type), depth + 1)
    if kind.num_fields:
        return _nested(kind, depth + 1)
    if t.is_timestamp(kind):
        zone = _zone(kind)
        return Node(f"timestamp[{kind.unit}{zone}]", Shape.FIXED, 8)
    if t.is_time(kind):
        return Node(f"time[{kind.unit}]", Shape.FIXED, kind.bit_width // 8)
    if t.is_duration(kind):
        return Node(f"duration[{kind.unit}]", Shape.FIXED, 8)
    if t.is_decimal(kind):
        width = 16 if kind.precision <= 38 else 32
        return Node(f"decimal({kind.precision}, {kind.scale})", Shape.DECIMAL, width)
    if t.is_fixed_size_binary(kind):
        return Node(f"fixed_binary({kind.byte_width})", Shape.FIXED, kind.byte_width)
    if t.is_struct(kind):
        return Node("struct<>", Shape.STRUCT)
    raise NoTable(f"type {kind} has no table id")


def _zone(kind: pa.TimestampType) -> str:
    try:
        return "" if kind.tz is None else f", {quote(kind.tz)}"
    except UnicodeError:
        raise NoTable("the name of a time zone is not Unicode") from None


def _nested(kind: pa.DataType, depth: int) -> Node:
    if t.is_struct(kind):
        fields = [kind.field(i) for i in range(kind.num_fields)]
        children = tuple(_node(field, depth) for field in fields)
        inner = ", ".join(
            f"{quote(_name(field))}: {child.text}" for field, child in zip(fields, children, strict=True)
        )
        return Node(f"struct<{inner}>", Shape.STRUCT, children=children)
    if t.is_map(kind):
        key, value = _node(kind.key_field, depth), _node(kind.item_field, depth)
        return Node(f"map<{key.text}, {value.text}>", Shape.MAP, children=(key, value))
    if t.is_fixed_size_list(kind):
        child = _node(kind.value_field, depth)
        size = kind.list_size
        return Node(f"fixed_list<{child.text}, {size}>", Shape.FIXED_LIST, size, (child,))
    if t.is_list(kind) or t.is_large_list(kind) or t.is_list_view(kind) or t.is_large_list_view(kind):
        child = _node(kind.value_field, depth)
        return Node(f"list<{child.text}>", Shape.LIST, children=(child,))
    raise NoTable(f"type {kind} has no table id")


def _extension(name: str, parameters: str, storage: Node) -> Node:
    if name not in _EXTENSIONS:
        raise NoTable(f"extension type {name!r} is unknown")
    text = f"extension<{quote(name)}, {quote(_canonical(parameters))}, {storage.text}>"
    return Node(text, storage.shape, storage.width, storage.children)


def _parameters(kind: pa.BaseExtensionType) -> str:
    serialize = getattr(kind, "__arrow_ext_serialize__", None)
    if serialize is not None:
        return _text(serialize())
    # Types built into Arrow do not show their parameters as text: these are all they have.
    found = {key: getattr(kind, key, None) for key in _TENSOR_KEYS}
    return json.dumps({key: list(value) for key, value in found.items() if value is not None})


def _canonical(parameters: str) -> str:
    """Return parameters without what writers are free in: JSON spacing, order, empty members."""
    try:
        parsed = json.loads(parameters)
    except (ValueError, RecursionError):
        return parameters
    if not isinstance(parsed, dict):
        return parameters
    kept = {key: value for key, value in parsed.items() if value is not None}
    try:
        return json.dumps(kept, sort_keys=True, separators=(",", ":"), ensure_ascii=False) if kept else ""
    except RecursionError:
        return parameters


def _text(data: bytes) -> str:
    try:
        return data.decode()
    except UnicodeError:
        raise NoTable("an extension type's parameters are not text") from None


_ESCAPED = re.compile(r'["\\\x00-\x1f]')


def quote(text: str) -> str:
    """Return `text` in quotes; only quotes, backslashes and control characters are escaped."""
    return '"' + _ESCAPED.sub(lambda found: f"\\u{ord(found[0]):04x}", text) + '"'
