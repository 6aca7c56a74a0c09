"""Arguments that may be a revision or a path, told apart the way git does."""

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, NamedTuple

from dsv.cli.context import Context
from dsv.errors import Ambiguous, NoTable, NotFound, Refused, UsageFault
from dsv.wording import did_you_mean

if TYPE_CHECKING:
    from dsv.records.dataset_names import DatasetName


class Words(NamedTuple):
    """The arguments of a command, sorted.

    Attributes:
        revisions: As they were written.
        paths: Relative to the workspace.
    """

    revisions: tuple[str, ...]
    paths: tuple[str, ...]

    @property
    def revision(self) -> str | None:
        """The first revision, if one was given."""
        return self.revisions[0] if self.revisions else None

    @property
    def path(self) -> str | None:
        """The first path, if one was given."""
        return self.paths[0] if self.paths else None


def sort_words(
    context: Context, words: Sequence[str], *, most_revisions: int = 1, most_paths: int | None = 1
) -> Words:
    """Return which of `words` are revisions, which come first, and which are paths.

    What stands before `--` is a revision and what stands after it a path, whatever else it could be.

    Raises:
        Ambiguous: A word is both, and no `--` says which.
        NotFound: A word is neither.
        UsageFault: There are more of them than the command takes.
    """
    if context.after_dashes is None:
        count = 0
        while count < min(len(words), most_revisions) and is_revision_word(context, words[count]):
            count += 1
        for word in words[count:]:
            if not is_path(context, word):
                raise _neither(context, word)
    else:
        count = len(words) - context.after_dashes
    first, rest = words[:count], words[count:]
    if len(first) > most_revisions or (most_paths is not None and len(rest) > most_paths):
        raise UsageFault(f"too many arguments: {' '.join(words)}")
    return Words(tuple(first), tuple(map(context.path, rest)))


def place(context: Context, word: str) -> "DatasetName":
    """Return the dataset, or the file in one, that `PATH[@REV[:FILE]]` means; without REV staged, else HEAD.

    Raises:
        Refused: The path leads out of the workspace.
        UsageFault: It is not of that form.
    """
    from dsv.records import dataset_names

    workspace = context.workspace
    staged = dataset_names.datasets_at(workspace.repo, None)
    found = dataset_names.place(workspace.repo, context.path(word), staged)
    if found.revision is None and found.path not in staged and workspace.repo.refs().head is not None:
        return dataset_names.place(workspace.repo, f"{context.path(word)}@HEAD", staged)
    return found


def is_path(context: Context, word: str) -> bool:
    """Whether there is a file of that name, or a dataset of HEAD or the stage at, in or around it."""
    try:
        path = context.path(word)
    except Refused:
        return False
    if os.path.lexists(context.cwd / word):
        return True
    workspace = context.workspace
    refs = workspace.repo.refs()
    known = {
        *workspace.repo.datasets(refs.mine.staged),
        *workspace.repo.datasets(workspace.repo.snapshot_of(refs.head)),
    }
    return any(name == path or name.startswith(f"{path}/") or path.startswith(f"{name}/") for name in known)


def is_revision_word(context: Context, word: str) -> bool:
    """Whether `word`, before which no `--` stood, names a commit.

    Raises:
        Ambiguous: It is a path, too.
    """
    if context.after_dashes is not None:
        return context.after_dashes == 0
    from dsv.records import revisions

    found = revisions.is_revision(context.workspace.repo, word)
    if found and word != "HEAD" and is_path(context, word):
        raise Ambiguous(
            f"{word} is both a revision and a path", hint="put `--` after revisions and before paths"
        )
    return found


def at_root(context: Context, words: Sequence[str]) -> str | None:
    """Return a hint for a path that is there in the workspace's own folder, and not in the one that it was typed in."""
    if "workspace" not in vars(context) or context.cwd == context.workspace.root:
        return None
    root = context.workspace.root
    for word in words:
        path = word.partition("@")[0]
        if not path or path.startswith(("-", "/", ".")) or os.path.lexists(context.cwd / path):
            continue
        if os.path.lexists(root / path) or path in context.workspace.repo.datasets(
            context.workspace.repo.refs().mine.staged
        ):
            return f"paths start in the folder that you are in: {context.typed(path)}"
    return None


def _neither(context: Context, word: str) -> Exception:
    try:
        context.path(word)
    except Refused as error:
        return error
    workspace = context.workspace
    refs = workspace.repo.refs()
    names = [*refs.branches, *refs.tags, *map(context.typed, workspace.repo.datasets(refs.mine.staged))]
    return NotFound(
        f"{word} is neither a revision nor a path",
        hint=did_you_mean(word, names, "put `--` before a path that is not there any more"),
    )


@contextmanager
def as_table(place: "DatasetName") -> Iterator[None]:
    """Name `place` in the reason why it is no table."""
    try:
        yield
    except NoTable as error:
        raise NoTable(f"{place.full_path} is no table: {error.message}", hint=error.hint) from error
