"""Say of files that look as if they held a secret that they hold none.

That is kept in `.dsv/config`, which is never shared: nobody else can say it for this workspace.
"""

from collections.abc import Iterable

from dsv.config.edit import with_values, write
from dsv.config.keys import LOCAL
from dsv.config.load import read_text
from dsv.errors import NotFound
from dsv.workspace import Workspace

ALLOW = "secrets.allow"


def allowed(workspace: Workspace) -> tuple[str, ...]:
    """Return the paths of which the user says that they hold no secret, sorted."""
    return tuple(sorted(workspace.config.no_secrets))


def allow(workspace: Workspace, paths: Iterable[str]) -> tuple[str, ...]:
    """Say that the files or folders at `paths` hold no secret; return all of which that is said.

    Raises:
        NotFound: One is not there.
        BadConfig, StorageError: The settings cannot be read or written.
    """
    paths = tuple(paths)
    for path in paths:
        if not workspace.worktree.holds(path):
            raise NotFound(
                f"no such file or folder: {path}", hint="a path that is there, relative to this folder"
            )
    return _put(workspace, {*workspace.config.no_secrets, *paths})


def forget(workspace: Workspace, paths: Iterable[str]) -> tuple[str, ...]:
    """Take back what was said of `paths`; return of which it is still said.

    Raises:
        NotFound: It was never said of one.
        BadConfig, StorageError: The settings cannot be read or written.
    """
    paths = tuple(paths)
    for path in paths:
        if path not in workspace.config.no_secrets:
            raise NotFound(f"{path} is not allowed", hint="dsv config secrets list")
    return _put(workspace, {*workspace.config.no_secrets}.difference(paths))


def _put(workspace: Workspace, paths: Iterable[str]) -> tuple[str, ...]:
    new = tuple(sorted(paths))
    text = read_text(workspace.root / LOCAL)
    write(workspace.root, LOCAL, with_values(text, {ALLOW: list(new) or None}))
    return new
