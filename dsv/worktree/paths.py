"""Where a dataset may be, and which names its file system can hold side by side."""

import contextlib
import os
import stat as modes
import sys
import unicodedata
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from dsv.errors import Refused
from dsv.ids import ObjectId
from dsv.model.dataset_paths import NEVER_DATA, OWN_FILES, disguised, is_git_file
from dsv.model.node import DIR, Get
from dsv.model.tree import walk

_PLACEHOLDERS = frozenset({".gitkeep", ".keep"})
_OUTSIDE = "bind-mount the data into the workspace, or use dsv import"
_DEVICES = frozenset(
    {"con", "prn", "aux", "nul", *(f"{name}{n}" for name in ("com", "lpt") for n in range(1, 10))}
)
_FORBIDDEN = frozenset('<>:"\\|?*')


class FileSystem(NamedTuple):
    """What a file system takes for the same name, or does not take at all.

    Attributes:
        folds_case: `a` and `A` are one file.
        folds_unicode: Two Unicode spellings of a character are one file.
        windows: Names that Windows reserves cannot be written.
    """

    folds_case: bool = False
    folds_unicode: bool = False
    windows: bool = False

    @property
    def is_plain(self) -> bool:
        """Whether every name can be written beside every other."""
        return not any(self)


def check_dataset(root: Path, dataset: str) -> None:
    """Check that `dataset` may be tracked in the workspace `root`; it need not exist.

    Raises:
        Refused: It leads out of the workspace or into the store, git, or another workspace,
            goes through a link, is one of dsv's own files, or is not UTF-8.
    """
    parts = dataset.split("/")
    _check_parts(dataset, parts)
    for end in range(1, len(parts) + 1):
        here = root.joinpath(*parts[:end])
        try:
            mode = here.lstat().st_mode
        except OSError:
            return
        if modes.S_ISLNK(mode):
            _refuse_link(root, here, "/".join(parts[:end]))
        if modes.S_ISDIR(mode) and (here / "dsv.toml").is_file():
            raise Refused(f"{'/'.join(parts[:end])} is a workspace of its own", hint="run dsv in it")


def check_no_link(root: Path, dataset: str) -> None:
    """Check that no folder above `dataset` has become a link.

    Raises:
        Refused: One has; what it leads to is not data of this workspace.
    """
    above = os.fspath(root)
    for part in dataset.split("/")[:-1]:
        above = f"{above}/{part}"
        if os.path.islink(above):  # noqa: PTH114 - asked for every dataset of a status
            _refuse_link(root, Path(above), os.path.relpath(above, root))


def probe(folder: Path) -> FileSystem:
    """Find out what the file system of `folder`, which exists and is writable, takes for one name.

    Raises:
        OSError: The folder cannot be written.
    """
    token = os.urandom(6).hex()
    path = folder / f"probe-{token}-\xe9a"
    path.touch(exist_ok=False)
    try:
        return FileSystem(
            folds_case=(folder / f"probe-{token}-\xe9A").exists(),
            folds_unicode=(folder / f"probe-{token}-e\u0301a").exists(),
            windows=sys.platform == "win32",
        )
    finally:
        with contextlib.suppress(OSError):
            path.unlink()


def check_names(names: Iterable[str], system: FileSystem, shown: str) -> None:
    """Check that `names` can be side by side in the folder `shown`.

    Raises:
        Refused: Two of them are one on that file system, or one is reserved there.
    """
    taken: dict[str, str] = {}
    for name in names:
        if system.windows and is_reserved(name):
            raise Refused(f"{shown}/{name} has a name that this system cannot hold")
        other = taken.setdefault(_folded(name, system), name)
        if other != name:
            raise Refused(f"{shown} holds {other} and {name}, which are one name on this file system")


def check_tree(shown: str, node: ObjectId, get: Get, system: FileSystem) -> None:
    """Check the names of a directory and of all below it; reads nothing where every name will do.

    Raises:
        Refused: As `check_names`.
    """
    if system.is_plain:
        return
    check_names((entry.name for entry in walk(node, get)), system, shown)
    for entry in walk(node, get):
        if entry.kind == DIR:
            check_tree(f"{shown}/{entry.name}", ObjectId(entry.target), get, system)


def is_reserved(name: str) -> bool:
    """Whether Windows cannot hold a file called `name`."""
    if name[-1] in " ." or any(ord(char) < 32 or char in _FORBIDDEN for char in name):
        return True
    return name.split(".", maxsplit=1)[0].rstrip().lower() in _DEVICES


def _check_parts(dataset: str, parts: list[str]) -> None:
    try:
        dataset.encode()
    except UnicodeEncodeError:
        raise Refused(f"{os.fsencode(dataset)!r} is not named in UTF-8", hint="rename it") from None
    if dataset in {"", "."}:
        raise Refused("the workspace itself cannot be a dataset", hint="add the files and folders in it")
    if dataset.startswith("/") or ".." in parts:
        raise Refused(f"{dataset} is outside the workspace", hint=_OUTSIDE)
    if "" in parts or "." in parts or "\0" in dataset:
        raise Refused(f"{dataset!r} is no path of a dataset")
    if len(parts) == 1 and disguised(dataset) in OWN_FILES:
        raise Refused(f"{dataset} belongs to dsv itself", hint=f"git add {dataset}")
    for part in parts:
        if disguised(part) in NEVER_DATA:
            raise Refused(f"{dataset} is inside {part}, which dsv does not track")
    if is_git_file(dataset):
        raise Refused(f"{dataset} is a file of settings of git", hint=f"git add {dataset}")


def _refuse_link(root: Path, here: Path, shown: str) -> None:
    try:
        target = here.resolve().relative_to(root.resolve()).as_posix()
    except (OSError, RuntimeError, ValueError):
        raise Refused(f"{shown} is a link out of the workspace", hint=_OUTSIDE) from None
    raise Refused(f"{shown} is a link to {target}", hint=f"name {target} instead")


def _folded(name: str, system: FileSystem) -> str:
    if system.folds_unicode:
        name = unicodedata.normalize("NFC", name)
    return name.casefold() if system.folds_case else name


def holds_place_only(folder: Path) -> bool:
    """Whether `folder` is one that is there only for a `.gitkeep` in it or below, with which git keeps it."""
    if folder.is_symlink() or not folder.is_dir():
        return False
    kept = False
    for above, folders, files in os.walk(folder):
        if not _PLACEHOLDERS.issuperset(files) or any(Path(above, name).is_symlink() for name in folders):
            return False
        kept = kept or bool(files)
    return kept
