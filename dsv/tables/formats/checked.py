"""What Arrow read from a file is checked as a whole before anything uses it."""

import pyarrow as pa
from pyarrow import types as t

from dsv.errors import NoTable
from dsv.tables.formats.bounds import Budget, check_columns
from dsv.tables.values.views import check_views


def check_schema(schema: pa.Schema) -> None:
    """See that there are not too many columns, that names are text, and that Python has all types.

    Raises:
        NoTable: It is not so.
    """
    check_columns(len(schema))
    try:
        for place in range(len(schema)):
            _check_field(schema.field(place))
    except UnicodeDecodeError as error:
        raise NoTable("a column's name is not Unicode") from error


def _check_field(field: pa.Field) -> None:
    kind = field.type
    assert isinstance(field.name, str)
    if t.is_timestamp(kind):
        try:
            assert kind.tz is None or isinstance(kind.tz, str)
        except UnicodeDecodeError as error:
            raise NoTable(f"column {field.name!r}: its time zone is not Unicode") from error
    for place in range(kind.num_fields):
        _check_field(kind.field(place))
    if not kind.num_fields and not isinstance(kind, pa.BaseExtensionType):
        try:
            pa.nulls(0, kind)
        except KeyError as error:
            raise NoTable(f"column {field.name!r}: its type {kind} is not known here") from error


def check(batch: pa.RecordBatch, budget: Budget) -> None:
    """See that offsets, indices and lengths in a batch stay inside of it, and that it stands for no more than it may.

    Arrow's readers check neither: a dictionary of Parquet that Arrow's schema promises comes with any indices.

    Raises:
        pa.ArrowInvalid: They do not.
        NoTable: It stands for too much.
    """
    batch.validate(full=True)
    for column in batch.columns:
        check_views(column)
    budget.take_batch(batch)
