"""Reading single entries of metadata: which carry meaning, and what of them does.

Of a schema, the entries of Hugging Face, GeoParquet, pandas, Avro, Iceberg and Spark count; what any other is
about nobody knows. Of a field, all count, unless their names say that they are only about the writer. The files
that `save_to_disk` puts beside its tables are entries too.
"""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

from dsv.hashing import file_id

PARSED_BYTES = 4 << 20
"""Longer entries are compared as a whole, by their hash."""

_DEEPEST = 64
"""Levels of JSON that are walked; what is deeper is compared as text."""

_EXTENSION = "ARROW:"
_LAYOUT = frozenset({"content_defined_chunking", "timestamp"})
"""Entries about how or when a file was laid out."""

_WRITER = re.compile(
    r"(^|[^a-z])(creat(or|ed|ion)|writ(er|ten|e)|made|generat(or|ed)|produce[dr]|producer|modified|updated|saved"
    r"|exported|software|library|fingerprint)([^a-z]|$)|(^|[^a-z])version$"
)
_WORDS = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_POLARS = re.compile(r"^(_PL_[A-Z_]*?[A-Z])\d*$")

_MEANT = frozenset(
    {
        "avro.schema", "iceberg.schema", "parquet.avro.schema", "org.apache.spark.legacyDateTime",
        "org.apache.spark.legacyINT96", "org.apache.spark.sql.parquet.row.metadata", "org.apache.spark.timeZone",
    }
)  # fmt: skip
"""Other entries of a schema that say what values mean, or how they are to be read."""

_INFO_LITTER = frozenset(
    {
        "builder_name", "config_name", "dataset_name", "dataset_size", "download_checksums", "download_size",
        "download_time", "post_processed", "post_processing_size", "size_in_bytes",
    }
)  # fmt: skip
_SPLIT_LITTER = frozenset({"dataset_name", "num_bytes", "shard_lengths", "original_shard_lengths"})
_STATE_LITTER = frozenset(
    {"_data_files", "_fingerprint", "_indices_data_files", "_indices_files", "_indexes", "_type"}
)


class Item(NamedTuple):
    """One thing that is said.

    Attributes:
        place: What it is said of, as a path of names and numbers.
        value: What is said, in canonical JSON or as text.
        column: The column that it is about; None if about none alone.
        known: Whether it is known to carry meaning.
    """

    place: str
    value: str
    column: str | None = None
    known: bool = True


def of_schema_entry(key: str, value: bytes) -> Iterator[Item]:
    """Yield what one entry of the metadata of a schema says; nothing if it is only about the writer."""
    known = key in _READERS or key in _MEANT
    yield from (one if known else one._replace(known=False) for one in of_entry(key, value))


def of_entry(key: str, value: bytes) -> Iterator[Item]:
    """Yield what one entry of the metadata of a field says; nothing if it is only about the writer."""
    if key.startswith(_EXTENSION) or is_writers(key):
        return
    polars = _POLARS.match(key)
    if polars is not None:
        if polars[1] == "_PL_CATEGORICAL":  # how polars holds it, which is another with each version
            return
        key = polars[1]
    parsed = _parsed(value)
    reader = _READERS.get(key)
    if reader is not None and isinstance(parsed, dict):
        yield from reader(parsed)
    elif isinstance(parsed, dict | list):
        yield from _flat(key, parsed)
    else:
        yield Item(key, _raw(value))


def of_file(name: str, data: bytes) -> Iterator[Item]:
    """Yield what a file of `save_to_disk` says; `name` is its name without folders."""
    parsed = _parsed(data)
    if not isinstance(parsed, dict):
        yield Item(name, _raw(data))
    elif name == "dataset_info.json":
        yield from _info(parsed)
    elif name == "state.json":
        yield from _flat("state", _kept(parsed, _STATE_LITTER))
    else:
        yield from _flat(name, parsed)


def is_writers(key: str) -> bool:
    """Whether an entry names only who wrote a file, with which version, or when."""
    words = _WORDS.sub("_", key).lower()
    return words in _LAYOUT or _WRITER.search(words) is not None


def _hugging_face(parsed: dict[str, Any]) -> Iterator[Item]:
    info = parsed.get("info")
    if isinstance(info, dict):
        yield from _info(info)
    yield from _flat(
        "huggingface", {key: parsed[key] for key in parsed if key not in {"info", "fingerprint"}}
    )


def _info(parsed: dict[str, Any]) -> Iterator[Item]:
    """Yield what Hugging Face says of a dataset; not how large its files are and where they came from."""
    info = _full(_kept(parsed, _INFO_LITTER))
    splits = info.get("splits")
    if isinstance(splits, dict):
        info["splits"] = {name: _kept(one, _SPLIT_LITTER) for name, one in splits.items()}
    features = info.pop("features", None)
    yield from _by_column("features", features)
    yield from _flat("info", info)


def _geo(parsed: dict[str, Any]) -> Iterator[Item]:
    """Yield what GeoParquet says: not its version and writer, and not what it computes from the values."""
    columns = parsed.get("columns")
    rest = _kept(parsed, {"columns", "creator", "version"})
    yield from _flat("geo", rest)
    if not isinstance(columns, dict):
        yield from _flat("geo.columns", columns)
        return
    for name, one in columns.items():
        said = _kept(one, {"bbox", "geometry_types"})
        if isinstance(said, dict):
            planar = (
                {"edges"} if said.get("edges") == "planar" else set()
            )  # what is meant where nothing is said
            said = _kept(said, planar)
            said |= {"crs": _kept(said["crs"], {"$schema"})} if "crs" in said else {}
        yield from _flat(f"geo.{name}", said, name)


def _pandas(parsed: dict[str, Any]) -> Iterator[Item]:
    """Yield what pandas says of its index and of the frame; not which of its types held a column."""
    for number, index in enumerate(_listed(parsed.get("index_columns"))):
        if isinstance(index, dict):
            index = _kept(index, {"stop"})  # noqa: PLW2901  as many rows as there are
            if index == {"kind": "range", "name": None, "start": 0, "step": 1}:
                continue  # what every frame has without being given one
        yield from _flat(f"pandas.index[{number}]", index, index if isinstance(index, str) else None)
    for number, labels in enumerate(_listed(parsed.get("column_indexes"))):
        if isinstance(labels, dict):
            kind = labels.get("pandas_type")
            said = {"name": labels.get("name"), "type": None if kind in _TEXTUAL else kind}
            yield from _flat(f"pandas.columns[{number}]", _full(said))
    yield from _flat("pandas.attributes", parsed.get("attributes") or {})


_TEXTUAL = ("unicode", "string", "empty", "mixed")
_READERS: Mapping[str, Callable[[dict[str, Any]], Iterator[Item]]] = {
    "huggingface": _hugging_face,
    "geo": _geo,
    "pandas": _pandas,
}


def _by_column(place: str, features: Any) -> Iterator[Item]:
    if not isinstance(features, dict):
        yield from _flat(place, {} if features is None else features)
        return
    for name, one in features.items():
        yield from _flat(f"{place}.{name}", _full(one), name)


def _flat(place: str, value: Any, column: str | None = None) -> Iterator[Item]:
    """Yield the leaves of parsed JSON, each with its place."""
    if isinstance(value, dict) and value:
        for key in sorted(value):
            yield from _flat(f"{place}.{key}", value[key], column)
    elif isinstance(value, list) and value:
        for number, one in enumerate(value):
            yield from _flat(f"{place}[{number}]", one, column)
    elif value != {}:
        yield Item(place, json.dumps(value, ensure_ascii=False), column)


def _full(value: Any) -> Any:
    """Return parsed JSON without members that say nothing: null and empty texts, as versions differ in them."""
    if isinstance(value, dict):
        return {key: _full(one) for key, one in value.items() if one is not None and one != ""}
    return [_full(one) for one in value] if isinstance(value, list) else value


def _kept(value: Any, litter: frozenset[str] | set[str]) -> Any:
    return {key: one for key, one in value.items() if key not in litter} if isinstance(value, dict) else value


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _parsed(value: bytes) -> Any:
    """Return an entry that is a JSON object or list as such; None if it is none, or too large or too deep."""
    if len(value) > PARSED_BYTES or value.lstrip()[:1] not in (b"{", b"["):
        return None
    try:
        parsed = json.loads(value)
    except (ValueError, RecursionError):
        return None
    return None if _is_deep(parsed) else parsed


def _is_deep(parsed: Any) -> bool:
    level = [parsed]
    for _ in range(_DEEPEST):
        level = [
            inner
            for one in level
            if isinstance(one, dict | list)
            for inner in (one.values() if isinstance(one, dict) else one)
        ]
        if not level:
            return False
    return True


def _raw(value: bytes) -> str:
    if len(value) > PARSED_BYTES:
        return file_id(value)
    return value.decode(errors="backslashreplace")
