"""Which files of a workspace git brought from elsewhere, rather than their user having committed them here.

What tells is git's log of its own HEAD (the reflog), which no clone, fetch or pull takes over from others.
"""

import os
from collections.abc import Collection, Mapping
from pathlib import Path

from dsv.worktree import git, git_door
from dsv.worktree.git_door import NoGit

_UNFINISHED = (
    "MERGE_HEAD",
    "CHERRY_PICK_HEAD",
    "REVERT_HEAD",
    "SQUASH_MSG",
    "rebase-merge",
    "rebase-apply",
)
"""What git's folder has while commits of others may stand half done in the working tree."""

_OWN = ("commit: ", "commit (initial): ", "commit (merge): ")
"""How an entry of the reflog begins for a commit that was made here; `commit (cherry-pick)` has what others made."""

_AMENDED = "commit (amend): "


def brought(root: Path, files: Collection[tuple[str | None, str]]) -> frozenset[str]:
    """Return the paths of those of `files` whose committed version came from elsewhere since.

    Edits that are not committed are the user's own, and so is what git does not know. What was rebased, picked
    or applied from a mail counts as brought: it may be anybody's. So does what links lead to.

    Args:
        root: The workspace.
        files: Pairs of the commit at which the user had the file, None if that is not known, and its path.

    Raises:
        Refused: Git does not answer.
    """
    if git.find(root) is None:
        return frozenset()
    ways = {path: _ways(root, path) for _, path in files}
    commits = {way: commit for commit, path in files for way in ways[path]}
    came = _brought_ways(root, commits)
    return frozenset(path for path, found in ways.items() if not came.isdisjoint(found))


def _ways(root: Path, path: str) -> list[str]:
    """Return what git may have changed to change what is read at `path`: links on the way to it, and where they lead."""
    found = [path]
    parts = path.split("/")
    links = [one for end in range(1, len(parts)) if (root / (one := "/".join(parts[:end]))).is_symlink()]
    if links or (root / path).is_symlink():
        led = os.path.relpath(os.path.realpath(root / path), os.path.realpath(root))
        found += [*links, *([led] if not led.startswith("..") else [])]
    return found


def _brought_ways(root: Path, commits: Mapping[str, str | None]) -> frozenset[str]:
    found: set[str] = set()
    for folder, names in git.by_repository(root, commits).items():
        start = f"{folder}/" if folder else ""
        known = {name: None if folder else commits[name] for name in names}
        try:
            found.update(f"{start}{name}" for name in _brought(root / folder, known))
        except NoGit:
            continue
    return frozenset(found)


def _brought(root: Path, commits: dict[str, str | None]) -> list[str]:
    """Return which of the paths were brought into the repository around `root`."""
    folder = Path(_text(git_door.ask(root, "rev-parse", "--absolute-git-dir")))
    if any((folder / name).exists() for name in _UNFINISHED):
        return sorted(commits)
    paths = sorted(path for path in commits if "\n" not in path)
    now = git.object_ids(root, [f"HEAD:./{path}" for path in paths])
    then = git.object_ids(root, [f"{commits[path] or 'HEAD'}:./{path}" for path in paths])
    changed = [
        path
        for path in paths
        if now[f"HEAD:./{path}"] is not None
        and (commits[path] is None or now[f"HEAD:./{path}"] != then[f"{commits[path]}:./{path}"])
    ]
    if not changed:
        return []
    mine = _made_here(root)
    return [path for path in changed if _last(root, path) not in mine]


def _made_here(root: Path) -> frozenset[str]:
    """Return the commits that were made in this working tree."""
    told = _text(git_door.ask(root, "log", "--walk-reflogs", "--format=%H %gs", "HEAD"))
    mine: set[str] = set()
    before = ""
    for line in reversed(told.splitlines()):
        commit, _, what = line.partition(" ")
        # To amend what others committed makes a commit of one's own that has all of theirs.
        if what.startswith(_OWN) or (what.startswith(_AMENDED) and before in mine):
            mine.add(commit)
        before = commit
    return frozenset(mine)


def _last(root: Path, path: str) -> str:
    """Return the commit that gave a file what HEAD has of it."""
    words = ("log", "--max-count=1", "--format=%H", "HEAD", "--", path)
    return _text(git_door.ask(root, "--literal-pathspecs", *words))


def _text(answer: bytes) -> str:
    return answer.decode("utf-8", "surrogateescape").strip()
