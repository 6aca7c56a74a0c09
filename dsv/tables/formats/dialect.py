"""Dialects and text schemas: how a text file is to be read, pinned as a record.

A text format says nothing about types, so its reading is part of what a table is. A
`TextSchema` pins everything that the reading depends on; `docs/format/text-dialect.md`
specifies what each field means.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

import pyarrow as pa

from dsv.errors import BadConfig, Corrupt, TooNew
from dsv.hashing import Kind, object_id
from dsv.ids import ObjectId
from dsv.model import canonical
from dsv.tables.fact_keys import RULES
from dsv.tables.values import type_names

STRICT_NUMBERS = 2
"""From this version of the rules on an inferred type holds every number and every day as it is spelled."""

CSV = "csv"
JSONL = "jsonl"

NULLS = ("", "NA", "N/A", "NULL", "None", "\\N", "null")
"""Texts that stand for null where they cannot be a value: in columns that are not text."""

TRUES = ("TRUE", "True", "true")
FALSES = ("FALSE", "False", "false")


@dataclass(frozen=True, slots=True)
class Dialect:
    """How the bytes of a text file divide into values.

    Attributes:
        format: `CSV` (delimited text of any delimiter) or `JSONL`.
        delimiter: One ASCII character between fields; empty for JSON lines.
        quote: The character that quotes a field and is doubled inside, or empty: no quoting.
        header: Whether the first record has the names of the columns.
        nulls: Texts that are null in columns of a type other than utf8.
        trues: Texts that are true in a column of type bool.
        falses: Texts that are false there.
        rules: Version of the rules for all that is not said here.
    """

    format: str
    delimiter: str = ""
    quote: str = ""
    header: bool = False
    nulls: tuple[str, ...] = ()
    trues: tuple[str, ...] = ()
    falses: tuple[str, ...] = ()
    rules: int = RULES

    @property
    def strict(self) -> bool:
        """Whether columns with `exact` tell all numbers, and days from moments, apart."""
        return self.rules >= STRICT_NUMBERS


def delimited(delimiter: str = ",", *, quote: str = '"', header: bool = True, rules: int = RULES) -> Dialect:
    """Return dsv's dialect of CSV, or of TSV when `delimiter` is a tab."""
    return Dialect(CSV, delimiter, quote, header, NULLS, TRUES, FALSES, rules)


def lines(*, rules: int = RULES) -> Dialect:
    """Return dsv's dialect of JSON lines."""
    return Dialect(JSONL, rules=rules)


class DeclaredColumn(NamedTuple):
    """One column of a text file.

    Attributes:
        name: Unique in the table.
        type: What its values are.
        exact: Whether only spellings are read that the type can tell from one another in
            meaning (`7`, never `007`): so for inferred types. A declared type takes them.
    """

    name: str
    type: pa.DataType
    exact: bool = True


@dataclass(frozen=True, slots=True)
class TextSchema:
    """The pinned Arrow schema and dialect under which a text file is read."""

    columns: tuple[DeclaredColumn, ...]
    dialect: Dialect

    @property
    def arrow(self) -> pa.Schema:
        """The Arrow schema of the table."""
        return pa.schema([pa.field(column.name, column.type) for column in self.columns])

    @property
    def id(self) -> ObjectId:
        """The schema id."""
        return object_id(Kind.SCHEMA, self.encode())

    def encode(self) -> bytes:
        """Return the canonical encoding, which the schema id hashes."""
        dialect = self.dialect
        return canonical.encode(
            {
                "v": 1,
                "columns": [
                    [column.name, type_names.describe(column.type), column.exact] for column in self.columns
                ],
                "delimiter": dialect.delimiter,
                "falses": list(dialect.falses),
                "format": dialect.format,
                "header": dialect.header,
                "nulls": list(dialect.nulls),
                "quote": dialect.quote,
                "rules": dialect.rules,
                "trues": list(dialect.trues),
            }
        )

    @classmethod
    def decode(cls, data: bytes | memoryview, what: str) -> "TextSchema":
        """Return the text schema that `data` encodes.

        Raises:
            Corrupt: It is not a valid text schema; `what` names it.
            TooNew: It relies on rules that this dsv does not know.
        """
        record = canonical.decode(data, what=what)
        try:
            rules = record["rules"]
            if type(rules) is not int or rules < 1:
                raise ValueError("rules of no version")
            if rules > RULES:
                raise TooNew(f"{what} relies on rules of a newer dsv", hint="install a newer dsv")
            found = cls(
                tuple(_column(*row) for row in record["columns"]),
                Dialect(
                    format=record["format"],
                    delimiter=record["delimiter"],
                    quote=record["quote"],
                    header=record["header"],
                    nulls=_texts(record["nulls"]),
                    trues=_texts(record["trues"]),
                    falses=_texts(record["falses"]),
                    rules=rules,
                ),
            )
            _check(found)
        except (KeyError, TypeError, ValueError) as error:
            raise Corrupt(f"{what} is not a valid text schema: {error}") from error
        return found


def declared(types: Mapping[str, object], where: str) -> dict[str, pa.DataType]:
    """Return the types that a `schema` setting declares, by column name.

    Args:
        types: Column name to type name, as read from the settings.
        where: Names file and key in error messages.

    Raises:
        BadConfig: A type name is not text, or names no type.
    """
    found: dict[str, pa.DataType] = {}
    for name, text in types.items():
        if not isinstance(text, str):
            raise BadConfig(f"{where}: the type of column {name!r} is not a text")
        try:
            found[name] = type_names.parse(text)
        except ValueError as error:
            raise BadConfig(
                f"{where}: column {name!r}: {error}",
                hint='types are written like "int64", "utf8", "timestamp[us, tz=UTC]", "decimal128(10, 2)"',
            ) from error
    return found


def _column(name: Any, kind: Any, exact: Any) -> DeclaredColumn:
    if type(name) is not str or type(kind) is not str or type(exact) is not bool:
        raise ValueError("a column is malformed")
    return DeclaredColumn(name, type_names.parse(kind), exact)


def _texts(values: Any) -> tuple[str, ...]:
    if type(values) is not list or any(type(value) is not str for value in values):
        raise ValueError("spellings are not a list of texts")
    return tuple(values)


def _check(schema: TextSchema) -> None:
    dialect = schema.dialect
    if dialect.format not in {CSV, JSONL} or type(dialect.header) is not bool:
        raise ValueError("no such format")
    for character, longest in ((dialect.delimiter, 1), (dialect.quote, 1)):
        if type(character) is not str or len(character.encode()) > longest:
            raise ValueError("a delimiter or quote is not one ASCII character")
    if dialect.format == CSV and not dialect.delimiter:
        raise ValueError("no delimiter")
    names = [column.name for column in schema.columns]
    if len(set(names)) != len(names):
        raise ValueError("two columns of one name")
