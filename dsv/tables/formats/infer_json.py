"""Inference for JSON lines: the types that all values of each member have in common."""

from collections.abc import Callable, Mapping, Sequence

import pyarrow as pa
from pyarrow import types as t

from dsv.errors import NoTable
from dsv.tables.formats import text_json, text_numbers
from dsv.tables.formats.byte_source import ByteSource
from dsv.tables.formats.dialect import DeclaredColumn, Dialect, TextSchema, lines
from dsv.tables.formats.text_numbers import DECIMALS, WIDEST, Path
from dsv.tables.formats.text_values import Misfit
from dsv.tables.values import kernels as pc

_Types = dict[str, pa.DataType]
_Wide = dict[Path, Sequence[pa.DataType]]
"""Where numbers are that no double holds, each with the types that it may get."""


def infer(
    source: ByteSource,
    declared: Mapping[str, pa.DataType],
    start: TextSchema | None,
    *,
    prefix: bool,
    block: int,
    rules: int,
) -> TextSchema:
    """Return the text schema of JSON lines.

    Args:
        source: The file.
        declared: Types that the user gave to members, by name.
        start: The schema of an earlier version, to be widened.
        prefix: Look at the first block only.
        block: Bytes to parse at a time.
        rules: Version of the rules.

    Raises:
        NoTable: The file is no table, or a declared type does not fit it.
    """
    found = _Found(declared, lines(rules=rules))
    found.begin(start)
    for lines_of in text_json.blocks(source, block):
        found.see(lines_of)
        if prefix:
            break
    types = found.types()
    wide = found.wide(types)
    if wide:
        types = _with_decimals(source, types, wide, prefix=prefix, block=block)
    columns = tuple(DeclaredColumn(name, kind, name not in declared) for name, kind in types.items())
    return TextSchema(columns, found.dialect)


class _Found:
    """What the objects so far have in common."""

    def __init__(self, declared: Mapping[str, pa.DataType], dialect: Dialect) -> None:
        self.dialect = dialect
        self._declared = declared
        self._known = {name: text_json.stored(kind) for name, kind in declared.items()}
        self._types: _Types = {}
        self._large: set[Path] = set()
        self._wide: _Wide = {}
        self._rows = 0

    def begin(self, start: TextSchema | None) -> None:
        """Start from the types that the members had in an earlier version."""
        for column in start.columns if start else ():
            if column.exact and column.name not in self._declared:
                for path, leaf in text_json.leaves(pa.nulls(0, column.type), (column.name,)):
                    if t.is_decimal(leaf.type):
                        self._wide[path] = (leaf.type, WIDEST)
                self._types[column.name] = _changed(
                    column.type, (column.name,), lambda _, kind: pa.float64() if t.is_decimal(kind) else kind
                )

    def see(self, block: bytes) -> None:
        """Widen the types until the objects in `block` fit.

        Raises:
            NoTable: There are no such types.
        """
        try:
            table = text_json.parse(block, self._known, more=True, row=self._rows)
            self._adopt_declared(table)
        except (text_json.Unparsed, Misfit) as error:
            raise NoTable(str(error)) from error
        self._rows += table.num_rows
        inferred: dict[str, pa.Array] = {}
        for place, name in enumerate(table.column_names):
            if name in self._declared:
                self._types.setdefault(name, self._declared[name])
                continue
            values = inferred[name] = _whole(table.column(place))
            self._types[name] = _join(
                self._types.get(name, pa.null()), _untimed(values.type), f"member {name}"
            )
        self._look_at_numbers(block, inferred)

    def _look_at_numbers(self, block: bytes, columns: Mapping[str, pa.Array]) -> None:
        """Note where the numbers of a block may need decimals.

        Args:
            block: The lines.
            columns: The values of members, as parsed, one array each.
        """
        for name, values in columns.items():
            if not self.dialect.strict:
                text_json.check_doubles(block, values, name)
            self._large |= {
                path
                for path, leaf in text_json.leaves(values, (name,))
                if t.is_int64(leaf.type) and text_json.beyond_exact(leaf)
            }
        if self.dialect.strict:
            for path in text_json.not_held(block, columns, but=self._wide):
                self._wide[path] = DECIMALS

    def _adopt_declared(self, table: pa.Table) -> None:
        """See that members have values of their declared types; raises Misfit."""
        for name, kind in self._declared.items():
            if name in table.column_names:
                text_json.adopt(_whole(table.column(name)), DeclaredColumn(name, kind, False), self.dialect)

    def types(self) -> _Types:
        """Return the types of the members, doubles where numbers have no other type in common.

        Raises:
            NoTable: There was no object.
        """
        if not self._types and not self._rows:
            raise NoTable("it is empty")
        return self._types | {k: v for k, v in self._declared.items() if k not in self._types}

    def wide(self, types: _Types) -> _Wide:
        """Return where doubles in `types` do not hold all numbers.

        Raises:
            NoTable: There are some, and the rules have no other type for them.
        """
        doubles = {
            path
            for name, kind in types.items()
            if name not in self._declared
            for path, leaf in text_json.leaves(pa.nulls(0, kind), (name,))
            if t.is_float64(leaf.type)
        }
        lost = doubles & self._large
        if lost and not self.dialect.strict:
            raise NoTable(
                f"member {min(lost, key=str)[0]!r} mixes fractions with integers that no double holds",
                hint="declare its type in dsv.toml",
            )
        return {path: self._wide.get(path, DECIMALS) for path in doubles & (self._wide.keys() | lost)}


def _with_decimals(source: ByteSource, types: _Types, wide: _Wide, *, prefix: bool, block: int) -> _Types:
    """Return `types` with decimals where they are `wide`: in each place the first that all numbers fit."""
    widest = _retyped(types, dict.fromkeys(wide, WIDEST))
    left = dict(wide)
    for lines_of in text_json.blocks(source, block):
        try:
            table = text_json.parse(
                lines_of, {name: text_json.stored(kind) for name, kind in widest.items()}, more=False, row=0
            )
        except text_json.Unparsed as error:
            raise _no_type(f"it has numbers that neither doubles nor decimals hold: {error}") from error
        for path in text_numbers.misfits(lines_of, widest):
            raise _no_type(f"member {path[0]!r} has a number with more digits than its type")
        for name in {str(path[0]) for path in left}:
            for path, leaf in text_json.leaves(_whole(table.column(name)), (name,)):
                if path in left:
                    left[path] = [kind for kind in left[path] if _casts(leaf, kind)]
                    if not left[path]:
                        raise _no_type(f"member {name!r} has numbers that no one type holds")
        if prefix:
            break
    return _retyped(types, {path: kinds[0] for path, kinds in left.items()})


def _no_type(reason: str) -> NoTable:
    return NoTable(
        reason, hint='declare its type in dsv.toml: schema = { NAME = "float64" } takes the nearest'
    )


def _casts(values: pa.Array, kind: pa.DataType) -> bool:
    """Whether all values, of the widest decimal, are numbers of type `kind` too."""
    try:
        pc.cast(values, kind)
    except pa.ArrowInvalid:
        return False
    return True


def _retyped(types: _Types, places: Mapping[Path, pa.DataType]) -> _Types:
    return {name: _changed(kind, (name,), places.get) for name, kind in types.items()}


def _changed(
    kind: pa.DataType, path: Path, change: Callable[[Path, pa.DataType], pa.DataType]
) -> pa.DataType:
    """Return a type with `change` applied to each leaf."""
    if t.is_list(kind):
        return pa.list_(_changed(kind.value_type, (*path, None), change))
    if t.is_struct(kind):
        return pa.struct([(field.name, _changed(field.type, (*path, field.name), change)) for field in kind])
    return change(path, kind)


def _whole(column: pa.ChunkedArray) -> pa.Array:
    """Return a column in one array; an empty one has no chunk."""
    return (
        column.chunk(0)
        if column.num_chunks == 1
        else pa.concat_arrays(column.chunks or [pa.nulls(0, column.type)])
    )


def _untimed(kind: pa.DataType) -> pa.DataType:
    """Return `kind` with text where Arrow saw times: what looks like one is text in JSON."""
    return _changed(kind, (), lambda _, leaf: pa.string() if t.is_timestamp(leaf) else leaf)


def _join(left: pa.DataType, right: pa.DataType, where: str) -> pa.DataType:
    """Return the narrowest type that holds the values of both.

    Raises:
        NoTable: There is none; `where` names the member.
    """
    if left == right or t.is_null(right):
        return left
    if t.is_null(left):
        return right
    if {left, right} == {pa.int64(), pa.float64()}:
        return pa.float64()
    if t.is_list(left) and t.is_list(right):
        return pa.list_(_join(left.value_type, right.value_type, where + "/[]"))
    if t.is_struct(left) and t.is_struct(right):
        fields = {field.name: field.type for field in left}
        for field in right:
            known = fields.get(field.name, pa.null())
            fields[field.name] = _join(known, field.type, f"{where}/{field.name}")
        return pa.struct(list(fields.items()))
    raise NoTable(f"{where} holds both {_word(left)} and {_word(right)}")


def _word(kind: pa.DataType) -> str:
    words: Sequence[tuple[bool, str]] = (
        (t.is_string(kind), "texts"),
        (t.is_boolean(kind), "true and false"),
        (t.is_list(kind), "arrays"),
        (t.is_struct(kind), "objects"),
    )
    return next((word for fits, word in words if fits), "numbers")
