"""Runs: recorded executions, the origins of what was made from other data.

A run's id is a pure function of what ran on what and gave what: nothing here is clocked or
accidental; that is in `dsv.model.attempt`. Its inputs name their own origins, so the id of
one run commits to the whole chain down to the raw sources.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from dsv.errors import Corrupt
from dsv.ids import ObjectId, parse_id
from dsv.model import canonical
from dsv.model.checkpoint import Checkpoint

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
    """

    path: str
    content: ObjectId
    kind: str
    size: int
    files: int
    schema: ObjectId | None = None
    table: ObjectId | None = None
    digest: int | None = None

    def checkpoint(self, run: ObjectId) -> Checkpoint:
        """Return the checkpoint of this output of the run whose id is `run`."""
        return Checkpoint(self.content, self.kind, self.size, self.files, self.schema, run)


@dataclass(frozen=True, slots=True)
class Run:
    """What ran, on what, with what, and what it gave.

    Attributes:
        argv: The command, portable: `{KEY}` stands for the parameter KEY, `{python}`-like words and
            workspace files as `dsv.lineage.portable` says; secrets are masked.
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

    def encode(self) -> bytes:
        """Return the canonical encoding."""
        return canonical.encode(
            {
                "v": 1,
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
        )

    def output(self, path: str) -> Output | None:
        """Return the output at `path`, None if the run did not write there."""
        return next((one for one in self.outputs if one.path == path), None)

    def input(self, path: str) -> Input | None:
        """Return the input at `path`, None if the run did not read there."""
        return next((one for one in self.inputs if one.path == path), None)

    @classmethod
    def decode(cls, data: bytes | memoryview, what: str) -> "Run":
        """Return the run that `data` encodes.

        Raises:
            Corrupt: It is not a valid run; `what` names it.
        """
        record = canonical.decode(data, what=what)
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
            )
            if not found.argv or type(found.masked) is not bool:
                raise ValueError("it has no command, or masked is no flag")
            for paths in ([one.path for one in found.inputs], [one.path for one in found.outputs]):
                if paths != sorted(set(paths), key=str.encode):
                    raise ValueError("inputs or outputs are not sorted by path")
            if found.encode() != data:
                raise ValueError("it has other fields")
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            raise Corrupt(f"{what} is not a valid run: {error}") from error
        return found


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
    }


def _decode_output(record: canonical.Json) -> Output:
    table, schema, digest = record["table"], record["schema"], record["digest"]
    if (table is None) != (digest is None) or not (digest is None or type(digest) is int):
        raise ValueError("an output has a table without its digest version")
    found = Output(
        path=_text(record["path"]),
        content=parse_id(record["content"]),
        kind=_text(record["kind"]),
        size=record["size"],
        files=record["files"],
        schema=None if schema is None else parse_id(schema),
        table=None if table is None else parse_id(table),
        digest=digest,
    )
    # One rule for what a version may be: a checkpoint decides it.
    Checkpoint.parse({**record, "origin": found.content})
    return found


def _text(value: object) -> str:
    if type(value) is not str:
        raise ValueError(f"{value!r} is not text")
    return value
