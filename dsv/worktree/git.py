"""What dsv needs to know of the git repository around a workspace, at the price of a file read.

The branch is read from git's own files; the index is asked for by the `git` command.
It is asked by way of `dsv.worktree.git_door`. What needs git's history is in `dsv.capture.git_state`.
"""

import contextlib
import os
from collections.abc import Collection, Sequence
from pathlib import Path

from dsv.atomic import create_file, replace_file
from dsv.errors import BadConfig, Refused, StorageError
from dsv.plain import read_plain, read_plain_text
from dsv.worktree import git_blobs, git_door
from dsv.worktree.git_door import NoGit

_BEGIN = "# >>> dsv: data that dsv tracks; this block is kept by dsv"
_END = "# <<< dsv"
_POINTER = b"version https://git-lfs.github.com/spec/"
_INDEX_LIMIT = 64 << 20
_SPECIAL = "\\*?[]!# "
_NONE_IGNORED = 1
_SUBMODULE = "160000 "
_OF_REPOSITORIES = ("HEAD", "objects", "refs")


def find(root: Path) -> Path | None:
    """Return the top folder of the git working tree that holds `root`, None outside git.

    A folder `.git` with nothing in it that makes a repository is passed over, as git does; a damaged repository is not.
    """
    return next((folder for folder in (root, *root.parents) if _is_top(folder / ".git")), None)


def _is_top(place: Path) -> bool:
    """Whether `place`, a `.git`, is a repository or leads to one, or was one."""
    return place.is_file() or any(os.path.lexists(place / name) for name in _OF_REPOSITORIES)


def main_tree(root: Path) -> Path | None:
    """Return what `root` is in the main working tree of its repository; None where `root` is in no linked one."""
    top = find(root)
    if top is None or not (top / ".git").is_file():
        return None
    try:
        said = read_plain_text(top / ".git").removeprefix("gitdir:").strip()
    except (OSError, UnicodeDecodeError, BadConfig):
        return None
    folder = (top / said).resolve()
    if folder.parent.name != "worktrees" or folder.parents[1].name != ".git":
        return None  # a submodule, or a bare repository
    return folder.parents[2] / root.relative_to(top)


def branch(top: Path) -> str | None:
    """Return the branch that git has checked out in the working tree `top`; None if detached."""
    try:
        head = read_plain_text(_folder(top) / "HEAD").strip()
    except (OSError, UnicodeDecodeError, BadConfig):
        return None
    prefix = "ref: refs/heads/"
    return head.removeprefix(prefix) if head.startswith(prefix) else None


def _folder(top: Path) -> Path:
    """Return git's own folder of the working tree `top`."""
    dot = top / ".git"
    if dot.is_file():  # a linked working tree or a submodule
        return (top / read_plain_text(dot).removeprefix("gitdir:").strip()).resolve()
    return dot


def brings(root: Path, name: str) -> bool:
    """Whether git tracks the file, folder or link `name` in `root`; git is asked only if its index seems to say so."""
    top = find(root)
    if top is None:
        return False
    try:
        index = read_plain(_folder(top) / "index", _INDEX_LIMIT)
    except (OSError, UnicodeDecodeError):
        return False  # nothing is tracked yet
    except BadConfig:
        index = b""
    # Version 4 leaves out of a path what it shares with the one before.
    full = index[4:8] in (b"\0\0\0\2", b"\0\0\0\3")
    if full and name.encode() not in index:
        return False
    return bool(tracked(root, [name]))


def tracked(root: Path, paths: Sequence[str] = ()) -> frozenset[str]:
    """Return the files below `root` that are in git's index or in that of a submodule, relative to `root`.

    Outside git, and where git is not installed, nothing is tracked.

    Args:
        root: A folder.
        paths: Limits the answer to these paths and what is below them.

    Raises:
        Refused: Git does not answer.
    """
    if find(root) is None:
        return frozenset()
    listing = ("ls-files", "-z", "--cached", "--recurse-submodules", "--")
    try:
        answer = git_door.ask(root, "--literal-pathspecs", *listing, *(paths or ["."]))
    except NoGit:
        return frozenset()
    return frozenset(git_door.fields(answer))


def submodules(top: Path) -> list[str]:
    """Return the folders of the submodules of the working tree `top`, sorted.

    Raises:
        NoGit: Git is not installed.
        Refused: It does not answer.
    """
    if not (top / ".gitmodules").exists():
        return []
    staged = git_door.fields(git_door.ask(top, "ls-files", "-z", "--stage"))
    return sorted({line.partition("\t")[2] for line in staged if line.startswith(_SUBMODULE)})


def ignored(root: Path, paths: Collection[str]) -> frozenset[str]:
    """Return those of `paths`, relative to `root`, that git ignores, for whatever reason, and does not track.

    What is in a repository inside of the repository, such as a submodule, is asked of that. Where git does not
    answer, all is ignored: what it would hide must not come to light. Where there is no git repository, or git is not
    installed, nothing is.
    """
    found: set[str] = set()
    for folder, names in by_repository(root, paths).items():
        start = f"{folder}/" if folder else ""
        text = "\0".join(names).encode("utf-8", "surrogateescape")
        if find(root / folder) is None:
            continue
        try:
            answer = git_door.ask(
                root / folder, "check-ignore", "-z", "--stdin", given=text, good=(0, _NONE_IGNORED)
            )
        except NoGit:
            return frozenset()
        except Refused:
            found.update(f"{start}{name}" for name in names)
        else:
            found.update(f"{start}{name}" for name in git_door.fields(answer))
    return frozenset(found)


def by_repository(root: Path, paths: Collection[str]) -> dict[str, list[str]]:
    """Return `paths` by the folder below `root` of the repository that they are in, relative to that."""
    known: dict[str, str] = {"": ""}

    def owner(folder: str) -> str:
        if folder not in known:
            inner = (root / folder / ".git").exists()
            known[folder] = folder if inner else owner(folder.rpartition("/")[0])
        return known[folder]

    found: dict[str, list[str]] = {}
    for path in sorted(paths):
        folder = owner(path.rpartition("/")[0])
        found.setdefault(folder, []).append(path[len(folder) + 1 :] if folder else path)
    return found


def staged_content(root: Path, path: str) -> bytes | None:
    """Return what git's index holds of the file `path`, relative to `root`; None if it holds none.

    Git's own filters are not applied, and a pointer to a file that is kept elsewhere is none.

    Raises:
        Refused: Git does not answer.
    """
    data = blob(root, f":./{path}")
    return None if data is None or data.startswith(_POINTER) else data


def blob(root: Path, name: str) -> bytes | None:
    """Return the bytes of the file that git's object `name` is, such as `HEAD:./x`; None if there is none.

    Raises:
        Refused: Git does not answer.
    """
    if "\n" in name or find(root) is None:
        return None
    given = f"{name}\n".encode("utf-8", "surrogateescape")
    try:
        answer = git_door.ask(root, "cat-file", "--batch", given=given)
    except NoGit:
        return None
    head, _, rest = answer.partition(b"\n")
    words = head.rsplit(b" ", 2)
    is_blob = len(words) == len(("id", "type", "size")) and words[1] == b"blob" and words[2].isdigit()
    return rest[: int(words[2])] if is_blob else None


def unmodified(root: Path, files: Collection[tuple[str, str]]) -> frozenset[tuple[str, str]]:
    """Return those of `files`, pairs of a commit and a path, that are in the working tree as in that commit.

    Line ends and large files that git-lfs keeps elsewhere are seen through; of what another filter made the answer is
    no, since git would run it.

    Args:
        root: A folder inside a git working tree.
        files: Paths are relative to `root`.

    Where git is not installed, or does not know the commit, the answer is no.

    Raises:
        Refused: Git does not answer.
    """
    asked = sorted(pair for pair in files if "\n" not in pair[1] and (root / pair[1]).is_file())
    stored = _lines(root, "%(objectname)", [f"{commit}:./{path}" for commit, path in asked])
    return frozenset(
        pair for pair, told in zip(asked, stored, strict=False) if git_blobs.may_be(root / pair[1], told)
    )


def taken_away(root: Path, files: Collection[tuple[str, str]]) -> frozenset[tuple[str, str]]:
    """Return those of `files`, pairs of a commit and a path, that the commit has and the working tree was to have no more.

    A path that git leaves out of a sparse checkout is not taken away. Where git is not installed, or does not know
    the commit, the answer is no.

    Raises:
        Refused: Git does not answer.
    """
    asked = sorted(pair for pair in files if "\n" not in pair[1] and not (root / pair[1]).exists())
    stored = _lines(root, "%(objecttype)", [f"{commit}:./{path}" for commit, path in asked])
    gone = {pair for pair, kind in zip(asked, stored, strict=False) if kind == "blob"}
    return frozenset(gone) - _sparse(root, gone)


def _sparse(root: Path, files: Collection[tuple[str, str]]) -> frozenset[tuple[str, str]]:
    """Return those of `files` that git tracks and was told not to write into the working tree."""
    if not files:
        return frozenset()
    paths = sorted({path for _, path in files})
    told = git_door.fields(git_door.ask(root, "--literal-pathspecs", "ls-files", "-t", "-z", "--", *paths))
    skipped = {line[2:] for line in told if line.startswith("S ")}
    return frozenset(pair for pair in files if pair[1] in skipped)


def object_ids(root: Path, names: Sequence[str]) -> dict[str, str | None]:
    """Return by name the ids of git's objects, None for what there is not; raises as `gitdoor.ask`."""
    lines = _told(root, "%(objectname)", names)
    return {
        name: None if line.endswith((" missing", " ambiguous")) else line
        for name, line in zip(names, lines, strict=True)
    }


def _lines(root: Path, form: str, names: Sequence[str]) -> list[str]:
    """Return what git tells of each of its objects `names`; nothing where git is not installed."""
    try:
        return _told(root, form, names)
    except NoGit:
        return []


def _told(root: Path, form: str, names: Sequence[str]) -> list[str]:
    """Return what git tells of each of its objects `names`, in the `form` of its `--batch-check`; raises as `ask`."""
    if not names:
        return []
    text = "".join(f"{name}\n" for name in names).encode("utf-8", "surrogateescape")
    answer = git_door.ask(root, "cat-file", f"--batch-check={form}", given=text)
    return answer.decode("utf-8", "surrogateescape").splitlines()


def ignore(root: Path, paths: Sequence[str] | None, temp_folder: Path | None = None) -> bool:
    """Keep the marked block in the `.gitignore` of `root`: `.dsv/` and the dataset `paths`.

    Everything outside the block is left as it is, and a block that is there if `paths` is None: then
    nobody knows yet what belongs in it. It is written by way of a file in `temp_folder`.

    Returns:
        Whether the file was changed.
    """
    path = root / ".gitignore"
    try:
        text = read_plain(path).decode("utf-8", "surrogateescape")
    except FileNotFoundError:
        text = ""
    before, after = _around(text)
    if paths is None and after is not None:
        return False
    lines = [_BEGIN, "/.dsv/", *(f"/{_pattern(name)}" for name in sorted(paths or ())), _END]
    block = "\n".join(lines) + "\n"
    if after is None:
        gap = "" if not before or before.endswith("\n") else "\n"
        new = before + gap + block
    else:
        new = before + block + after
    if new == text:
        return False
    replace_file(path, new.encode("utf-8", "surrogateescape"), temp_folder=temp_folder)
    return True


def hide(dot: Path) -> None:
    """Have git ignore all that is in the folder `dot`, on every branch: what git ignores, `git clean` leaves.

    Unlike the block in the `.gitignore` above, this does not go when git checks out an older branch. A file
    that is there stays as it is, and a folder that cannot be written has nothing to lose by git.
    """
    path = dot / ".gitignore"
    if not path.exists():
        with contextlib.suppress(OSError, StorageError):
            create_file(path, b"# The store of dsv: git leaves it alone on every branch.\n*\n")


def own_ignores(root: Path) -> list[str]:
    """Return the lines of the `.gitignore` of `root` that the user wrote."""
    try:
        text = read_plain(root / ".gitignore").decode("utf-8", "surrogateescape")
    except (OSError, BadConfig):
        return []
    before, after = _around(text)
    return (before + (after or "")).splitlines()


def _around(text: str) -> tuple[str, str | None]:
    """Return what a `.gitignore` has before the marked block and after it; None: it has no block."""
    before, begin, rest = text.partition(_BEGIN)
    if not begin:
        return text, None
    _, end, after = rest.partition(_END)
    if end:
        return before, after.removeprefix("\r").removeprefix("\n")
    # Somebody deleted the end: only lines as dsv writes them are taken for its own.
    lines = rest.splitlines(keepends=True)
    mine = 1
    while mine < len(lines) and lines[mine].startswith("/"):
        mine += 1
    return before, "".join(lines[mine:])


def _pattern(name: str) -> str:
    """Return the gitignore pattern that fits the path `name` and no other."""
    text = "".join("\\" + letter if letter in _SPECIAL else letter for letter in name)
    # A pattern ends with its line: a newline can only be stood for by the one-letter wildcard.
    return text.replace("\n", "?").replace("\r", "?")
