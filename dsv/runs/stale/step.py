"""A step: a run that made datasets, as far as staleness has to know it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from dsv.ids import ObjectId
from dsv.model.code_list import CodeFile
from dsv.model.listing import Name
from dsv.model.run import Input, Led, Outside, Run

_NO_NAMES: Mapping[str, str] = {}


@dataclass(frozen=True, slots=True)
class ListedFolder:
    """A folder that a run listed.

    Attributes:
        path: The folder; empty for the workspace itself.
        names: What it held, without what the run made.
    """

    path: str
    names: tuple[Name, ...]


@dataclass(frozen=True, slots=True)
class Step:
    """A run that made datasets.

    Attributes:
        run: Its id.
        command: Its command as people are shown it.
        makes: The datasets that are as it made them, under the names that they have now.
        inputs: What it read.
        outputs: By path the content that it wrote; some may belong to other runs now, or be gone.
        code: The code files that it read.
        masked: Whether a part of its command is masked, so that it cannot be repeated.
        session: Whether that is because there is no command: it ran in a notebook, or the like.
        in_git: The paths of those files of `code` that it read as data.
        listings: The folders that it listed.
        absent: What it looked for in vain.
        outside: What it read outside of the workspace.
        links: The links that led it to what it used.
        task: Two runs with the same command, folder and parameters have the same one.
        updated: The datasets that it made or updated and that later runs have updated since.
        converts: Whether it reads of notebooks also what they gave when they were last executed.
        renamed: By path that it wrote the name that the dataset has now, where that is another.
    """

    run: ObjectId
    command: str
    makes: tuple[str, ...]
    inputs: tuple[Input, ...]
    outputs: Mapping[str, ObjectId]
    code: tuple[CodeFile, ...]
    masked: bool
    session: bool = False
    in_git: frozenset[str] = frozenset()
    listings: tuple[ListedFolder, ...] = ()
    absent: tuple[str, ...] = ()
    outside: tuple[Outside, ...] = ()
    links: tuple[Led, ...] = ()
    task: str = ""
    updated: tuple[str, ...] = ()
    renamed: Mapping[str, str] = field(default_factory=lambda: _NO_NAMES)
    converts: bool = False

    @property
    def needs(self) -> tuple[Input, ...]:
        """What it read, except for what it also wrote: for that it is never stale."""
        return tuple(one for one in self.inputs if one.path not in self.outputs)

    @property
    def in_place(self) -> tuple[str, ...]:
        """The datasets that it both read and wrote."""
        return tuple(one.path for one in self.inputs if one.path in self.outputs)

    @property
    def datasets(self) -> tuple[str, ...]:
        """The datasets that it has a part in."""
        return (*self.makes, *(path for path in self.updated if path not in self.makes))

    def reads(self) -> Iterator[str]:
        """Yield the paths that it read and did not write: datasets, and data in git."""
        yield from (one.path for one in self.needs)
        yield from sorted(self.in_git - self.outputs.keys())


def command_of(run: Run) -> str:
    """Return the command of a run as people are shown it: its name, or its words on one line."""
    return run.name or " ".join(" ".join(run.argv).split())
