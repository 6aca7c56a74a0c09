"""What the Tab key offers: branches, tags and datasets, from refs and the stat cache alone."""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click
from click.shell_completion import CompletionItem

from dsv.errors import DsvError

if TYPE_CHECKING:
    from dsv.workspace import Workspace


def revisions(ctx: click.Context, _: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Offer branches, tags and `HEAD`."""
    return _offer(_revisions(_workspace(ctx)), incomplete)


def branches(ctx: click.Context, _: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Offer branches."""
    workspace = _workspace(ctx)
    return _offer(workspace.repo.refs().branches if workspace else (), incomplete)


def tags(ctx: click.Context, _: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Offer tags."""
    workspace = _workspace(ctx)
    return _offer(workspace.repo.refs().tags if workspace else (), incomplete)


def datasets(ctx: click.Context, _: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Offer tracked paths, and files that the shell finds where none fits."""
    found = _offer(_datasets(_workspace(ctx)), incomplete)
    return found or [CompletionItem(incomplete, type="file")]


def files(_: click.Context, __: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Have the shell offer files."""
    return [CompletionItem(incomplete, type="file")]


def places(ctx: click.Context, _: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Offer tracked paths, and after `@` the revisions."""
    workspace = _workspace(ctx)
    path, at, _rest = incomplete.rpartition("@")
    if at:
        return _offer((f"{path}@{name}" for name in _revisions(workspace)), incomplete)
    return _offer(_datasets(workspace), incomplete)


def either(ctx: click.Context, parameter: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Offer revisions and datasets."""
    return revisions(ctx, parameter, incomplete) + places(ctx, parameter, incomplete)


def _workspace(ctx: click.Context) -> "Workspace | None":
    from dsv.workspace import Workspace

    folder = ctx.find_root().params.get("folder")
    try:
        workspace = Workspace.discover(Path.cwd() / (folder or ""))
        workspace.repo.refs()
    except (DsvError, OSError):
        return None  # nothing is said while somebody types
    return workspace


def _revisions(workspace: "Workspace | None") -> Iterator[str]:
    if workspace is not None:
        refs = workspace.repo.refs()
        yield "HEAD"
        yield from refs.branches
        yield from refs.tags


def _datasets(workspace: "Workspace | None") -> Iterator[str]:
    if workspace is None:
        return
    try:
        yield from workspace.repo.datasets(workspace.repo.refs().mine.staged)
    except (DsvError, OSError):
        return


def _offer(names: Iterable[str], incomplete: str) -> list[CompletionItem]:
    return [CompletionItem(name) for name in sorted(names) if name.startswith(incomplete)]
