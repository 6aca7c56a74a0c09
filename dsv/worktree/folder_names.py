"""What a listing of a folder in the workspace tells a command, without what is none of its business."""

import os
from pathlib import Path

from dsv.atomic import TEMP_PREFIX
from dsv.model.dataset_paths import GIT_FILES, NEVER_DATA, OWN_FILES
from dsv.model.node import DIR, FILE, LINK
from dsv.worktree.ignore import CACHES, NOTHING, Ignore
from dsv.worktree.litter import Litter
from dsv.worktree.scan import under
from dsv.worktree.suffixes import is_work_name

_LITTER = Litter()


def names_in(
    root: Path, folder: str, ignore: Ignore = NOTHING, litter: Litter = _LITTER
) -> dict[str, str] | None:
    """Return by name what a folder holds: `FILE`, `DIR` or `LINK`; None if it is no folder, or cannot be read.

    Recording a run and asking later whether its listings still hold both use this. Left out are the
    store, git's and dsv's own files, caches, what rules name, the state of tools, pipes and the like, and
    names that are not UTF-8. Of the workspace itself programs, settings, papers and hidden names are left out,
    too: new ones come every day, and are of no use to who looks for data there.

    Args:
        root: The workspace.
        folder: The folder, relative to it; empty for the workspace itself.
        ignore: What is left out besides.
        litter: Knows the state of tools.
    """
    try:
        with os.scandir(root / folder) as entries:
            kinds = {entry.name: _kind(entry) for entry in entries if not is_ours(folder, entry.name)}
    except OSError:
        return None
    return {
        name: kind
        for name, kind in kinds.items()
        if kind is not None and not is_left_out(folder, name, kind, ignore, litter)
    }


def is_left_out(folder: str, name: str, kind: str, ignore: Ignore, litter: Litter) -> bool:
    """Whether rules, or being nobody's data, keep a name out of listings; as for `names_in`."""
    path = under(folder, name)
    if ignore.matches(path, is_dir=kind == DIR):
        return True
    if not folder and (name.startswith(".") or (kind == FILE and is_work_name(name))):
        return True
    return litter.is_state(f"{path}/" if kind == DIR else path)


def is_ours(folder: str, name: str) -> bool:
    """Whether a name is never told by a listing: git, dsv or a cache made it, or it is not UTF-8."""
    if name in NEVER_DATA or name in CACHES or name in GIT_FILES or name.startswith(TEMP_PREFIX):
        return True
    return (not folder and name in OWN_FILES) or not _is_text(name)


def _kind(entry: "os.DirEntry[str]") -> str | None:
    if entry.is_symlink():
        return LINK
    if entry.is_dir():
        return DIR
    return FILE if entry.is_file() else None


def _is_text(name: str) -> bool:
    return not any("\ud800" <= letter <= "\udfff" for letter in name)
