"""Text files in memory, and what is read from them."""

from collections.abc import Iterator, Sequence

import pyarrow as pa

from dsv.tables.formats.dialect import TextSchema
from dsv.tables.formats.infer import infer
from dsv.tables.formats.text import TextReader
from dsv.tables.formats.text_stream import BLOCK


class MemorySource:
    def __init__(self, data: bytes | str, name: str = "t.csv") -> None:
        self.data = data.encode() if isinstance(data, str) else data
        self.name = name
        self.size = len(self.data)

    def read_at(self, offset: int, length: int) -> bytes:
        found = self.data[offset : offset + length]
        if len(found) != length:
            raise EOFError
        return found

    def fingerprint(self, offset: int, length: int) -> str:
        return f"memory {self.data[offset : offset + length].hex()}"


class MemoryTable:
    """A table in memory as a `TableReader`; remembers how many batches were taken."""

    def __init__(self, table: pa.Table, batch: int = 3) -> None:
        self.table = table
        self.schema = table.schema
        self.rows: int | None = table.num_rows
        self.batch = batch
        self.taken = 0

    def batches(self, columns: Sequence[str] | None = None) -> Iterator[pa.RecordBatch]:
        table = self.table if columns is None else self.table.select(list(columns))
        for batch in table.to_batches(self.batch):
            self.taken += 1
            yield batch


def read_under(data: bytes | str, schema: TextSchema, name: str = "t.csv", block: int = BLOCK) -> pa.Table:
    reader = TextReader(MemorySource(data, name), schema, block=block)
    return pa.Table.from_batches(reader.batches(), schema=reader.schema)


def read(data: bytes | str, name: str = "t.csv", block: int = BLOCK) -> pa.Table:
    return read_under(data, infer(MemorySource(data, name), block=block), name, block)
