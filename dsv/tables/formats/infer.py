"""Inference: the text schema under which a file is read when nothing says otherwise.

For delimited text a column's type is the first of `CANDIDATES` that every value of it is
spelled in, or else of `DECIMALS`, or else text. The rule speaks of values only, so neither blocks nor threads can change the
result, and this follows: a schema inferred from the start of a file is the one inferred
from all of it whenever the whole file fits it. Readers use that: infer from a prefix, read,
and only when a value does not fit infer from the whole.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import pyarrow as pa
from pyarrow import types as t

from dsv.errors import NoTable
from dsv.tables.fact_keys import RULES
from dsv.tables.format_names import text_format
from dsv.tables.formats import text_csv
from dsv.tables.formats.byte_source import ByteSource
from dsv.tables.formats.dialect import DeclaredColumn, Dialect, TextSchema, delimited
from dsv.tables.formats.text_numbers import DECIMALS, WIDEST
from dsv.tables.formats.text_stream import BLOCK
from dsv.tables.formats.text_values import EXACT_INTEGERS, Misfit, of_text
from dsv.tables.values import kernels as pc
from dsv.tables.values import type_names

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
    rules: int = RULES,
) -> TextSchema:
    """Return the text schema of a file.

    Args:
        source: The file; its name says the format.
        declared: Types that the user gave to columns, by name.
        start: The schema of an earlier version, to be widened: no column gets narrower.
        prefix: Look at the first block only (see above); of TSV at all.
        block: Bytes to parse at a time.
        rules: Version of the rules; an older one for what was pinned under it.

    Raises:
        NoTable: The file is no table, or a declared type does not fit it.
    """
    kind = text_format(source.name)
    if kind is None:
        raise NoTable("not called like a text table (.csv, .tsv, .jsonl)")
    known = dict(declared or {})
    if kind == "jsonl":
        from dsv.tables.formats import infer_json

        return infer_json.infer(source, known, start, prefix=prefix, block=block, rules=rules)
    if kind == "csv":
        return _infer_csv(source, text_csv.detect(source, rules), known, start, prefix, block)
    try:
        return _infer_csv(source, delimited("\t", rules=rules), known, start, False, block)
    except NoTable:
        # Much TSV is written without quoting, and then a quote is a letter. Only the whole
        # file tells.
        return _infer_csv(source, delimited("\t", quote="", rules=rules), known, start, False, block)


@dataclass(slots=True)
class _Guess:
    """The narrowest type that all values of a column so far are spelled in."""

    column: DeclaredColumn
    strict: bool
    fixed: bool = False
    values: bool = False
    low: pa.Scalar | None = None
    high: pa.Scalar | None = None

    def see(self, text: pa.StringArray, dialect: Dialect) -> None:
        """Widen until `text` fits.

        Args:
            text: Fields of some rows, null for an empty one.
            dialect: How they are spelled.

        Raises:
            NoTable: The type is declared, and a value does not fit it.
        """
        first = None if self.fixed else _first(text)
        while True:
            while first is not None and _cannot_be(first, self.column.type, dialect):
                self.column = self.column._replace(type=self._next(), exact=True)
            try:
                found = of_text(text, self.column, dialect)
            except Misfit as error:
                if self.fixed:
                    raise NoTable(
                        f"column {self.column.name!r} is declared as "
                        f"{type_names.describe(self.column.type)}, which a value does not fit: {error}"
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
        if (now, kind) not in _WIDER or (self.strict and t.is_date32(now)):
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
        """Keep least and greatest of the values of a block, of types that wider ones may have to hold."""
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


def _first(text: pa.StringArray) -> str | None:
    """Return the first value, if the first entry is one."""
    found: str | None = text[0].as_py() if len(text) else None
    return found


def _cannot_be(spelled: str, kind: pa.DataType, dialect: Dialect) -> bool:
    """Whether a value is plainly none of type `kind`: that spares asking Arrow for each type, which is slow for wide tables."""
    if spelled in dialect.nulls:
        return False
    if t.is_null(kind):
        return True
    if t.is_boolean(kind):
        return spelled not in dialect.trues and spelled not in dialect.falses
    return t.is_integer(kind) and "." in spelled


def _pick(left: pa.Scalar, right: pa.Scalar, better: object) -> pa.Scalar:
    """Return the scalar that is `better`: a kernel of two scalars says whether the left one is."""
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
    guesses = [_begin(name, declared, before, dialect.strict) for name in names]
    for batch in _some(text_csv.texts(source, dialect, block=block), prefix):
        for place, guess in enumerate(guesses):
            if guess.fixed or not t.is_string(guess.column.type):
                guess.see(batch.column(place), dialect)
    columns = [guess.column for guess in guesses]
    if dialect.strict:
        _see_decimals(source, dialect, columns, _undecided(guesses, before), prefix, block)
    return TextSchema(tuple(columns), dialect)


def _undecided(
    guesses: Sequence[_Guess], before: Mapping[str, DeclaredColumn]
) -> dict[int, list[pa.DataType]]:
    """Return where columns of text may be decimals, each with the types to try in order."""
    found: dict[int, list[pa.DataType]] = {}
    for place, guess in enumerate(guesses):
        known = before.get(guess.column.name)
        kept = known.type if known is not None and known.exact else None
        stays = guess.fixed or (known is not None and t.is_string(known.type))
        if stays or not t.is_string(guess.column.type):
            continue
        found[place] = list(DECIMALS) if kept is None or not t.is_decimal(kept) else [kept, WIDEST]
    return found


def _see_decimals(
    source: ByteSource,
    dialect: Dialect,
    columns: list[DeclaredColumn],
    left: dict[int, list[pa.DataType]],
    prefix: bool,
    block: int,
) -> None:
    """Give those columns the first decimal type that all their values fit; others stay text.

    A pass of its own: doubles that came before do not tell how many digits they were spelled with.
    """
    if not left:
        return
    places = sorted(left)
    for batch in _some(text_csv.texts(source, dialect, places, block=block), prefix):
        for place in list(left):
            text = batch.column(places.index(place))
            left[place] = [kind for kind in left[place] if _fits(text, columns[place], kind, dialect)]
            if not left[place]:
                del left[place]
        if not left:
            return
    for place, kinds in left.items():
        columns[place] = columns[place]._replace(type=kinds[0])


def _fits(text: pa.StringArray, column: DeclaredColumn, kind: pa.DataType, dialect: Dialect) -> bool:
    """Whether all values of a column are spelled in a type, as far as they are in `text`."""
    try:
        of_text(text, column._replace(type=kind), dialect)
    except Misfit:
        return False
    return True


def _begin(
    name: str, declared: Mapping[str, pa.DataType], before: Mapping[str, DeclaredColumn], strict: bool
) -> _Guess:
    if name in declared:
        if declared[name].num_fields:
            raise NoTable(f"column {name!r} is declared with a nested type, which only JSON lines can hold")
        return _Guess(DeclaredColumn(name, declared[name], False), strict, fixed=True)
    known = before.get(name)
    if known is not None and known.exact and t.is_decimal(known.type):
        return _Guess(DeclaredColumn(name, pa.string()), strict)
    if known is None or (known.type not in CANDIDATES and not known.exact):
        # What was declared and is no more starts afresh.
        return _Guess(DeclaredColumn(name, pa.null()), strict)
    return _Guess(known._replace(exact=True), strict, values=not t.is_null(known.type))


def _some(items: Iterator[pa.RecordBatch], prefix: bool) -> Iterator[pa.RecordBatch]:
    """Yield batches: of a prefix only the first."""
    for item in items:
        yield item
        if prefix:
            return
