"""Inference: the text schema under which a file is read when nothing says otherwise.

For delimited text a column's type is the first of `CANDIDATES` that every value of it is
spelled in. The rule speaks of values only, so neither blocks nor threads can change the
result, and this follows: a schema inferred from the start of a file is the one inferred
from all of it whenever the whole file fits it. Readers use that: infer from a prefix, read,
and only when a value does not fit infer from the whole.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import types as t

from dsv.errors import NoTable
from dsv.tables import text_csv, text_json, text_types
from dsv.tables.dialect import Column, Dialect, TextSchema, delimited, lines
from dsv.tables.names import text_format
from dsv.tables.source import ByteSource
from dsv.tables.text_stream import BLOCK
from dsv.tables.text_values import EXACT_INTEGERS, Misfit, of_text

CANDIDATES = (
    pa.null(),
    pa.bool_(),
    pa.int64(),
    pa.float64(),
    pa.date32(),
    pa.timestamp("us"),
    pa.timestamp("ns"),
    pa.timestamp("us", "UTC"),
    pa.timestamp("ns", "UTC"),
    pa.string(),
)
"""Types that are inferred from text, from the narrowest."""

_WIDER = frozenset(
    {
        (pa.int64(), pa.float64()),
        (pa.date32(), pa.timestamp("us")),
        (pa.date32(), pa.timestamp("ns")),
        (pa.timestamp("us"), pa.timestamp("ns")),
        (pa.timestamp("us", "UTC"), pa.timestamp("ns", "UTC")),
    }
)
"""Pairs of candidates where values of the first may be values of the second."""


def infer(
    source: ByteSource,
    *,
    declared: Mapping[str, pa.DataType] | None = None,
    start: TextSchema | None = None,
    prefix: bool = False,
    block: int = BLOCK,
) -> TextSchema:
    """Return the text schema of a file.

    Args:
        source: The file; its name says the format.
        declared: Types that the user gave to columns, by name.
        start: The schema of an earlier version, to be widened: no column gets narrower.
        prefix: Look at the first block only (see above); of TSV at all.
        block: Bytes to parse at a time.

    Raises:
        NoTable: The file is no table, or a declared type does not fit it.
    """
    kind = text_format(source.name)
    if kind is None:
        raise NoTable("not called like a text table (.csv, .tsv, .jsonl)")
    known = dict(declared or {})
    if kind == "jsonl":
        return _infer_json(source, known, start, prefix, block)
    if kind == "csv":
        return _infer_csv(source, text_csv.detect(source), known, start, prefix, block)
    try:
        return _infer_csv(source, delimited("\t"), known, start, False, block)
    except NoTable:
        # Much TSV is written without quoting, and then a quote is a letter. Only the whole
        # file tells.
        return _infer_csv(source, delimited("\t", quote=""), known, start, False, block)


@dataclass(slots=True)
class _Guess:
    """The narrowest type that all values of a column so far are spelled in."""

    column: Column
    fixed: bool = False
    values: bool = False
    low: pa.Scalar | None = None
    high: pa.Scalar | None = None

    def see(self, text: pa.StringArray, dialect: Dialect) -> None:
        """Widen until `text` fits."""
        while True:
            try:
                found = of_text(text, self.column, dialect)
            except Misfit as error:
                if self.fixed:
                    raise NoTable(
                        f"column {self.column.name!r} is declared as "
                        f"{text_types.describe(self.column.type)}, which a value does not fit: {error}"
                    ) from error
                self.column = self.column._replace(type=self._next(), exact=True)
                continue
            self._note(found)
            return

    def _next(self) -> pa.DataType:
        now = self.column.type
        if now not in CANDIDATES:
            return pa.string()
        after = CANDIDATES[CANDIDATES.index(now) + 1 :]
        return next(kind for kind in after if self._carries(now, kind))

    def _carries(self, now: pa.DataType, kind: pa.DataType) -> bool:
        """Whether all values so far, which are of type `now`, are spelled in `kind` too."""
        if not self.values or t.is_string(kind):
            return True
        if (now, kind) not in _WIDER:
            return False
        if self.low is None or self.high is None:
            return True
        if t.is_floating(kind):
            return bool(max(-self.low.as_py(), self.high.as_py()) <= EXACT_INTEGERS)
        try:
            pc.cast(self.low, kind)
            pc.cast(self.high, kind)
        except pa.ArrowInvalid:
            return False
        return True

    def _note(self, found: pa.Array) -> None:
        if self.fixed or found.null_count == len(found):
            return
        self.values = True
        if any(found.type == pair[0] for pair in _WIDER):
            bounds = pc.min_max(found)
            low, high = bounds["min"], bounds["max"]
            if self.low is not None and self.low.type == low.type:
                low = _pick(self.low, low, pc.less)
                high = _pick(self.high, high, pc.greater)
            elif self.low is not None:
                low = _pick(pc.cast(self.low, low.type), low, pc.less)
                high = _pick(pc.cast(self.high, high.type), high, pc.greater)
            self.low, self.high = low, high


def _pick(left: pa.Scalar, right: pa.Scalar, better: object) -> pa.Scalar:
    return left if better(left, right).as_py() else right  # type: ignore[operator]


def _infer_csv(
    source: ByteSource,
    dialect: Dialect,
    declared: Mapping[str, pa.DataType],
    start: TextSchema | None,
    prefix: bool,
    block: int,
) -> TextSchema:
    names = text_csv.names(source, dialect)
    absent = [name for name in declared if name not in names]
    if absent:
        raise NoTable(f"there is no column {absent[0]!r}, whose type is declared")
    before = {column.name: column for column in start.columns} if start else {}
    guesses = [_begin(name, declared, before) for name in names]
    for batch in _some(text_csv.texts(source, dialect, block=block), prefix):
        for place, guess in enumerate(guesses):
            if guess.fixed or not t.is_string(guess.column.type):
                guess.see(batch.column(place), dialect)
    return TextSchema(tuple(guess.column for guess in guesses), dialect)


def _begin(name: str, declared: Mapping[str, pa.DataType], before: Mapping[str, Column]) -> _Guess:
    if name in declared:
        if declared[name].num_fields:
            raise NoTable(f"column {name!r} is declared with a nested type, which only JSON lines can hold")
        return _Guess(Column(name, declared[name], False), fixed=True)
    known = before.get(name)
    if known is None or (known.type not in CANDIDATES and not known.exact):
        # What was declared and is no more starts afresh.
        return _Guess(Column(name, pa.null()))
    return _Guess(known._replace(exact=True), values=not t.is_null(known.type))


def _some(items: Iterator[pa.RecordBatch], prefix: bool) -> Iterator[pa.RecordBatch]:
    for item in items:
        yield item
        if prefix:
            return


def _infer_json(
    source: ByteSource,
    declared: Mapping[str, pa.DataType],
    start: TextSchema | None,
    prefix: bool,
    block: int,
) -> TextSchema:
    known = {name: text_json.stored(kind) for name, kind in declared.items()}
    types = {
        column.name: column.type
        for column in (start.columns if start else ())
        if column.exact and column.name not in declared
    }
    large: set[str] = set()
    rows = 0
    for lines_of in text_json.blocks(source, block):
        try:
            table = text_json.parse(lines_of, known, more=True, row=rows)
            _adopt_declared(table, declared)
        except (text_json.Unparsed, Misfit) as error:
            raise NoTable(str(error)) from error
        rows += table.num_rows
        for place, name in enumerate(table.column_names):
            if name in declared:
                types.setdefault(name, declared[name])
                continue
            values = _whole(table.column(place))
            text_json.check_doubles(lines_of, values, name)
            large |= {
                path
                for path, leaf in text_json.leaves(values, name)
                if t.is_int64(leaf.type) and text_json.beyond_exact(leaf)
            }
            types[name] = _join(types.get(name, pa.null()), _untimed(values.type), f"member {name}")
        if prefix:
            break
    if not types and not rows:
        raise NoTable("it is empty")
    for name, kind in declared.items():
        types.setdefault(name, kind)
    _check_large(types, large)
    columns = tuple(Column(name, kind, name not in declared) for name, kind in types.items())
    return TextSchema(columns, lines())


def _adopt_declared(table: pa.Table, declared: Mapping[str, pa.DataType]) -> None:
    for name, kind in declared.items():
        if name in table.column_names:
            text_json.adopt(_whole(table.column(name)), Column(name, kind, False), lines())


def _whole(column: pa.ChunkedArray) -> pa.Array:
    return (
        column.chunk(0)
        if column.num_chunks == 1
        else pa.concat_arrays(column.chunks or [pa.nulls(0, column.type)])
    )


def _untimed(kind: pa.DataType) -> pa.DataType:
    """Return `kind` with text where Arrow saw times: what looks like one is text in JSON."""
    if t.is_timestamp(kind):
        return pa.string()
    if t.is_list(kind):
        return pa.list_(_untimed(kind.value_type))
    if t.is_struct(kind):
        return pa.struct([pa.field(field.name, _untimed(field.type)) for field in kind])
    return kind


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


def _check_large(types: Mapping[str, pa.DataType], large: set[str]) -> None:
    for column, kind in types.items():
        for path, leaf in text_json.leaves(pa.nulls(0, kind), column):
            if path in large and t.is_float64(leaf.type):
                raise NoTable(
                    f"member {column!r} mixes fractions with integers that no double holds",
                    hint="declare its type in dsv.toml",
                )
