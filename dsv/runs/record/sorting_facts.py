"""What sorting the files of a run asks of the workspace."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from dsv.capture.growth import is_same
from dsv.ids import ObjectId
from dsv.model import tree as trees
from dsv.model.checkpoint import Checkpoint
from dsv.model.node import EXEC, FILE
from dsv.runs.record.before import Before
from dsv.runs.record.output_folders import above
from dsv.runs.record.withholding import Withholding
from dsv.workspace import Workspace
from dsv.worktree import git
from dsv.worktree.litter import Litter


@dataclass(frozen=True, slots=True)
class SortingFacts:
    """A workspace, as a run found it and as it is now.

    Attributes:
        workspace: The workspace.
        before: How the run found it.
        litter: What is left out of outputs.
        ignored: Of what the run used, what git ignores.
        shared: The folders that hold tracked datasets.
        withholding: Decides which files may hold secrets.
    """

    workspace: Workspace
    before: Before
    litter: Litter
    ignored: frozenset[str]
    shared: frozenset[str]
    withholding: Withholding

    @classmethod
    def of(cls, workspace: Workspace, before: Before, litter: Litter, used: Iterable[str]) -> "SortingFacts":
        """Return the workspace, for files `used` by a run."""
        ignored: frozenset[str] = frozenset()
        if before.git is not None:
            loose = [path for path in used if path not in before.in_git and before.dataset_of(path) is None]
            ignored = git.ignored(workspace.root, loose)
        shared = frozenset(folder for path in before.tracked for folder in above(path))
        return cls(workspace, before, litter, ignored, shared, Withholding.of(workspace))

    @property
    def root(self) -> Path:
        """The folder of the workspace."""
        return self.workspace.root

    def suspicion(self, path: str) -> str | None:
        """Return why a file may hold secrets; None if nothing says so."""
        return self.withholding.reason(path, ignored=path in self.ignored)

    def version_of(self, path: str) -> tuple[Checkpoint, str] | None:
        """Return the version before of the dataset that a file is or is in, and its name in it."""
        dataset = self.before.dataset_of(path)
        old = None if dataset is None else self.before.versions.get(dataset)
        return None if dataset is None or old is None else (old, path.removeprefix(f"{dataset}/"))

    def is_as_before(self, path: str) -> bool:
        """Whether a file of a dataset has the bytes that it had before the run."""
        known = self.version_of(path)
        found = None if known is None else self.file_in(*known)
        return found is not None and is_same(self.root / path, *found)

    def file_in(self, old: Checkpoint, name: str) -> tuple[int, ObjectId] | None:
        """Return size and file id of a file in an old version, `name` says which if that is a folder; None if it is none."""
        if not old.is_dir:
            return old.size, old.content
        entry = trees.find_path(old.content, name, self.workspace.repo.node)
        if entry is None or entry.kind not in (FILE, EXEC):
            return None
        return self.workspace.repo.contents.size(ObjectId(entry.target)), ObjectId(entry.target)
