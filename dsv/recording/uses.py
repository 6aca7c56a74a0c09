"""What a run used and made: as it was found out, and as it was declared."""

from dataclasses import dataclass, field

from dsv import places
from dsv.lineage.reads import Reports
from dsv.model.checkpoint import Checkpoint
from dsv.recording import modules
from dsv.recording.before import Before
from dsv.recording.names import is_data, is_withheld
from dsv.recording.request import Request
from dsv.repo import Repo
from dsv.workspace.paths import GIT_FILES, OWN_FILES

NOT_CODE = OWN_FILES | GIT_FILES


@dataclass(slots=True)
class Uses:
    """What a run used and made. Paths are relative to the workspace.

    Attributes:
        inputs: The datasets that it read, as they were before.
        versions: Other versions of datasets that it read, by `PATH@REV`.
        sources: New datasets that it read, to be stored now: it did not change them.
        code: The other files that it read and that made it what it was.
        in_git: Of `code`, those that git tracks and that were read as data.
        texts: By path code that is in no file any more, or was never.
        withheld: Files that it read and that may hold secrets.
        listed: The folders that it listed.
        absent: What it looked for and did not find.
        found: What it looked at and found, and neither read nor listed.
        outside: The files outside of the workspace that it read, absolute.
        links: The links through which it came to what it read, with what they lead to.
        outputs: The datasets that it wrote.
        noted: Files in git that it wrote.
        removed: Tracked datasets that it removed.
        made: All paths that it made, changed or replaced, and the folders that it made.
        left_out: Files that it wrote and that are no outputs, with the rule that says so.
        state: Files that it read and that are the memory of tools, or hidden, with the rule that says so.
        unsure: What makes the record incomplete, a clause each.
        notes: What is worth saying besides.
    """

    inputs: dict[str, Checkpoint] = field(default_factory=dict)
    versions: dict[str, Checkpoint] = field(default_factory=dict)
    sources: set[str] = field(default_factory=set)
    code: set[str] = field(default_factory=set)
    in_git: set[str] = field(default_factory=set)
    texts: dict[str, bytes] = field(default_factory=dict)
    withheld: set[str] = field(default_factory=set)
    listed: set[str] = field(default_factory=set)
    absent: set[str] = field(default_factory=set)
    found: set[str] = field(default_factory=set)
    outside: set[str] = field(default_factory=set)
    links: dict[str, str] = field(default_factory=dict)
    outputs: set[str] = field(default_factory=set)
    noted: set[str] = field(default_factory=set)
    removed: set[str] = field(default_factory=set)
    made: set[str] = field(default_factory=set)
    left_out: dict[str, str] = field(default_factory=dict)
    state: dict[str, str] = field(default_factory=dict)
    unsure: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def reads(self) -> frozenset[str]:
        """Return the paths of all datasets that it read."""
        return frozenset(self.inputs) | self.sources


<<<<<<< HEAD
class _Place(NamedTuple):
    """What sorting asks of the workspace."""

    repo: Repo
    before: Before
    ignored: frozenset[str]
    shared: frozenset[str]

    @property
    def root(self) -> Path:
        return self.repo.root


def sort(repo: Repo, request: Request, before: Before, captured: Captured) -> Uses:
    """Sort the files that a command used by what they are to the run.

    Raises:
        Refused: It changed a file that it also read and that was not tracked: what it read is gone.
    """
    used = captured.read | captured.written | captured.removed
    odd = {path for path in used if not _is_text(path)} | request.own_files
    shared = frozenset(folder for path in before.tracked for folder in folders.above(path))
    place = _Place(repo, before, _ignored(repo, before, used - odd), shared)
    captured = replace(captured, written=captured.written - _only_stamped(place, captured.stamped - odd))
    uses = Uses()
    changed = (captured.written | captured.removed) - odd
    read = captured.read - {path for path in captured.appended if before.dataset_of(path) is None}
    gone = [path for path in sorted(read - odd) if not _sort_read(place, uses, path, changed)]
    if gone and request.inputs is None:
        raise Refused(
            f"the command changed {gone[0]}, which it had read and which was not tracked: what it read is gone",
            hint=f"dsv add {gone[0]}, and run again; or name it in .dsvignore if it does not matter",
        )
    uses.unsure += [f"{path} was read and then changed" for path in gone]
    _sort_written(place, uses, captured.written - odd)
    _sort_removed(place, uses, captured.removed - odd)
    _gather_sources(place, uses)
    _find_kept(place, uses, captured)
    caches = sorted(path for path in captured.written if _HF_CACHE.search(path))
    if caches:
        uses.notes.append(
            f"{caches[0]} is a cache of Hugging Face datasets: with the line {_HF_LINE} in .dsvignore it is no data"
        )
    if odd - request.own_files:
        uses.unsure.append("it used files whose names are not UTF-8")
    return uses


def _ignored(repo: Repo, before: Before, used: Collection[str]) -> frozenset[str]:
    if before.git is None:
        return frozenset()
    loose = [path for path in used if path not in before.in_git and before.dataset_of(path) is None]
    return git.ignored(repo.root, loose)


def _sort_read(place: _Place, uses: Uses, path: str, changed: frozenset[str]) -> bool:
    """Sort a file that was read; return whether what was read of it is still to be had."""
    before = place.before
    dataset = before.dataset_of(path)
    if dataset is not None:
        if dataset in before.versions:
            uses.inputs[dataset] = before.versions[dataset]
        return True
    if path in _NOT_CODE or _INSTALLED.search(path):
        return True
    if is_withheld(path):
        uses.withheld.add(path)
    elif path in before.in_git:
        if path in changed:
            uses.unsure.append(f"{path} was read and then changed")
        else:
            uses.code.add(path)
    elif path in place.ignored and not is_data(place.root, path):
        uses.withheld.add(path)
    elif path in changed:
        return False
    elif is_data(place.root, path):
        uses.sources.add(path)
    elif (place.root / path).is_file():
        uses.code.add(path)
    return True


def _sort_written(place: _Place, uses: Uses, written: frozenset[str]) -> None:
    before = place.before
    fresh = set()
    for path in written:
        dataset = before.dataset_of(path)
        if dataset is not None:
            uses.outputs.add(dataset)
        elif path in before.in_git:
            uses.noted.add(path)
        elif path not in _NOT_CODE and not is_withheld(path):
            fresh.add(path)
    for path, owner in folders.written_folders(place.root, fresh, place.shared).items():
        nothing = path in place.ignored and not has_data_name(path)
        if not nothing and not (place.root / owner).is_symlink():
            uses.outputs.add(owner)


def _only_stamped(place: _Place, paths: frozenset[str]) -> frozenset[str]:
    """Return which of `paths` have the bytes that they had: `touch` writes nothing, and is no origin of data."""
    return frozenset(path for path in paths if _is_as_before(place, path))


def _is_as_before(place: _Place, path: str) -> bool:
    dataset = place.before.dataset_of(path)
    old = None if dataset is None else place.before.versions.get(dataset)
    if dataset is None or old is None:
        return False
    found = _file_in(place, old, path.removeprefix(f"{dataset}/"))
    return found is not None and is_same(place.root / path, *found)


def _file_in(place: _Place, old: Checkpoint, name: str) -> tuple[int, ObjectId] | None:
    """Return size and file id of a file in an old version, `name` says which if that is a folder; None if it is none."""
    if not old.is_dir:
        return old.size, old.content
    entry = trees.find_path(old.content, name, place.repo.node)
    if entry is None or entry.kind not in (FILE, EXEC):
        return None
    return place.repo.contents.size(ObjectId(entry.target)), ObjectId(entry.target)


def _sort_removed(place: _Place, uses: Uses, removed: frozenset[str]) -> None:
    for path in removed:
        dataset = place.before.dataset_of(path)
        if dataset is None:
            continue
        if place.repo.holds(dataset):
            uses.outputs.add(dataset)
        else:
            uses.removed.add(dataset)


def _gather_sources(place: _Place, uses: Uses) -> None:
    """Put the new sources of which there are many in one folder together."""
    found = folders.read_folders(place.root, uses.sources, partial(_is_free, place, uses), place.shared)
    uses.sources = set(found.values())


def _is_free(place: _Place, uses: Uses, path: str) -> bool:
    """Whether a file that was not read may be part of a new source that is a folder."""
    taken = path in place.before.in_git or place.before.dataset_of(path) is not None or path in uses.code
    return not taken and not any(path == one or path.startswith(f"{one}/") for one in uses.outputs)


def _find_kept(place: _Place, uses: Uses, captured: Captured) -> None:
    """Take what an output keeps of the version before for an input."""
    for path in uses.outputs - uses.inputs.keys():
        old = place.before.versions.get(path)
        if old is None:
            continue
        keeps = old.is_dir and folders.unwritten(place.root, path, captured.written)
        if keeps or _has_grown(place, path, old, captured.overwritten):
            uses.inputs[path] = old


def _has_grown(place: _Place, path: str, old: Checkpoint, overwritten: frozenset[str]) -> bool:
    """Whether a file that the run opened to write still starts with the bytes that it had."""
    if not old.is_dir:
        return path in overwritten and has_grown(place.root / path, old.size, old.content)
    inside = f"{path}/"
    for name in overwritten:
        found = _file_in(place, old, name.removeprefix(inside)) if name.startswith(inside) else None
        if found is not None and has_grown(place.root / name, *found):
            return True
    return False


=======
>>>>>>> 6a7e2f2 (Record all that determined a run: variables, names, absences, files outside, data in git)
def declared(repo: Repo, request: Request, before: Before, found: Uses | None) -> Uses:
    """Return what a run used with what was declared instead of what was found.

    Args:
        repo: The workspace.
        request: What is declared.
        before: The workspace before the run.
        found: What was found; None if nothing was watched: then code is what the command names, and
            what it is known to read.
    """
    uses = found or Uses(code=_named(repo, request, before) | set(request.code))
    if request.outputs is not None:
        uses.outputs = {before.dataset_of(path) or path for path in request.outputs}
    if request.inputs is not None:
        uses.inputs = {path: old for path, old in uses.inputs.items() if path in uses.outputs}
        uses.sources = set()
        for path in request.inputs:
            dataset = before.dataset_of(path)
            if dataset is not None:
                uses.inputs[dataset] = before.versions[dataset]
            elif (version := places.version_of(repo, path)) is not None:
                uses.versions[path] = version
            else:
                names = {name for name in before.in_git if name == path or name.startswith(f"{path}/")}
                uses.code |= names
                uses.in_git |= names
    return uses


def add_reported(uses: Uses, reports: Reports) -> None:
    """Add the versions that a run says it read from the store: they are inputs like any other."""
    for read in reports.reads:
        if read.revision is None:
            uses.inputs.setdefault(read.path, read.checkpoint)
        else:
            uses.versions[read.name] = read.checkpoint
    if reports.broken:
        uses.unsure.append("a report of what it read from the store cannot be understood")
    uses.notes += [
        f"the step {name} is part of this run, and not recorded by itself" for name in reports.steps
    ]


def _named(repo: Repo, request: Request, before: Before) -> set[str]:
    """Return the code files that the words of the command are, and the Python modules that those import."""
    found = set()
    folder = repo.root / request.cwd
    for before_word, word in zip(("", *request.argv), request.argv, strict=False):
        module = modules.module_file(repo.root, folder, word) if before_word == "-m" else None
        place = repo.root / module if module else (folder / word).resolve()
        try:
            path = place.relative_to(repo.root.resolve()).as_posix()
        except ValueError:
            continue
        if not place.is_file() or before.dataset_of(path) or path in NOT_CODE or is_withheld(path):
            continue
        if path in before.in_git or not is_data(repo.root, path):
            found.add(path)
    further = modules.imported(repo.root, {path for path in found if path.endswith(".py")})
    return found | {path for path in further if not before.dataset_of(path) and not is_withheld(path)}


def undeclared(request: Request, found: Uses) -> list[str]:
    """Return what was read or written and not declared, a sentence each."""
    told = []
    if request.inputs is not None:
        missing = sorted(found.reads() - found.outputs - _covered(request.inputs, found.reads()))
        told += [f"{path} was read, and is not declared with -i" for path in missing]
    if request.outputs is not None:
        missing = sorted(found.outputs - _covered(request.outputs, found.outputs))
        told += [f"{path} was written, and is not declared with -o" for path in missing]
    return told


def _covered(declared_paths: tuple[str, ...], paths: frozenset[str] | set[str]) -> set[str]:
    return {
        path
        for path in paths
        for one in declared_paths
        if one == path or path.startswith(f"{one}/") or one.startswith(f"{path}/")
    }
