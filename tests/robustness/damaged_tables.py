"""Parquet and Arrow files that are damaged where it matters: fields of their metadata, and what pages and buffers say."""

import copy
import io
import random
import struct
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import pyarrow.ipc
import pyarrow.parquet as pq

from tests.robustness import thrift_lists

_SCHEMA, _GROUPS = 2, 4
_META, _CODEC, _RAW, _SIZE, _DATA, _INDEX, _DICTIONARY = 3, 4, 6, 7, 9, 10, 11
_RAW_PAGE, _PAGE = 2, 3
_CODECS = {"snappy": 1, "gzip": 2, "brotli": 4, "zstd": 6, "lz4_raw": 7}
_NUMBERS = (0, 1, -1, 2, 3, 7, 8, 15, 16, 31, 32, 33, 63, 64, 65, 127, 128, 255, 256, 1000, 65535, 65536, 2**20,
            2**31 - 1, -(2**31), 2**32, 2**40, 2**62, 2**63 - 1, -(2**63))  # fmt: skip


@dataclass
class Page:
    """A page of a Parquet file: where it was, its header, and its bytes."""

    start: int
    header: list[Any]
    body: bytes


@dataclass
class Parquet:
    """A Parquet file taken apart: pages in order, and the footer."""

    pages: list[Page]
    footer: list[Any]

    @classmethod
    def of(cls, data: bytes) -> "Parquet":
        """Take a sound file apart."""
        size = int.from_bytes(data[-8:-4], "little")
        footer, _ = thrift_lists.read(data, len(data) - 8 - size)
        pages = []
        for meta in metas(footer):
            start = thrift_lists.field(meta, _DICTIONARY) or thrift_lists.field(meta, _DATA)
            stop = start + thrift_lists.field(meta, _SIZE)
            while start < stop:
                header, at = thrift_lists.read(data, start)
                end = at + thrift_lists.field(header, _PAGE)
                pages.append(Page(start, header, data[at:end]))
                start = end
        return cls(pages, footer)

    def joined(self, change: Callable[[list[Any]], None] = lambda _: None) -> bytes:
        """Return the file again, after `change` of the footer whose offsets are right."""
        out = bytearray(b"PAR1")
        places = {}
        for page in self.pages:
            places[page.start] = len(out)
            out += thrift_lists.write(page.header) + page.body
        ends = sorted(places.items())
        for meta in metas(self.footer):
            first = thrift_lists.field(meta, _DICTIONARY) or thrift_lists.field(meta, _DATA)
            last = first + thrift_lists.field(meta, _SIZE)
            stop = next((new for old, new in ends if old >= last), len(out))
            thrift_lists.put(meta, _SIZE, stop - places[first])
            for number in (_DATA, _DICTIONARY):
                if thrift_lists.field(meta, number):
                    thrift_lists.put(meta, number, places[thrift_lists.field(meta, number)])
        change(self.footer)
        footer = thrift_lists.write(self.footer)
        return bytes(out + footer + struct.pack("<I", len(footer)) + b"PAR1")


def metas(footer: list[Any]) -> list[list[Any]]:
    """Return the metadata of all column chunks."""
    groups = thrift_lists.field(footer, _GROUPS)[1]
    return [thrift_lists.field(chunk, _META) for group in groups for chunk in thrift_lists.field(group, 1)[1]]


def damaged_parquet(chance: random.Random, seeds: list[bytes]) -> bytes:
    """Return one of `seeds` with some changes to its pages, and to its footer."""
    found = Parquet.of(chance.choice(seeds))
    if chance.random() < 0.7:
        for _ in range(chance.choice((1, 1, 2, 4))):
            page = chance.choice(found.pages)
            page.body = spoiled(chance, page.body)
            if chance.random() < 0.8:  # else the header lies
                _resize(page, len(page.body), len(page.body))
    if chance.random() < 0.25:
        _compress(chance, found)
    if chance.random() < 0.5:
        for _ in range(chance.choice((1, 1, 2))):
            _change(chance, chance.choice(found.pages).header)
    changes = chance.choice((0, 0, 1, 1, 2, 4))

    def change(footer: list[Any]) -> None:
        for _ in range(changes):
            _change(chance, footer)

    return found.joined(change)


def _resize(page: Page, raw: int, size: int) -> None:
    thrift_lists.put(page.header, _RAW_PAGE, raw)
    thrift_lists.put(page.header, _PAGE, size)


def _compress(chance: random.Random, file: Parquet) -> None:
    """Compress all pages, and then perhaps spoil what was compressed, or lie about its size."""
    name = chance.choice(list(_CODECS))
    for meta in metas(file.footer):
        thrift_lists.put(meta, _CODEC, _CODECS[name])
    for page in file.pages:
        if thrift_lists.field(page.header, 8) is not None:
            continue  # of the second version: its levels are not compressed
        packed = pa.Codec(name).compress(page.body, asbytes=True)
        _resize(page, len(page.body), len(packed))
        page.body = packed
    page = chance.choice(file.pages)
    match chance.randrange(4):
        case 0:
            page.body = spoiled(chance, page.body)
            thrift_lists.put(page.header, _PAGE, len(page.body))
        case 1:
            thrift_lists.put(
                page.header, _RAW_PAGE, _near(chance, thrift_lists.field(page.header, _RAW_PAGE))
            )
        case _:
            pass


def _change(chance: random.Random, top: list[Any]) -> None:
    """Change one thing in a struct, at any depth."""
    fields = top
    while True:
        if not fields:
            return
        entry = chance.choice(fields)
        inner = _structs(entry)
        if not inner or chance.random() < 0.15:
            break
        fields = chance.choice(inner)
    match chance.randrange(12):
        case 0:
            fields.remove(entry)
        case 1:
            fields.insert(chance.randrange(len(fields) + 1), copy.deepcopy(entry))
        case 2:
            entry[0] = chance.randrange(1, 20)
        case _:
            _change_value(chance, entry)


def _structs(entry: list[Any]) -> list[list[Any]]:
    _, kind, value = entry
    if kind == thrift_lists.STRUCT:
        return [value]
    return (
        list(value[1])
        if kind in (thrift_lists.LIST, thrift_lists.SET) and value[0] == thrift_lists.STRUCT
        else []
    )


def _change_value(chance: random.Random, entry: list[Any]) -> None:
    kind, value = entry[1:]
    if kind in thrift_lists.INTEGERS:
        entry[2] = _near(chance, value)
    elif kind in (thrift_lists.TRUE, thrift_lists.FALSE):
        entry[1] = 3 - kind
    elif kind == thrift_lists.BINARY:
        entry[2] = spoiled(chance, value)
    elif kind in (thrift_lists.LIST, thrift_lists.SET):
        _change_list(chance, value)
    elif kind == thrift_lists.STRUCT:
        entry[2] = []


def _change_list(chance: random.Random, value: list[Any]) -> None:
    inner, items = value
    if not items:
        return
    place = chance.randrange(len(items))
    match chance.randrange(5):
        case 0:
            del items[place]
        case 1:
            items[place:place] = [copy.deepcopy(items[place])] * chance.choice((1, 2, 300))
        case 2:
            items[place] = copy.deepcopy(chance.choice(items))
        case 3:
            chance.shuffle(items)
        case _ if inner in thrift_lists.INTEGERS:
            items[place] = _near(chance, items[place])


def _near(chance: random.Random, value: int) -> int:
    found = chance.choice(
        (
            value + 1,
            value - 1,
            value * 2,
            value // 2,
            -value,
            chance.randrange(40),
            *chance.sample(_NUMBERS, 6),
        )
    )
    return max(-(2**63), min(2**63 - 1, found))


def spoiled(chance: random.Random, data: bytes) -> bytes:
    """Return `data` with numbers changed where programs keep them: at the start, and on even places."""
    found = bytearray(data)
    for _ in range(chance.choice((1, 1, 2, 3, 6))):
        width = chance.choice((1, 1, 2, 4, 4, 8))
        most = len(found) - width
        if most < 0:
            break
        place = chance.randrange(min(most, chance.choice((4, 16, 64, 1 << 20))) + 1)
        if chance.random() < 0.7:
            place -= place % width
        value = int.from_bytes(found[place : place + width], "little", signed=True)
        new = _near(chance, value) & (1 << 8 * width) - 1
        found[place : place + width] = new.to_bytes(width, "little")
    match chance.randrange(12):
        case 0:
            return bytes(found[: chance.randrange(len(found) + 1)])
        case 1:
            return bytes(found) + chance.randbytes(chance.choice((1, 8, 100)))
        case 2:
            place = chance.randrange(len(found) + 1)
            return bytes(found[:place] + chance.randbytes(chance.choice((1, 4))) + found[place:])
        case _:
            return bytes(found)


@dataclass
class Message:
    """A message of an Arrow stream: its metadata (a flatbuffer) and its body."""

    meta: bytes
    body: bytes


def messages(stream: bytes) -> list[Message]:
    """Take a sound Arrow stream apart."""
    return [
        Message(one.metadata.to_pybytes(), one.body.to_pybytes() if one.body else b"")
        for one in pa.ipc.MessageReader.open_stream(stream)
    ]


def damaged_arrow(chance: random.Random, seeds: list[bytes], *, file: bool) -> bytes:
    """Return an Arrow file or stream whose messages were changed, or come from several of `seeds` (streams)."""
    found = messages(chance.choice(seeds))
    if chance.random() < 0.3:  # batches under the schema of others
        found[0] = messages(chance.choice(seeds))[0]
    for _ in range(chance.choice((0, 1, 1, 2, 4))):
        one = chance.choice(found)
        if chance.random() < 0.5:
            one.meta = spoiled_flat(chance, one.meta)
        elif one.body:
            one.body = spoiled_body(chance, one.body)
    if chance.random() < 0.1:
        place = chance.randrange(len(found))
        match chance.randrange(3):
            case 0:
                del found[place]
            case 1:
                found.insert(place, found[place])
            case _:
                chance.shuffle(found)
    return joined(found, file=file, chance=chance)


def spoiled_flat(chance: random.Random, data: bytes) -> bytes:
    """Return a flatbuffer with numbers changed in place."""
    found = bytearray(data)
    for _ in range(chance.choice((1, 1, 2, 3))):
        width = chance.choice((1, 2, 4, 8, 8))
        if len(found) < 2 * width:
            continue
        place = chance.randrange(len(found) // width) * width
        value = int.from_bytes(found[place : place + width], "little", signed=True)
        if width == 8 and not value and chance.random() < 0.5:
            continue
        found[place : place + width] = (_near(chance, value) & (1 << 8 * width) - 1).to_bytes(width, "little")
    return bytes(found)


def spoiled_body(chance: random.Random, data: bytes) -> bytes:
    """Return the buffers of a batch with numbers changed where offsets, lengths and types are."""
    found = bytearray(data)
    for _ in range(chance.choice((1, 1, 2, 4, 16))):
        width = chance.choice((1, 4, 4, 8))
        starts = range(0, len(found), 64)
        place = chance.choice(starts) + chance.choice((0, 0, 1, 2, 3, 4, 8)) * width
        if chance.random() < 0.3:
            place = chance.randrange(len(found) // width + 1) * width
        if place + width > len(found):
            continue
        value = int.from_bytes(found[place : place + width], "little", signed=True)
        found[place : place + width] = (_near(chance, value) & (1 << 8 * width) - 1).to_bytes(width, "little")
    if chance.random() < 0.05:
        return bytes(found[: chance.randrange(len(found) + 1)])
    return bytes(found)


def joined(found: list[Message], *, file: bool, chance: random.Random | None = None) -> bytes:
    """Return messages as a stream, or as a file whose footer names their places."""
    out = bytearray(b"ARROW1\0\0" if file else b"")
    blocks = []
    for number, one in enumerate(found):
        meta = one.meta + b"\0" * (-(len(one.meta) + 8) % 8)
        if number:
            blocks.append((len(out), len(meta) + 8, len(one.body), _is_dictionary(one.meta)))
        out += b"\xff\xff\xff\xff" + struct.pack("<i", len(meta)) + meta + one.body
        out += b"\0" * (-len(out) % 8)
    out += b"\xff\xff\xff\xff\0\0\0\0"
    if not file:
        return bytes(out)
    footer = _footer(found[0].meta, blocks)
    if chance is not None and chance.random() < 0.2:
        footer = spoiled_flat(chance, footer)
    return bytes(out) + footer + struct.pack("<i", len(footer)) + b"ARROW1"


def _is_dictionary(meta: bytes) -> bool:
    return _header_type(meta) == 2


def _header_type(meta: bytes) -> int:
    try:
        root = struct.unpack_from("<I", meta, 0)[0]
        table = root - struct.unpack_from("<i", meta, root)[0]
        slot = struct.unpack_from("<H", meta, table + 6)[0]
        return meta[root + slot] if slot else 0
    except (struct.error, IndexError):
        return 0


def _footer(schema: bytes, blocks: list[tuple[int, int, int, bool]]) -> bytes:
    """Return the flatbuffer Footer: the Schema table stays in its message, which is put behind, whole."""
    rest = [block for block in blocks if not block[3]]
    dictionaries = [block for block in blocks if block[3]]
    vectors = [_blocks(dictionaries), _blocks(rest)]
    # vtable at 4: size 12, table 20; slots: version, schema, dictionaries, batches
    head = bytearray(struct.pack("<I", 20) + struct.pack("<HHHHHH", 12, 20, 4, 8, 12, 16) + b"\0" * 4)
    table = 20
    head += struct.pack("<i", table - 4) + struct.pack("<hxx", 4) + b"\0" * 12
    while len(head) % 8:
        head += b"\0"
    places = []
    for vector in vectors:
        head += b"\0" * 4
        places.append(len(head))
        head += vector
        while len(head) % 8:
            head += b"\0"
    base = len(head)
    head += schema
    try:
        root = struct.unpack_from("<I", schema, 0)[0]
        vtable = root - struct.unpack_from("<i", schema, root)[0]
        slot = struct.unpack_from("<H", schema, vtable + 8)[0]
        target = base + root + slot + struct.unpack_from("<I", schema, root + slot)[0]
    except struct.error:
        target = base
    for at, place in ((table + 8, target), (table + 12, places[0]), (table + 16, places[1])):
        struct.pack_into("<I", head, at, (place - at) & 0xFFFFFFFF)
    return bytes(head)


def _blocks(found: list[tuple[int, int, int, bool]]) -> bytes:
    out = struct.pack("<I", len(found))
    return out + b"".join(struct.pack("<qixxxxq", *block[:3]) for block in found)


def parquet_seeds() -> list[bytes]:
    """Return small uncompressed files that use all encodings and versions of pages."""
    from tests.robustness.fuzz import tables

    flat = pa.table({
        "i": pa.array([1, 2, None, 4, 5] * 5, pa.int64()), "j": pa.array(range(25), pa.int32()),
        "f": pa.array([0.5] * 25), "s": pa.array(["a", "abc", "", "abd", None] * 5),
        "b": pa.array([True, False, None, True, True] * 5), "x": pa.array([b"abc"] * 25, pa.binary(3)),
    })  # fmt: skip
    deep = pa.table({
        "l": pa.array([[[1], []], None, [], [[2, 3], None], [[None]]] * 5, pa.list_(pa.list_(pa.int32()))),
        "m": pa.array([[("k", [1])], [], None, [("k", None), ("", [])], []] * 5, pa.map_(pa.string(), pa.list_(pa.int8()))),
    })  # fmt: skip
    encoded = {
        "i": ("DELTA_BINARY_PACKED", "BYTE_STREAM_SPLIT"), "j": ("DELTA_BINARY_PACKED", "BYTE_STREAM_SPLIT"),
        "f": ("BYTE_STREAM_SPLIT", "PLAIN"), "s": ("DELTA_BYTE_ARRAY", "DELTA_LENGTH_BYTE_ARRAY"),
        "b": ("RLE", "PLAIN"), "x": ("DELTA_BYTE_ARRAY", "BYTE_STREAM_SPLIT"),
    }  # fmt: skip
    plain: dict[str, Any] = {"compression": "none", "write_statistics": False}
    found = []
    for version in ("1.0", "2.0"):
        found += [
            _parquet(table, **plain, data_page_version=version) for table in (flat, deep, *tables()[:2])
        ]
        found += [
            _parquet(
                flat, **plain, data_page_version=version, use_dictionary=False,
                column_encoding={name: names[which] for name, names in encoded.items()},
            )
            for which in (0, 1)
        ]  # fmt: skip
        found.append(_parquet(deep, **plain, data_page_version=version, data_page_size=8, row_group_size=9))
    found.append(_parquet(flat, compression="none", store_schema=False))
    found.append(_parquet(tables()[0], **plain, use_deprecated_int96_timestamps=True))
    found.append(_parquet(_extensions(), **plain))
    return found


def _parquet(table: pa.Table, **options: Any) -> bytes:
    out = io.BytesIO()
    pq.write_table(table, out, **options)
    return out.getvalue()


def _extensions() -> pa.Table:
    """Return a table of types that Arrow gives a meaning of their own."""
    tensor = pa.fixed_shape_tensor(pa.int32(), [2, 2], dim_names=["x", "y"], permutation=[1, 0])
    return pa.table({
        "t": pa.ExtensionArray.from_storage(tensor, pa.array([[1, 2, 3, 4]] * 10, pa.list_(pa.int32(), 4))),
        "u": pa.ExtensionArray.from_storage(pa.uuid(), pa.array([b"0123456789abcdef"] * 10, pa.binary(16))),
        "j": pa.ExtensionArray.from_storage(pa.json_(), pa.array(['{"a": 1}'] * 10)),
        "b": pa.ExtensionArray.from_storage(pa.bool8(), pa.array([0, 1] * 5, pa.int8())),
    })  # fmt: skip


def arrow_seeds() -> list[bytes]:
    """Return small streams of all types, compressed and not."""
    from tests.robustness.fuzz import tables

    kinds = pa.array([0, 1, 0, 1, 0], pa.int8())
    unions = pa.table({
        "dense": pa.UnionArray.from_dense(kinds, pa.array([0, 0, 1, 1, 2], pa.int32()), [pa.array([1, 2, 3]), pa.array(["a", "b"])]),
        "sparse": pa.UnionArray.from_sparse(kinds, [pa.array([1, 2, 3, 4, 5]), pa.array(["a", "b", "c", "d", "e"])]),
    })  # fmt: skip
    text = pa.array(["a", None, "longer than twelve letters", "b"] * 5)
    views = pa.table({
        "v": text.cast(pa.string_view()), "ll": pa.array([[1], [2, 3], None, []] * 5, pa.large_list_view(pa.int64())),
        "bv": pa.array([b"x" * 20, b"y"] * 10, pa.binary_view()),
        "lv": pa.array([["a"], ["b" * 30, None]] * 10, pa.list_view(pa.string_view())),
        "dd": pa.array([["a"], ["b", "a"]] * 10, pa.list_(pa.dictionary(pa.int8(), pa.string()))),
        "re": pa.RunEndEncodedArray.from_arrays(pa.array([3, 9, 20], pa.int16()), pa.array(["a", None, "c"])),
        "ls": pa.array(["a", "bc"] * 10, pa.large_string()), "iv": pa.array([(1, 2, 3)] * 20, pa.month_day_nano_interval()),
    })  # fmt: skip
    small = [table.slice(0, 12) for table in tables()]
    return [
        _stream(table, compression)
        for table in (*small, unions, views, _extensions())
        for compression in (None, "lz4", "zstd")
    ]


def _stream(table: pa.Table, compression: str | None) -> bytes:
    out = io.BytesIO()
    options = pa.ipc.IpcWriteOptions(compression=compression, emit_dictionary_deltas=True)
    with pa.ipc.new_stream(out, table.schema, options=options) as writer:
        writer.write_table(table, max_chunksize=8)
    return out.getvalue()
