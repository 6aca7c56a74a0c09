"""Which paths datasets and their files may have, as far as that depends on no disk."""

import unicodedata
from collections.abc import Collection, Iterator

from dsv.errors import Corrupt

NEVER_DATA = frozenset({".dsv", ".git"})
"""Names that no dataset holds, at any depth; in any case of letters they are never written."""

OWN_FILES = frozenset({"dsv.toml", "dsv.lock", ".dsvignore"})
"""Files at the top of a workspace that belong in git."""

GIT_FILES = frozenset({".gitignore", ".gitattributes", ".gitmodules"})
"""Names of git's own settings, in any folder."""


def check_stored_name(name: str, shown: str) -> None:
    """Check a name that comes from the store and is about to be written.

    Raises:
        Corrupt: It is the store's or git's own, or a path: no dsv records such a name.
    """
    if "/" in name:
        raise Corrupt(f"{shown} holds {name!r}, which is a path and no name")
    # Git on Windows and macOS fell for the disguised spellings.
    if (name[0] in ".gGdD" or not name.isascii()) and disguised(name) in NEVER_DATA:
        raise Corrupt(
            f"{shown} holds {name!r}, which dsv never records: it would write into git or the store"
        )


def check_stored_paths(datasets: Collection[str]) -> None:
    """Check the paths of a snapshot that comes from the store.

    Raises:
        Corrupt: One is inside another, or inside the store or git, or dsv's own: no dsv records it.
    """
    known = set(datasets)
    for dataset in datasets:
        parts = dataset.split("/")
        for end, part in enumerate(parts, 1):
            check_stored_name(part, f"the snapshot with {dataset!r}")
            if end < len(parts) and "/".join(parts[:end]) in known:
                raise Corrupt(f"{dataset!r} is recorded inside another dataset, which dsv never does")
        if len(parts) == 1 and disguised(dataset) in OWN_FILES:
            raise Corrupt(f"{dataset!r} is recorded as a dataset, and belongs to dsv itself")


def folders_above(dataset: str) -> Iterator[str]:
    """Yield the folders that a dataset is in, the nearest first; not the workspace: `a/b`, `a` for `a/b/c`."""
    end = len(dataset)
    while (end := dataset.rfind("/", 0, end)) > 0:
        yield dataset[:end]


def is_git_file(dataset: str) -> bool:
    """Whether a dataset of this name would be taken by git for settings of its own, in any spelling."""
    return disguised(dataset.rpartition("/")[2]) in GIT_FILES


def disguised(name: str) -> str:
    """Return what file systems that ignore case, format characters and final dots make of `name`."""
    folded = "".join(char for char in name if unicodedata.category(char) != "Cf").casefold()
    return {"git~1": ".git", "dsv~1": ".dsv"}.get(folded, folded.rstrip(". ").split(":", 1)[0])
