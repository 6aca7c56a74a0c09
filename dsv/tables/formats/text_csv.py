"""Delimited text: records and fields, and nothing about types.

The parser is Arrow's, with every option set here, so that what a file holds is decided by
`docs/format/text-dialect.md` and not by the version of a library: all fields come as text,
an unquoted empty field as null, a quoted one as the empty text.
"""

import re
from collections.abc import Iterator, Sequence

import pyarrow as pa
from pyarrow import csv

from dsv.errors import NoTable
from dsv.tables.fact_keys import RULES
from dsv.tables.formats.bounds import check_columns
from dsv.tables.formats.byte_source import ByteSource
from dsv.tables.formats.dialect import Dialect, delimited
from dsv.tables.formats.text_stream import BLOCK, LIMIT, TextStream

DELIMITERS = (",", ";", "\t", "|")
"""Those that are tried on the header of a file called `.csv`, in this order."""

_SENTINEL = "\x1edsv: end of text\x1e"
"""Ends the text on a line of its own. If it does not come out as a record of its own, a
quote before it was never closed: Arrow's parser takes the end of a file for a closing quote."""


def detect(source: ByteSource, rules: int = RULES) -> Dialect:
    """Return the dialect of a file called `.csv`: the delimiter that divides it.

    Of those that divide the header it is the one on which all records agree, and of several
    such the one that makes most fields; where they agree on none, it is the first.

    Raises:
        NoTable: It has no header.
    """
    counts = {
        dialect: len(names(source, dialect))
        for dialect in (delimited(one, rules=rules) for one in DELIMITERS)
    }
    dividing = [dialect for dialect, count in counts.items() if count > 1]
    if not dividing:
        return delimited(rules=rules)
    if len(dividing) == 1 or not dividing[0].strict:
        return dividing[0]
    # Sorting keeps the order among equals.
    by_fields = sorted(dividing, key=lambda dialect: -counts[dialect])
    return next((dialect for dialect in by_fields if _agrees(source, dialect)), dividing[0])


def _agrees(source: ByteSource, dialect: Dialect) -> bool:
    """Whether all records of a file have as many fields as its header."""
    try:
        for _ in texts(source, dialect, [0]):
            pass
    except NoTable:
        return False
    return True


def names(source: ByteSource, dialect: Dialect) -> tuple[str, ...]:
    """Return the names of the columns.

    An empty name is replaced by `column_N`, N being its place from 1, and a repeated one
    gets `_2`, `_3` and so on, skipping what is taken.

    Raises:
        NoTable: There is no header, or it is not UTF-8.
    """
    return _header(TextStream(source), dialect)


def texts(
    source: ByteSource,
    dialect: Dialect,
    columns: Sequence[int] | None = None,
    *,
    block: int = BLOCK,
) -> Iterator[pa.RecordBatch]:
    """Yield the records below the header, all fields as text, columns named by place.

    Args:
        source: The file.
        dialect: What divides it.
        columns: Places of the columns wanted, at least one; None: all.
        block: Bytes to parse at a time.

    Raises:
        NoTable: A record has more or fewer fields than the header, is longer than `LIMIT`,
            is not UTF-8, or a quote is never closed.
    """
    done = 0
    while True:
        try:
            for batch in _parse(source, dialect, columns, block, done):
                done += batch.num_rows
                yield batch
        except _TooLong:
            if block >= LIMIT:
                raise NoTable(f"a record is longer than {LIMIT >> 20} MiB") from None
            block = min(block * 8, LIMIT)
        else:
            return


class _TooLong(Exception):
    """A record does not fit a block."""


def _parse(
    source: ByteSource, dialect: Dialect, columns: Sequence[int] | None, block: int, skip: int
) -> Iterator[pa.RecordBatch]:
    stream = TextStream(source)
    count = len(_header(stream, dialect))
    ending = dialect.delimiter.join([_SENTINEL] * count)
    # A block must be able to hold the ending and a little more.
    block = max(block, len(ending) + 2)
    stream.end_with(ending.encode())
    ragged: list[csv.InvalidRow] = []
    try:
        with csv.open_csv(
            pa.PythonFile(stream, mode="r"),
            read_options=_reading(count, block),
            parse_options=_parsing(dialect, count, ragged),
            convert_options=_converting(range(count) if columns is None else columns),
        ) as reader:
            yield from _strip(_skipping(reader, skip))
    except pa.ArrowInvalid as error:
        raise _reason(error, ragged) from error
    except pa.ArrowKeyError as error:
        raise NoTable(f"it cannot be parsed: {error}") from error


def _reading(count: int, block: int) -> csv.ReadOptions:
    return csv.ReadOptions(
        use_threads=True,
        block_size=block,
        skip_rows=0,
        skip_rows_after_names=0,
        column_names=[str(place) for place in range(count)],
        autogenerate_column_names=False,
        encoding="utf8",
    )


def _parsing(dialect: Dialect, count: int, ragged: list[csv.InvalidRow]) -> csv.ParseOptions:
    def refuse(row: csv.InvalidRow) -> str:
        ragged.append(row)
        return "error"

    return csv.ParseOptions(
        delimiter=dialect.delimiter,
        quote_char=dialect.quote or False,
        double_quote=True,
        escape_char=False,
        newlines_in_values=bool(dialect.quote),
        # In a table of one column an empty line is a null; elsewhere it is nothing.
        ignore_empty_lines=count > 1,
        invalid_row_handler=refuse,
    )


def _converting(columns: Sequence[int]) -> csv.ConvertOptions:
    wanted = [str(place) for place in columns]
    return csv.ConvertOptions(
        check_utf8=True,
        column_types={name: pa.string() for name in wanted},
        null_values=[""],
        true_values=[],
        false_values=[],
        decimal_point=".",
        strings_can_be_null=True,
        quoted_strings_can_be_null=False,
        include_columns=wanted,
        include_missing_columns=False,
        auto_dict_encode=False,
        timestamp_parsers=[],
    )


def _skipping(batches: Iterator[pa.RecordBatch], skip: int) -> Iterator[pa.RecordBatch]:
    """Yield batches without the first `skip` rows that they have together."""
    for batch in batches:
        if skip >= batch.num_rows:
            skip -= batch.num_rows
            continue
        yield batch.slice(skip) if skip else batch
        skip = 0


def _strip(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """Yield `batches` without the sentinel, their last record."""
    held: pa.RecordBatch | None = None
    for batch in batches:
        if held is not None:
            yield held
        held = batch
    if held is None or held.column(0)[held.num_rows - 1].as_py() != _SENTINEL:
        raise NoTable("a quote is never closed")
    yield held.slice(0, held.num_rows - 1)


def _reason(error: Exception, ragged: Sequence[csv.InvalidRow]) -> Exception:
    if ragged:
        row = ragged[0]
        text = row.text if len(row.text) <= 60 else row.text[:59] + "…"
        if _SENTINEL in row.text:
            return NoTable("a quote is never closed")
        return NoTable(
            f"a record has {row.actual_columns} fields, and the header {row.expected_columns}: {text!r}"
        )
    if "straddl" in str(error):
        return _TooLong()
    if "UTF8" in str(error):
        return NoTable("it is not UTF-8")
    return NoTable(f"it cannot be parsed: {error}")


def _header(stream: TextStream, dialect: Dialect) -> tuple[str, ...]:
    """Read the header off `stream`."""
    record, rest = _first_record(stream, dialect)
    stream.give_back(rest)
    try:
        text = record.decode()
    except UnicodeDecodeError:
        raise NoTable("it is not UTF-8") from None
    field = re.compile(_field(dialect) + f"(?:{re.escape(dialect.delimiter)}|$)", re.DOTALL)
    found: list[str] = []
    position = 0
    while position <= len(text):
        matched = field.match(text, position)
        assert matched is not None
        found.append(_unquote(matched[1], dialect.quote))
        if matched.end() == len(text) and not matched[0].endswith(dialect.delimiter):
            break
        position = matched.end()
    check_columns(len(found))
    return _distinct(found)


def _first_record(stream: TextStream, dialect: Dialect) -> tuple[bytes, bytes]:
    head = b""
    step = BLOCK
    pattern = re.compile(
        f"[\r\n]*({_field(dialect)}(?:{re.escape(dialect.delimiter)}{_field(dialect)})*)(?:\r\n|\r|\n)".encode(),
        re.DOTALL,
    )
    while len(head) < LIMIT:
        more = stream.read(step)
        head += more
        if not more and not head.strip(b"\r\n"):
            raise NoTable("it is empty")
        matched = pattern.match(head if more else head + b"\n")
        # A record that ends in CR where the bytes end may have its LF still to come.
        if matched and (not more or matched.end() < len(head)):
            return matched[1], head[matched.end() :]
        if not more:
            break
        step = max(BLOCK, len(head))
    raise NoTable("a quote in the header is never closed")


def _field(dialect: Dialect) -> str:
    delimiter, quote = re.escape(dialect.delimiter), re.escape(dialect.quote)
    if not quote:
        return f"([^{delimiter}\r\n]*)"
    return f"((?:{quote}(?:[^{quote}]|{quote}{quote})*{quote}(?!{quote})|(?!{quote}))[^{delimiter}\r\n]*)"


def _unquote(field: str, quote: str) -> str:
    if not quote or not field.startswith(quote):
        return field
    mark = re.escape(quote)
    quoted = re.match(f"{mark}((?:[^{mark}]|{mark}{mark})*){mark}", field)
    assert quoted is not None
    return quoted[1].replace(quote + quote, quote) + field[quoted.end() :]


def _distinct(found: Sequence[str]) -> tuple[str, ...]:
    filled = [name or f"column_{place}" for place, name in enumerate(found, 1)]
    taken = set(filled)
    seen: set[str] = set()
    numbers: dict[str, int] = {}
    named: list[str] = []
    for name in filled:
        unique, number = name, numbers.get(name, 2)
        while unique in seen or (unique != name and unique in taken):
            unique, number = f"{name}_{number}", number + 1
        numbers[name] = number  # those below are taken
        seen.add(unique)
        named.append(unique)
    return tuple(named)
