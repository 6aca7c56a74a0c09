"""What the lineage graph is made of: versions of datasets, runs, sources, and edges between them.

Edges follow the data: source -> version (`origin`), version -> run (`input`), run -> version
(`output`). Data that was edited by hand, or merged, has a source whose own origins lead
to it by `origin` edges.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from dsv.hashing import Kind, object_id
from dsv.ids import DIGITS, ObjectId
from dsv.model.attempt import CLAIMED
from dsv.model.checkpoint import Checkpoint

INPUT = "input"
OUTPUT = "output"
ORIGIN = "origin"
COPY = "copy"
"""From a version to the same data under another name: renamed, or copied by hand."""

OUTSIDE = "outside"
IN_GIT = "in git"


NodeId = str
"""Names a node: of a run or source the id of its record, of a version `version_id`."""


def version_id(checkpoint: ObjectId, path: str) -> NodeId:
    """Return the name of the node that is the version with this checkpoint id at `path`.

    Datasets at several paths may share a checkpoint: equal outputs of one run do.
    """
    return f"{checkpoint}:{path}"


class Version(NamedTuple):
    """One version of a dataset.

    Attributes:
        node: Names it in the graph.
        path: Where it was.
        content: Its content id.
        origin: Id of the run or source that it came from.
        kind: As in its checkpoint.
        size: Bytes of all its files.
        files: How many files it has.
        schema: The schema under which it is read; None for typed formats.
        table: Its table id, as far as it is known.
        rows: Of its table, as far as they are known.
    """

    node: NodeId
    path: str
    content: ObjectId
    origin: ObjectId
    kind: str
    size: int
    files: int
    schema: ObjectId | None
    table: ObjectId | None = None
    rows: int | None = None

    @property
    def id(self) -> ObjectId:
        """The id of its checkpoint."""
        return ObjectId(self.node[:DIGITS])

    @property
    def checkpoint(self) -> Checkpoint:
        """The checkpoint that it is."""
        return Checkpoint(self.content, self.kind, self.size, self.files, self.schema, self.origin)


def packed(version: Version, *, origin: bool = True) -> list[object]:
    """Return a version as JSON values, for `unpacked`; without its origin if that is known anyway."""
    return [version.id, version.path, version.content, version.origin if origin else None, *version[4:-1]]


def unpacked(row: Sequence[Any], origin: str | None = None) -> Version:
    """Return the version that `packed` packed; `origin` stands in for the one that it left out."""
    checkpoint, path, content, own, *rest = row
    source: Any = own or origin
    return Version(f"{checkpoint}:{path}", path, content, source, *rest)


def version_of(path: str, found: Checkpoint, table: ObjectId | None = None) -> Version:
    """Return the version that the checkpoint `found` is, at `path`."""
    node = version_id(object_id(Kind.CHECKPOINT, found.encode()), path)
    return Version(
        node, path, found.content, found.origin, found.kind, found.size, found.files, found.schema, table
    )


class FileNode(NamedTuple):
    """A file that a run read and that is no dataset.

    Attributes:
        node: Names it in the graph.
        path: Where it was: absolute, or in the workspace.
        content: Its file id.
        size: Its bytes; None if that is not known.
        where: `OUTSIDE` of the workspace, or `IN_GIT`.
    """

    node: NodeId
    path: str
    content: ObjectId
    size: int | None
    where: str


class How(NamedTuple):
    """How a run happened.

    Attributes:
        capture: One of the words of `dsv.model.attempt`.
        started: Seconds since 1970-01-01 UTC.
        commit: The git commit of its code; None outside of git.
        dirty: How many paths had uncommitted changes then.
        blind_spots: What the capture could have missed.
        witness: Which eye saw it; None if none did, or that is not known.
    """

    capture: str
    started: int
    commit: str | None
    dirty: int
    blind_spots: tuple[str, ...]
    witness: str | None = None

    @property
    def claimed(self) -> bool:
        """Whether nobody has seen the run happen."""
        return self.capture == CLAIMED


class RunNode(NamedTuple):
    """A run in the graph.

    Attributes:
        id: Of its record.
        name: Its label, or None.
        argv: Its command.
        cwd: The folder it ran in, relative to the workspace.
        params: Its parameters.
        code: Id of the list of its code files.
        tables: By content id the table ids of those of its outputs that are tables.
        outside: Path, content and size of each file outside of the workspace that it read.
        in_git: Path and content of each file that git tracks and that it read as data.
    """

    id: ObjectId
    name: str | None
    argv: Sequence[str]
    cwd: str
    params: Mapping[str, str]
    code: ObjectId
    tables: Mapping[str, ObjectId]
    outside: Sequence[Sequence[Any]] = ()
    in_git: Sequence[Sequence[Any]] = ()

    def given(self) -> Iterator[FileNode]:
        """Yield what it read that is no dataset."""
        for path, content, size in self.outside:
            yield FileNode(f"{OUTSIDE}:{content}:{path}", path, content, size, OUTSIDE)
        for path, content in self.in_git:
            yield FileNode(f"{IN_GIT}:{content}:{path}", path, content, None, IN_GIT)


class SourceNode(NamedTuple):
    """A source in the graph.

    Attributes:
        id: Of its record.
        path: Under which it was first added.
        edited: Id of the origin whose data was edited by hand to give this, or None.
        merged: Ids of the origins whose folders a merge joined.
        url: Where it was imported from, or None.
        etag: What the server called that version, or None.
        modified: When it was last changed there, in seconds since 1970, or None.
    """

    id: ObjectId
    path: str
    edited: ObjectId | None
    merged: Sequence[ObjectId]
    url: str | None
    etag: str | None
    modified: int | None

    @property
    def before(self) -> tuple[ObjectId, ...]:
        """The origins that it goes back to."""
        return (*self.merged,) if self.edited is None else (self.edited, *self.merged)

    @property
    def raw(self) -> bool:
        """Whether the data came from outside and from nothing else."""
        return not self.before


Origin = RunNode | SourceNode


Edge = tuple[NodeId, NodeId, str]
"""Where data came from, where it went, and its role there: `INPUT`, `OUTPUT`, `ORIGIN` or `COPY`."""


@dataclass(slots=True)
class Graph:
    """A part of the lineage graph.

    Attributes:
        starts: The versions that were asked about.
        versions: By node.
        given: By node what its runs read that is no dataset.
        origins: Runs and sources by id.
        edges: All edges between them, in the order in which they were found, each once.
        how: How its runs happened, where that is known.
        cut: Nodes at which the walk ended though there is more.
        gaps: By id of a record that could not be read, why.
    """

    starts: tuple[NodeId, ...] = ()
    versions: dict[NodeId, Version] = field(default_factory=dict)
    given: dict[NodeId, FileNode] = field(default_factory=dict)
    origins: dict[NodeId, Origin] = field(default_factory=dict)
    edges: dict[Edge, None] = field(default_factory=dict)
    how: dict[NodeId, How] = field(default_factory=dict)
    cut: set[NodeId] = field(default_factory=set)
    gaps: dict[ObjectId, Exception] = field(default_factory=dict)

    @property
    def runs(self) -> list[RunNode]:
        """Its runs."""
        return [one for one in self.origins.values() if isinstance(one, RunNode)]

    @property
    def sources(self) -> list[SourceNode]:
        """Its sources."""
        return [one for one in self.origins.values() if isinstance(one, SourceNode)]
