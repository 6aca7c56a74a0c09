"""What differs between two runs: code, parameters, variables, environment, inputs, command.

One comparison for everybody who asks why data is another: `why` holds two recorded runs
beside each other, `verify` what was recorded and what was found, `rerun` what was recorded
and what there is now. Each part can also be had alone, for those who know only that part.
"""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import takewhile
from typing import NamedTuple

from dsv.errors import Corrupt, DsvError, StorageError
from dsv.ids import ObjectId, short
from dsv.model import environment
from dsv.model.code_list import Code, CodeFile
from dsv.model.environment import Environment, EnvironmentDifference
from dsv.model.listing import NamesChange
from dsv.model.run import Input, Run
from dsv.records import origins
from dsv.records.kept_facts import rows_of
from dsv.runs.meaning import same_meaning
from dsv.store.repository import Repository

CODE_LIMIT = 1 << 20
"""Code files with more bytes are not compared line by line."""

_LINES = 4_000


class Aspect(StrEnum):
    """What kind of circumstance. Append-only: JSON documents have these words."""

    COMMAND = "command"
    FOLDER = "folder"
    CODE = "code"
    PARAMETER = "parameter"
    VARIABLE = "variable"
    INPUT = "input"
    ENVIRONMENT = "environment"
    LISTING = "listing"
    ABSENCE = "absence"
    OUTSIDE = "outside"
    STDIN = "stdin"
    LINK = "link"


class Lines(NamedTuple):
    """How the lines of a code file differ.

    Attributes:
        added: Lines that only the later one has.
        removed: Lines that only the earlier one has.
        meaning: Whether more than formatting and comments differs; True where that is not known.
    """

    added: int
    removed: int
    meaning: bool


@dataclass(frozen=True, slots=True)
class Circumstance:
    """One thing that is not as it was.

    Attributes:
        aspect: What kind of thing.
        name: Path of a code file or input, name of a parameter, variable, package or program, `python`;
            empty for the command and the folder.
        before: What it was: an id of content for code and inputs, a version, a value, a command line;
            None if it was not there, or its value is kept secret.
        after: What it is; None as above.
        lines: For a code file on both sides whose bytes are here, how they differ; else None.
        rows: For an input on both sides, its rows before and after, each None if not known; else None.
        same_table: Whether an input is the same table in other bytes, as far as table ids are known.
        imported: For a package, whether the earlier run imported it; None if that is unknown.
        names: For a listed folder, how its names differ; None if that cannot be read.
    """

    aspect: Aspect
    name: str
    before: str | None
    after: str | None
    lines: Lines | None = None
    rows: tuple[int | None, int | None] | None = None
    same_table: bool = False
    imported: bool | None = None
    names: NamesChange | None = None

    @property
    def matters(self) -> bool:
        """Whether it can have changed what the run gives: not what only looks different, or was never imported."""
        if self.lines is not None:
            return self.lines.meaning
        return not self.same_table and self.imported is not False


def changed(
    repo: Repository, before: Run, after: Run, *, imported: Collection[str] | None = None
) -> tuple[Circumstance, ...]:
    """Return what differs between two runs, the likeliest cause of other data first.

    Command, code, parameters, variables, inputs, then the environment, what was imported first.
    What is not in the store is compared by its id alone.

    Args:
        repo: The repository.
        before: The earlier run, or what was recorded.
        after: The later one, or what there is now.
        imported: The distributions that the earlier run imported (`Attempt.imported`); None if unknown.
    """
    found = [*command_changed(before, after)]
    if before.code != after.code:
        found += _of_codes(repo, before.code, after.code)
    found += values_changed(Aspect.PARAMETER, before.params, after.params)
    found += values_changed(Aspect.VARIABLE, before.variables, after.variables)
    found += inputs_changed(repo, before.inputs, after.inputs)
    if before.version > 1 and after.version > 1:  # older records do not have these
        found += values_changed(Aspect.VARIABLE, before.surroundings, after.surroundings)
        found += _around_changed(repo, before, after)
    if before.environment != after.environment:
        found += _of_environments(repo, before.environment, after.environment, imported)
    return tuple(found)


def command_changed(before: Run, after: Run) -> Iterator[Circumstance]:
    """Yield how the command and the folder that it ran in differ."""
    from shlex import join

    if before.argv != after.argv:
        yield Circumstance(Aspect.COMMAND, "", join(before.argv), join(after.argv))
    if before.cwd != after.cwd:
        yield Circumstance(Aspect.FOLDER, "", before.cwd or ".", after.cwd or ".")


def values_changed(
    aspect: Aspect, before: Mapping[str, str | None], after: Mapping[str, str | None]
) -> Iterator[Circumstance]:
    """Yield how parameters or variables differ, by name."""
    for name in sorted(before.keys() | after.keys()):
        if name not in before or name not in after or before[name] != after[name]:
            yield Circumstance(aspect, name, before.get(name), after.get(name))


def code_changed(
    before: Code, after: Code, read: Callable[[CodeFile], bytes | None]
) -> Iterator[Circumstance]:
    """Yield how code files differ, by path.

    Args:
        before: The code files then.
        after: The code files now.
        read: Returns the bytes of one of them, None if they are not to be had.
    """
    old = {file.path: file for file in before.files}
    new = {file.path: file for file in after.files}
    for path in sorted(old.keys() | new.keys()):
        was, is_now = old.get(path), new.get(path)
        if was is None or is_now is None:
            then, now = (None if file is None else file.file for file in (was, is_now))
            yield Circumstance(Aspect.CODE, path, then, now)
        elif was.file != is_now.file:
            yield Circumstance(
                Aspect.CODE, path, was.file, is_now.file, lines=_lines(path, read(was), read(is_now))
            )


def inputs_changed(
    repo: Repository, before: Sequence[Input], after: Sequence[Input]
) -> Iterator[Circumstance]:
    """Yield how the contents of inputs differ, by path; where the same content came from does not count."""
    old = {one.path: one for one in before}
    new = {one.path: one for one in after}
    for path in sorted(old.keys() | new.keys()):
        was, is_now = old.get(path), new.get(path)
        if was is None or is_now is None:
            then, now = (None if one is None else one.checkpoint.content for one in (was, is_now))
            yield Circumstance(Aspect.INPUT, path, then, now)
        elif was.checkpoint.content != is_now.checkpoint.content:
            yield Circumstance(
                Aspect.INPUT,
                path,
                was.checkpoint.content,
                is_now.checkpoint.content,
                rows=(rows_of(repo, path, was.checkpoint), rows_of(repo, path, is_now.checkpoint)),
                same_table=_same_table(repo, was, is_now),
            )


def environment_changed(
    before: Environment, after: Environment, imported: Collection[str] | None = None
) -> Iterator[Circumstance]:
    """Yield how environments differ: what was imported first, as `dsv.model.environment.compare`."""
    for one in environment.compare(before, after, imported):
        yield _of_difference(one)


def _around_changed(repo: Repository, before: Run, after: Run) -> Iterator[Circumstance]:
    """Yield how what was around two runs differs; of folders and names only what both looked at."""
    listed = {one.path: one.listing for one in after.listings}
    for one in before.listings:
        other = listed.get(one.path, one.listing)
        if other != one.listing:
            names = _names_changed(repo, one.path, one.listing, other)
            yield Circumstance(Aspect.LISTING, one.path, None, None, names=names)
    old, new = ({one.path: one.content for one in run.outside} for run in (before, after))
    yield from values_changed(Aspect.OUTSIDE, old, new)
    led = {one.path: one.target for one in after.links}
    for path, target in before.links:
        if led.get(path, target) != target:
            yield Circumstance(Aspect.LINK, path, target, led[path])
    if before.stdin != after.stdin:
        yield Circumstance(Aspect.STDIN, "", before.stdin, after.stdin)
    read = {file.path for file in _files(repo, after)} | {one.path for one in after.inputs}
    for path in before.absent:
        if path not in after.absent and path in read:
            yield Circumstance(Aspect.ABSENCE, path, None, None)


def _names_changed(repo: Repository, folder: str, before: ObjectId, after: ObjectId) -> NamesChange | None:
    """Return how two listings of a folder differ; None if they cannot be read."""
    try:
        old, new = ({name.name: name.kind for name in repo.listing(oid).names} for oid in (before, after))
    except DsvError:
        return None
    other = [name for name in new if name in old and new[name] != old[name]]
    return NamesChange.of(folder, new.keys() - old.keys(), old.keys() - new.keys(), other)


def _files(repo: Repository, run: Run) -> tuple[CodeFile, ...]:
    try:
        return repo.code(run.code).files
    except DsvError:
        return ()


def _of_codes(repo: Repository, before: ObjectId, after: ObjectId) -> Iterator[Circumstance]:
    def read(file: CodeFile) -> bytes | None:
        try:
            if repo.contents.size(file.file) > CODE_LIMIT:
                return None
            return b"".join(bytes(data) for data in repo.contents.stream(file.file))
        except (Corrupt, StorageError):
            return None

    try:
        old, new = repo.code(before), repo.code(after)
    except (Corrupt, StorageError):
        yield Circumstance(Aspect.CODE, "(its list is not here)", before, after)
        return
    yield from code_changed(old, new, read)


def _of_environments(
    repo: Repository, before: ObjectId, after: ObjectId, imported: Collection[str] | None
) -> Iterator[Circumstance]:
    try:
        old, new = repo.environment(before), repo.environment(after)
    except DsvError:
        yield Circumstance(Aspect.ENVIRONMENT, "environment", short(before), short(after))
        return
    yield from environment_changed(old, new, imported)


def _of_difference(one: EnvironmentDifference) -> Circumstance:
    return Circumstance(Aspect.ENVIRONMENT, one.what, one.recorded, one.present, imported=one.imported)


def _same_table(repo: Repository, was: Input, is_now: Input) -> bool:
    table = origins.typed_table(repo, was.path, was.checkpoint)
    return table is not None and table == origins.typed_table(repo, is_now.path, is_now.checkpoint)


def _lines(path: str, before: bytes | None, after: bytes | None) -> Lines | None:
    if before is None or after is None:
        return None
    old, new = before.splitlines(), after.splitlines()
    head = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(old, new, strict=False)))
    old, new = old[head:], new[head:]
    tail = sum(
        1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(reversed(old), reversed(new), strict=False))
    )
    old, new = old[: len(old) - tail], new[: len(new) - tail]
    same = 0
    if old and new and len(old) + len(new) <= _LINES:
        from difflib import SequenceMatcher

        same = sum(block.size for block in SequenceMatcher(None, old, new).get_matching_blocks())
    return Lines(len(new) - same, len(old) - same, not same_meaning(path, before, after))
