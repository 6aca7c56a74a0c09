"""`dsv.lock`: the branch and commit that this state of the code goes with; belongs in git."""

import re
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from dsv.atomic import replace_file, sync_folder
from dsv.errors import BadConfig, NotFound, Refused
from dsv.ids import ObjectId, parse_id, short
from dsv.model.ref_names import is_name
from dsv.plain import read_plain_text

NAME = "dsv.lock"

_HEADER = "# Written by dsv: the data that goes with this state of the code. Commit it with git.\n"
_LINE = re.compile(r'(branch|commit) = "((?:[^"\\]|\\.)*)"')
_MARKS = ("<<<<<<<", "=======", ">>>>>>>", "|||||||")


class LockPins(NamedTuple):
    """What `dsv.lock` pins.

    Attributes:
        branch: The branch, or None on a detached HEAD.
        commit: The commit.
    """

    branch: str | None
    commit: ObjectId


def read(root: Path) -> LockPins | None:
    """Return what the lock file of the workspace `root` pins, None if there is none.

    Raises:
        BadConfig: It cannot be read, or git left a conflict in it, or it names a branch that none can be.
    """
    try:
        text = read_plain_text(root / NAME)
    except FileNotFoundError:
        return None
    except (OSError, UnicodeDecodeError) as error:
        raise BadConfig(f"cannot read {NAME}: {error}") from error
    return _checked(parse(text))


def parse(text: str) -> LockPins | None:
    """Return what `text`, the content of a lock file, pins; None if it pins nothing.

    Raises:
        BadConfig: It is not a lock file, or git left a conflict in it.
    """
    if any(line.startswith(_MARKS) for line in text.splitlines()):
        raise BadConfig(f"git left a conflict in {NAME}", hint="dsv merge")
    found = _fields(text.splitlines())
    if not found:
        return None
    try:
        return LockPins(found.get("branch"), parse_id(found["commit"]))
    except (KeyError, ValueError) as error:
        raise BadConfig(f"{NAME} does not name a commit", hint=f"git checkout -- {NAME}") from error


def _checked(lock: LockPins | None) -> LockPins | None:
    """Refuse a branch that no dsv would write: the file comes by git, from anybody."""
    if lock is not None and lock.branch is not None and not is_name(lock.branch):
        raise BadConfig(
            f"{NAME} names the branch {lock.branch!r}, and no branch can be called so",
            hint=f"git log -p {NAME}  # who wrote that",
        )
    return lock


def sides(root: Path) -> tuple[LockPins, LockPins] | None:
    """Return the two sides of a conflict that git left in the lock file, None if there is none."""
    try:
        lines = read_plain_text(root / NAME).splitlines()
    except (OSError, UnicodeDecodeError, BadConfig):
        return None
    ours: list[str] = []
    theirs: list[str] = []
    into: tuple[list[str], ...] = (ours, theirs)
    seen = False
    for line in lines:
        if line.startswith("<<<<<<<"):
            into, seen = (ours,), True
        elif line.startswith("|||||||"):
            into = ()
        elif line.startswith("======="):
            into = (theirs,)
        elif line.startswith(">>>>>>>"):
            into = (ours, theirs)
        else:
            for side in into:
                side.append(line)
    if not seen:
        return None
    first, second = _checked(parse("\n".join(ours))), _checked(parse("\n".join(theirs)))
    return (first, second) if first and second else None


def no_store(root: Path, *, remotes: bool, main: Path | None = None) -> NotFound:
    """Return the error for a workspace without a store: one that was lost is not made again over it.

    Args:
        root: The workspace.
        remotes: Whether it has a remote.
        main: The same workspace in the main working tree of git, if that is where its store is.
    """
    try:
        lock = read(root)
    except BadConfig:
        lock = None
    if lock is None:
        return NotFound(
            f"{root} has settings of a workspace but no store", hint="dsv pull" if remotes else "dsv init"
        )
    told = f"{root} has no store: {NAME} names commit {short(lock.commit)}, and the folder .dsv is not there"
    if main is not None:
        import shlex

        return NotFound(told, hint=f"dsv clone {shlex.quote(str(main))} {shlex.quote(str(root))}")
    if remotes:
        return NotFound(told, hint="dsv pull  # brings it from the remote")
    return NotFound(told, hint="put .dsv back from a backup; or dsv remote add origin URL, then dsv pull")


def foreign_store(dot: Path) -> Refused:
    """Return the error for a store that git brought: the one who committed it chose its settings and its data."""
    return Refused(
        f"{dot} came with git, so it is not known whose store it is",
        hint="git rm -r --cached .dsv && mv .dsv .dsv.theirs, then dsv pull",
    )


def write(root: Path, lock: LockPins, temp_folder: Path | None = None) -> None:
    """Replace the lock file of the workspace `root` in one step, by way of a file in `temp_folder`."""
    branch = "" if lock.branch is None else f'branch = "{_escape(lock.branch)}"\n'
    text = f'{_HEADER}{branch}commit = "{lock.commit}"\n'
    replace_file(root / NAME, text.encode(), temp_folder=temp_folder)


def remove(root: Path) -> None:
    """Remove the lock file: there is no commit to name."""
    with suppress(FileNotFoundError):
        (root / NAME).unlink()
        sync_folder(root)


def _fields(lines: list[str]) -> dict[str, str]:
    found = {}
    for line in lines:
        match = _LINE.fullmatch(line.strip())
        if match:
            found[match[1]] = re.sub(r"\\(.)", r"\1", match[2])
    return found


def _escape(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"')
