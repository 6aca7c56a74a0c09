"""Runs: recorded executions, the origins of what was made from other data.

A run's id is a pure function of what ran on what and gave what: nothing here is clocked or
accidental; that is in `dsv.model.attempt`. Its inputs name their own origins, so the id of
one run commits to the whole chain down to the raw sources.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, NamedTuple

from dsv.errors import Corrupt
from dsv.ids import ObjectId, parse_id
from dsv.model import canonical
from dsv.model.checkpoint import Checkpoint

VERSION = 2
"""The version of the records that are written; all before it are read."""

_NOTHING: Mapping[str, Any] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Input:
    """A dataset that a run read.

    Attributes:
        path: Where it was, relative to the workspace.
        checkpoint: Which version of it, with its origin.
    """

    path: str
    checkpoint: Checkpoint


@dataclass(frozen=True, slots=True)
class Output:
    """A dataset that a run wrote.

    Attributes:
        path: Where it was put, relative to the workspace.
        content: Its content id.
        kind: `FILE`, `EXEC` or `DIR`.
        size: Bytes of all its files.
        files: How many files it has.
        schema: The schema id under which its text is read; None for typed formats.
        table: Its table id; None if it is no table.
        digest: The version of the digest that `table` is of; None without a table.
        metadata: Id of the metadata of the table that carries meaning (`dsv.tables.values.metadata`), by the rules of
            that version of the digest; None without a table, and in records that do not have it.
    """

    path: str
    content: ObjectId
    kind: str
    size: int
    files: int
    schema: ObjectId | None = None
    table: ObjectId | None = None
    digest: int | None = None
    metadata: ObjectId | None = None

    def checkpoint(self, run: ObjectId) -> Checkpoint:
        """Return the checkpoint of this output of the run whose id is `run`."""
        return Checkpoint(self.content, self.kind, self.size, self.files, self.schema, run)


class Listed(NamedTuple):
    """A folder of the workspace that a run listed.

    Attributes:
        path: The folder; empty for the workspace itself.
        listing: Id of the record of what it held (`dsv.model.listing.Listing`).
    """

    path: str
    listing: ObjectId


class Outside(NamedTuple):
    """A file outside of the workspace that a run read. Its bytes are not kept.

    Attributes:
        path: Where it was, absolute; `~` stands for the home folder of the user.
        content: Its file id.
        size: Its bytes.
    """

    path: str
    content: ObjectId
    size: int


class Led(NamedTuple):
    """A link through which a run came to what it used.

    Attributes:
        path: The link, in the workspace.
        target: Where it led in the end: relative to the workspace, `.` for that itself, or absolute, `~` standing for
            the home folder.
    """

    path: str
    target: str


@dataclass(frozen=True, slots=True)
class Run:
    """What ran, on what, with what, and what it gave.

    Attributes:
        argv: The command, portable: `{KEY}` stands for the parameter KEY, `{python}`-like words and
            workspace files as `dsv.capture.portable` says; secrets are masked.
        inputs: What it read, sorted by path.
        outputs: What it wrote, sorted by path.
        code: Id of the list of code files that it read.
        environment: Id of the record of where it ran.
        name: A label, or None.
        cwd: The folder it ran in, relative to the workspace; empty for the workspace itself.
        params: Its parameters.
        variables: The environment variables that were declared, with their values; None
            for one whose name says that its value is secret.
        masked: Whether a part of `argv` was masked, so that it cannot be replayed as it stands.
        listings: The folders that it listed, sorted by path. This and all that follows is empty in version 1.
        absent: Paths in the workspace that it looked for and that were not there, sorted.
        outside: The files outside of the workspace that it read, sorted by path.
        links: The links in the workspace, other than those in datasets, that led it to what it used, sorted by path.
        in_git: The paths of the files in `code` that git tracks and that were read as data, sorted: its
            sources in git.
        surroundings: The environment variables that are recorded of every run, if set (TZ, LANG, LC_*,
            PYTHONHASHSEED, the workspace's folders on PYTHONPATH), and those that `run.record_env` names.
        stdin: File id of what its standard input gave; None if that was empty.
        version: The version of the record.
    """

    argv: tuple[str, ...]
    inputs: tuple[Input, ...]
    outputs: tuple[Output, ...]
    code: ObjectId
    environment: ObjectId
    name: str | None = None
    cwd: str = ""
    params: Mapping[str, str] = field(default_factory=lambda: _NOTHING)
    variables: Mapping[str, str | None] = field(default_factory=lambda: _NOTHING)
    masked: bool = False
    listings: tuple[Listed, ...] = ()
    absent: tuple[str, ...] = ()
    outside: tuple[Outside, ...] = ()
    links: tuple[Led, ...] = ()
    in_git: tuple[str, ...] = ()
    surroundings: Mapping[str, str] = field(default_factory=lambda: _NOTHING)
    stdin: ObjectId | None = None
    version: int = VERSION

    def encode(self) -> bytes:
        """Return the canonical encoding."""
        record: canonical.Json = {
            "v": self.version,
            "argv": list(self.argv),
            "code": self.code,
            "cwd": self.cwd,
            "environment": self.environment,
            "inputs": [_encode_input(one) for one in self.inputs],
            "masked": self.masked,
            "name": self.name,
            "outputs": [_encode_output(one) for one in self.outputs],
            "params": dict(self.params),
            "variables": dict(self.variables),
        }
        if self.version > 1:
            record |= {
                "absent": list(self.absent),
                "in_git": list(self.in_git),
                "links": [list(one) for one in self.links],
                "listings": [list(one) for one in self.listings],
                "outside": [list(one) for one in self.outside],
                "stdin": self.stdin,
                "surroundings": dict(self.surroundings),
            }
        return canonical.encode(record)

    def output(self, path: str) -> Output | None:
        """Return the output at `path`, None if the run did not write there."""
        return next((one for one in self.outputs if one.path == path), None)

    def input(self, path: str) -> Input | None:
        """Return the input at `path`, None if the run did not read there."""
        return next((one for one in self.inputs if one.path == path), None)

    def _lists(self) -> Iterator[Sequence[str]]:
        """Yield the paths of each list that is sorted by path."""
        for items in (self.inputs, self.outputs, self.links, self.listings, self.outside):
            yield [one.path for one in items]
        yield self.absent
        yield self.in_git

    @classmethod
    def decode(cls, data: bytes | memoryview, what: str) -> "Run":
        """Return the run that `data` encodes.

        Raises:
            Corrupt: It is not a valid run; `what` names it.
        """
        record = canonical.decode(data, what=what, version=VERSION)
        try:
            found = cls(
                argv=tuple(_text(word) for word in record["argv"]),
                inputs=tuple(_decode_input(one) for one in record["inputs"]),
                outputs=tuple(_decode_output(one) for one in record["outputs"]),
                code=parse_id(record["code"]),
                environment=parse_id(record["environment"]),
                name=None if record["name"] is None else _text(record["name"]),
                cwd=_text(record["cwd"]),
                params={key: _text(value) for key, value in record["params"].items()},
                variables={
                    key: None if value is None else _text(value) for key, value in record["variables"].items()
                },
                masked=record["masked"],
                **({"version": 1} if record["v"] == 1 else _decode_second(record)),
            )
            if not found.argv or type(found.masked) is not bool:
                raise ValueError("it has no command, or masked is no flag")
            for paths in found._lists():
                if list(paths) != sorted(set(paths), key=str.encode):
                    raise ValueError("a list is not sorted by path")
            if found.encode() != data:
                raise ValueError("it has other fields")
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            raise Corrupt(f"{what} is not a valid run: {error}") from error
        return found


def _decode_second(record: canonical.Json) -> dict[str, Any]:
    """Return what a record of version 2 has beyond one of version 1."""
    if any(type(size) is not int or size < 0 for _, _, size in record["outside"]):
        raise ValueError("a size is not a number of bytes")
    return {
        "absent": tuple(_text(path) for path in record["absent"]),
        "in_git": tuple(_text(path) for path in record["in_git"]),
        "links": tuple(Led(_text(path), _text(target)) for path, target in record["links"]),
        "listings": tuple(Listed(_text(path), parse_id(oid)) for path, oid in record["listings"]),
        "outside": tuple(Outside(_text(path), parse_id(oid), size) for path, oid, size in record["outside"]),
        "stdin": None if record["stdin"] is None else parse_id(record["stdin"]),
        "surroundings": {name: _text(value) for name, value in record["surroundings"].items()},
        "version": record["v"],
    }


def _encode_input(one: Input) -> canonical.Json:
    found = one.checkpoint
    return {
        "content": found.content,
        "files": found.files,
        "kind": found.kind,
        "origin": found.origin,
        "path": one.path,
        "schema": found.schema,
        "size": found.size,
    }


def _decode_input(record: canonical.Json) -> Input:
    return Input(_text(record["path"]), Checkpoint.parse(record))


def _encode_output(one: Output) -> canonical.Json:
    return {
        "content": one.content,
        "digest": one.digest,
        "files": one.files,
        "kind": one.kind,
        "path": one.path,
        "schema": one.schema,
        "size": one.size,
        "table": one.table,
    } | ({} if one.metadata is None else {"metadata": one.metadata})


def _decode_output(record: canonical.Json) -> Output:
    table, schema, digest = record["table"], record["schema"], record["digest"]
    metadata = record.get("metadata")
    if (table is None) != (digest is None) or not (digest is None or type(digest) is int):
        raise ValueError("an output has a table without its digest version")
    if metadata is not None and table is None:
        raise ValueError("an output has metadata of a table and no table")
    found = Output(
        path=_text(record["path"]),
        content=parse_id(record["content"]),
        kind=_text(record["kind"]),
        size=record["size"],
        files=record["files"],
        schema=None if schema is None else parse_id(schema),
        table=None if table is None else parse_id(table),
        digest=digest,
        metadata=None if metadata is None else parse_id(metadata),
    )
    # One rule for what a version may be: a checkpoint decides it.
    Checkpoint.parse({**record, "origin": found.content})
    return found


def _text(value: object) -> str:
    if type(value) is not str:
        raise ValueError(f"{value!r} is not text")
    return value
