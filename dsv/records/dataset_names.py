"""Names for datasets, and for files in them, at a revision: `data.csv@v1:part.csv`."""

import shlex
from collections.abc import Iterable
from dataclasses import dataclass, replace

from dsv.errors import Ambiguous, NotFound, Refused, UsageFault
from dsv.ids import ObjectId
from dsv.model import tree as trees
from dsv.model.checkpoint import Checkpoint
from dsv.model.node import DIR, EXEC, FILE, LINK
from dsv.records.revisions import resolve
from dsv.store.repository import Datasets, Repository, Tracked
from dsv.wording import did_you_mean


@dataclass(frozen=True, slots=True)
class DatasetName:
    """A dataset, or a file in one, at some revision.

    Attributes:
        path: Path of the dataset, relative to the workspace.
        revision: As the user wrote it; None where none was given.
        file: Path of a file inside a folder dataset; None for the whole dataset.
    """

    path: str
    revision: str | None
    file: str | None = None

    @property
    def full_path(self) -> str:
        """Path of what is named, relative to the workspace."""
        return self.path if self.file is None else f"{self.path}/{self.file}"


def place(repo: Repository, text: str, tracked: Iterable[str]) -> DatasetName:
    """Return what `text` (`PATH`, `PATH@REV`, `PATH@REV:FILE`) stands for.

    Args:
        repo: The repository.
        text: The argument, its path relative to the workspace.
        tracked: The paths of the datasets that are tracked now.

    A tracked path as a whole is that path, and so is one of a file in a tracked folder. Else the `@` that
    follows the name of a dataset divides: one that is tracked now, or else at the revision behind the `@`.
    """
    datasets = datasets_at(repo, None)
    known = {*tracked, *datasets}
    if text in known or _is_file(repo, text, datasets):
        return _inside(text, None, known)
    cuts = _cuts(text)
    if not cuts:
        return _inside(text, None, known)
    # Of names that are each the start of the other the longer one is meant: it could not be named otherwise.
    cut = next((cut for cut in reversed(cuts) if text[:cut] in known), None)
    if cut is None and len(cuts) > 1:
        cut = next((cut for cut in cuts if _was_there(repo, text, cut)), None)
    return _divided(repo, text, cuts[-1] if cut is None else cut)


def _divided(repo: Repository, text: str, cut: int) -> DatasetName:
    path, revision, file = _parts(text, cut)
    if not path or not revision:
        raise UsageFault(f"{text!r} is not PATH@REV")
    if file:
        return DatasetName(path, revision, file)
    return _inside(path, revision, set(datasets_at(repo, revision)))


def _is_file(repo: Repository, text: str, datasets: Datasets) -> bool:
    """Whether a path is one of a file in a folder that is tracked now."""
    found = _inside(text, None, set(datasets))
    if found.file is None:
        return False
    checkpoint = datasets[found.path].checkpoint
    return checkpoint.kind == DIR and trees.find_path(checkpoint.content, found.file, repo.node) is not None


def _was_there(repo: Repository, text: str, cut: int) -> bool:
    """Whether what stands before the `@` at `cut` is a dataset, or in one, at the revision behind it."""
    path, revision, _ = _parts(text, cut)
    try:
        known = set(datasets_at(repo, revision)) if revision else set()
    except (NotFound, Ambiguous):
        return False
    return _inside(path, revision, known).path in known


def datasets_at(repo: Repository, revision: str | None) -> Datasets:
    """Return the datasets of `revision`; None for what is staged."""
    if revision is None:
        return repo.datasets(repo.refs().mine.staged)
    return repo.datasets(repo.snapshot_of(resolve(repo, revision)))


def dataset_at(repo: Repository, place: DatasetName) -> Tracked:
    """Return the dataset that `place` names.

    Raises:
        NotFound: There is no such revision, or no such dataset in it.
    """
    known = datasets_at(repo, place.revision)
    found = known.get(place.path)
    if found is None:
        where = f"at {place.revision}" if place.revision else "tracked here"
        listing = "dsv ls" if place.revision is None else f"dsv ls {shlex.quote('@' + place.revision)}"
        raise NotFound(f"no dataset {place.path} {where}", hint=did_you_mean(place.path, known, listing))
    return found


def version_of(repo: Repository, name: str) -> Checkpoint | None:
    """Return the version that an input of a run is whose record calls it `PATH@REV`; None if it is none now.

    What the run read may have been another one, as `REV` may be a branch.
    """
    cut = max(_cuts(name), default=0)
    if not cut or not name[cut + 1 :]:
        return None
    try:
        found = datasets_at(repo, name[cut + 1 :]).get(name[:cut])
    except (NotFound, Ambiguous):
        return None
    return None if found is None else found.checkpoint


def content_at(repo: Repository, place: DatasetName) -> Checkpoint:
    """Return the dataset at `place`, or the file in it as if it were a dataset of its own.

    Raises:
        NotFound: No such revision, dataset or file.
        Refused: It is a link.
    """
    found = dataset_at(repo, place).checkpoint
    if place.file is None:
        return found
    entry = trees.find_path(found.content, place.file, repo.node) if found.kind == DIR else None
    if entry is None:
        raise NotFound(
            f"no file {place.file} in {place.path}", hint=f"dsv ls {typed(replace(place, file=None))}"
        )
    if entry.kind == LINK:
        raise Refused(f"{place.file} is a link to {entry.target}")
    content = ObjectId(entry.target)
    if entry.kind in {FILE, EXEC}:
        return replace(
            found,
            content=content,
            kind=entry.kind,
            size=repo.contents.size(content),
            files=1,
            schema=None,
        )
    return replace(found, content=content, kind=DIR, schema=None)


def version_before(repo: Repository, place: DatasetName, *, within: int = 64) -> Tracked | None:
    """Return what a dataset was before it became what it is at `place`, along first parents.

    Args:
        repo: The repository.
        place: The dataset and the revision.
        within: How many commits to look back.
    """
    now = datasets_at(repo, place.revision).get(place.path)
    refs = repo.refs()
    oid = refs.head if place.revision is None else resolve(repo, place.revision)
    for _ in range(within):
        if oid is None:
            return None
        found = repo.datasets(repo.snapshot_of(oid)).get(place.path)
        if found is not None and (now is None or found.checkpoint.content != now.checkpoint.content):
            return found
        parents = repo.commit(oid).parents
        oid = parents[0] if parents else None
    return None


def select(datasets: Iterable[str], paths: Iterable[str], revision: str) -> list[str]:
    """Return the datasets that `paths` name: each itself, or all below a folder.

    Raises:
        NotFound: A path names none of them.
        Refused: A path is inside a folder dataset, which goes as a whole.
    """
    known = list(datasets)
    found: dict[str, None] = {}
    for path in paths:
        mine = [name for name in known if path in {".", name} or name.startswith(f"{path}/")]
        above = next((name for name in known if path.startswith(f"{name}/")), None)
        if not mine and above is not None:
            file = typed(DatasetName(above, revision, path.removeprefix(f"{above}/")))
            raise Refused(f"{path} is in the dataset {above}", hint=f"dsv cat {file}")
        if not mine:
            listing = f"dsv ls {shlex.quote('@' + revision)}"
            raise NotFound(f"no dataset {path} at {revision}", hint=did_you_mean(path, known, listing))
        found.update(dict.fromkeys(mine))
    return list(found)


def _inside(path: str, revision: str | None, known: set[str]) -> DatasetName:
    """Take a path below a folder dataset for a file in it."""
    if path not in known:
        parts = path.split("/")
        for end in range(len(parts) - 1, 0, -1):
            above = "/".join(parts[:end])
            if above in known:
                return DatasetName(above, revision, "/".join(parts[end:]))
    return DatasetName(path, revision)


def inside(place: DatasetName, path: str) -> DatasetName:
    """Return what lies at `path` in the folder at `place`."""
    return replace(place, file=path if place.file is None else f"{place.file}/{path}")


def typed(place: DatasetName) -> str:
    """Return a place as an argument for a shell."""
    if place.revision is None:
        return shlex.quote(place.full_path)
    return shlex.quote(f"{place.path}@{place.revision}" + (f":{place.file}" if place.file else ""))


def _cuts(text: str) -> list[int]:
    """Return where each `@` stands that may divide a path from a revision: one that no `{` follows."""
    return [
        place for place, letter in enumerate(text) if letter == "@" and text[place + 1 : place + 2] != "{"
    ]


def _parts(text: str, cut: int) -> tuple[str, str, str]:
    revision, _, file = _split_file(text[cut + 1 :])
    return text[:cut], revision, file


def _split_file(rest: str) -> tuple[str, str, str]:
    if rest.startswith("git:"):
        revision, colon, file = rest.removeprefix("git:").partition(":")
        return f"git:{revision}", colon, file
    return rest.partition(":")
