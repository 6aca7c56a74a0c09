"""What a run used and made: as it was detected, and as it was declared."""

from dataclasses import dataclass, field

from dsv.capture.reads import Reports
from dsv.model.checkpoint import Checkpoint
from dsv.model.dataset_paths import GIT_FILES, OWN_FILES
from dsv.records import dataset_names
from dsv.runs.record import script_imports
from dsv.runs.record.before import Before
from dsv.runs.record.file_roles import is_data
from dsv.runs.record.request import Request
from dsv.runs.record.withholding import Withholding
from dsv.workspace import Workspace

NOT_CODE = OWN_FILES | GIT_FILES


@dataclass(slots=True)
class Classified:
    """What a run used and made. Paths are relative to the workspace.

    Attributes:
        inputs: The datasets that it read, as they were before.
        versions: Other versions of datasets that it read, by `PATH@REV`.
        sources: New datasets that it read, to be stored now: it did not change them.
        code: The other files that it read and that made it what it was.
        in_git: Of `code`, those that git tracks and that were read as data.
        texts: By path code that is in no file any more, or was never.
        withheld: Files that it read and that may hold secrets.
        suspicions: Why files may hold secrets, those that it wrote among them.
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
        notes: Further notes for the user.
    """

    inputs: dict[str, Checkpoint] = field(default_factory=dict)
    versions: dict[str, Checkpoint] = field(default_factory=dict)
    sources: set[str] = field(default_factory=set)
    code: set[str] = field(default_factory=set)
    in_git: set[str] = field(default_factory=set)
    texts: dict[str, bytes] = field(default_factory=dict)
    withheld: set[str] = field(default_factory=set)
    suspicions: dict[str, str] = field(default_factory=dict)
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


def declared(workspace: Workspace, request: Request, before: Before, found: Classified | None) -> Classified:
    """Return what a run used with what was declared instead of what was found.

    Args:
        workspace: The workspace.
        request: What is declared.
        before: The workspace before the run.
        found: What was found; None if nothing was watched: then code is what the command names, and
            what it is known to read.
    """
    uses = found or Classified(code=_named(workspace, request, before) | set(request.code))
    if request.outputs is not None:
        uses.outputs = {before.dataset_of(path) or path for path in request.outputs}
    if request.inputs is not None:
        uses.inputs = {path: old for path, old in uses.inputs.items() if path in uses.outputs}
        uses.sources = set()
        for path in request.inputs:
            dataset = before.dataset_of(path)
            if dataset is not None:
                uses.inputs[dataset] = before.versions[dataset]
            elif (version := dataset_names.version_of(workspace.repo, path)) is not None:
                uses.versions[path] = version
            else:
                names = {name for name in before.in_git if name == path or name.startswith(f"{path}/")}
                uses.code |= names
                uses.in_git |= names
    return uses


def add_reported(uses: Classified, reports: Reports) -> None:
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


def _named(workspace: Workspace, request: Request, before: Before) -> set[str]:
    """Return the code files that the words of the command are, and the Python modules that those import."""
    found = set()
    folder = workspace.root / request.cwd
    withholding = Withholding.of(workspace)
    for before_word, word in zip(("", *request.argv), request.argv, strict=False):
        module = script_imports.module_file(workspace.root, folder, word) if before_word == "-m" else None
        place = workspace.root / module if module else (folder / word).resolve()
        try:
            path = place.relative_to(workspace.root.resolve()).as_posix()
        except ValueError:
            continue
        if not place.is_file() or before.dataset_of(path) or path in NOT_CODE:
            continue
        if path in before.in_git or not is_data(workspace.root, path):
            found.add(path)
    further = script_imports.imported(workspace.root, {path for path in found if path.endswith(".py")})
    found |= {path for path in further if not before.dataset_of(path)}
    return {path for path in found if withholding.reason(path, ignored=False) is None}


def undeclared(request: Request, found: Classified) -> list[str]:
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
