"""A workspace for tests, worked on through `dsv.ops`."""

from collections.abc import Mapping
from pathlib import Path

from dsv.ids import ObjectId
from dsv.ops.add import add
from dsv.ops.cat import cat
from dsv.ops.commit import commit
from dsv.ops.init import init
from dsv.ops.status import WorkspaceStatus, status
from dsv.records import dataset_names
from dsv.store.refs import Local, Refs
from dsv.workspace import Workspace


class Workshop:
    """A workspace whose commands each open it again."""

    def __init__(self, root: Path) -> None:
        root.mkdir(parents=True, exist_ok=True)
        self.root = root
        self._said = 0
        init(root)

    @property
    def workspace(self) -> Workspace:
        return Workspace.discover(self.root)

    @property
    def refs(self) -> Refs:
        return self.workspace.repo.refs()

    @property
    def local(self) -> Local:
        local = self.refs.local
        assert local is not None
        return local

    def write(self, files: Mapping[str, str | None]) -> None:
        """Write files; None removes one."""
        for name, text in files.items():
            path = self.root / name
            if text is None:
                path.unlink()
                continue
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")

    def read(self, name: str) -> str:
        return (self.root / name).read_text(encoding="utf-8")

    def holds(self, name: str) -> bool:
        return (self.root / name).exists()

    def add(self, *paths: str) -> None:
        add(self.workspace, paths)

    def commit(self, files: Mapping[str, str | None], *paths: str) -> ObjectId:
        """Write files, stage `paths`, and commit all changes; every message is another."""
        self.write(files)
        if paths:
            self.add(*paths)
        self._said += 1
        return commit(self.workspace, f"message {self._said}", author="ada", everything=True).id

    def cat(self, name: str) -> str:
        workspace = self.workspace
        place = dataset_names.place(workspace.repo, name, dataset_names.datasets_at(workspace.repo, None))
        return b"".join(map(bytes, cat(workspace.repo, place))).decode()

    def datasets(self, revision: str | None = None) -> list[str]:
        return list(dataset_names.datasets_at(self.workspace.repo, revision))

    def status(self) -> WorkspaceStatus:
        return status(self.workspace)

    def changes(self) -> tuple[dict[str, str], dict[str, str]]:
        """Return what is staged and what is not."""
        found = self.status()
        return (
            {one.path: one.change for one in found.staged},
            {one.path: one.change for one in found.unstaged},
        )
