"""What a run saw in the folders that it listed, and where it looked in vain."""

from collections.abc import Iterable

from dsv.model.listing import Listing, Name
from dsv.model.node import DIR, FILE
from dsv.runs.record.classify import Classified
from dsv.workspace import Workspace
from dsv.worktree.folder_names import names_in
from dsv.worktree.litter import Litter
from dsv.worktree.scan import under


def listings(workspace: Workspace, uses: Classified, removed: Iterable[str]) -> dict[str, Listing]:
    """Return by folder the names that a run listed, as they were before it.

    That is what is there now, without what the run made, be it output, litter or a folder of those; and with
    what it removed. So a run that is repeated lists the same.

    Args:
        workspace: The workspace, after the run.
        uses: What the run used and made.
        removed: The files that it removed.
    """
    made = _Made(workspace, uses)
    litter = Litter(workspace.config.leave_out)
    found = {}
    for folder in uses.listed:
        names = names_in(workspace.root, folder, workspace.worktree.ignored, litter)
        if names is None:
            continue
        kept = {name: kind for name, kind in names.items() if not made.is_made(under(folder, name), kind)}
        start = f"{folder}/" if folder else ""
        for path in removed:
            if path.startswith(start) and not uses.made & {path}:
                name, _, below = path.removeprefix(start).partition("/")
                kept.setdefault(name, DIR if below else FILE)
        entries = (Name(name, kept[name]) for name in sorted(kept, key=str.encode))
        found[folder] = Listing(tuple(entries))
    return found


def absences(workspace: Workspace, uses: Classified) -> tuple[str, ...]:
    """Return the paths that a run looked for in vain, sorted; of a folder that is not there only the topmost.

    Args:
        workspace: The workspace, after the run.
        uses: What the run used and made.
    """
    litter = Litter(workspace.config.leave_out)
    found = set()
    for path in uses.absent:
        top = path
        while "/" in top and not (workspace.root / top.rpartition("/")[0]).exists():
            top = top.rpartition("/")[0]
        ours = any(top == made or top.startswith(f"{made}/") for made in uses.outputs)
        hidden = workspace.worktree.ignored.matches(path, is_dir=False) or litter.pattern_of(path) is not None
        if not (ours or hidden or top in uses.made or (workspace.root / top).exists()):
            found.add(top)
    return tuple(sorted(found, key=str.encode))


class _Made:
    """Tells what of a workspace a run made, and has made each time."""

    def __init__(self, workspace: Workspace, uses: Classified) -> None:
        self._workspace = workspace
        self._outputs = uses.outputs
        self._made = uses.made

    def is_made(self, path: str, kind: str) -> bool:
        """Whether the run made what is at `path`: a folder, if all in it."""
        if path in self._made or path in self._outputs:
            return True
        if kind != DIR:
            return False
        inside = f"{path}/"
        if not any(made.startswith(inside) for made in self._made):
            return False
        below = names_in(self._workspace.root, path, self._workspace.worktree.ignored) or {}
        return all(self.is_made(f"{path}/{name}", kind) for name, kind in below.items())
