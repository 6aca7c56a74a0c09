"""Folders by descriptor: what is done in one is done in that one, even if the way to it is a link by now.

Every folder on the way is opened in the one above it and never followed as a link, so that nobody who may write
to a workspace can have dsv read or write outside of it by swapping a folder while a command runs.
"""

import contextlib
import os
import stat as modes
from collections.abc import Iterator

from dsv.errors import InTheWay

PLAIN = os.O_RDONLY
"""To open a file: a pipe that took its place must not block, and a link must not be followed."""

for _flag in ("O_NOFOLLOW", "O_NONBLOCK", "O_CLOEXEC", "O_BINARY"):
    PLAIN |= getattr(os, _flag, 0)

_FOLDER = os.O_RDONLY
for _flag in ("O_DIRECTORY", "O_NOFOLLOW", "O_CLOEXEC"):
    _FOLDER |= getattr(os, _flag, 0)


def open_child(folder: int | None, name: str) -> int:
    """Return a descriptor of the folder `name` in the open one `folder`; the caller closes it.

    Raises:
        OSError: There is none, or it is a link.
    """
    return os.open(name, _FOLDER, dir_fd=folder)


def open_below(root: str, relative: str) -> int:
    """Return a descriptor of the folder `relative` in `root`, reached through no link; the caller closes it.

    Raises:
        OSError: There is none, or a link is on the way.
    """
    here = os.open(root, os.O_RDONLY | getattr(os, "O_DIRECTORY", 0) | getattr(os, "O_CLOEXEC", 0))
    for part in relative.split("/") if relative else ():
        try:
            below = open_child(here, part)
        finally:
            os.close(here)
        here = below
    return here


def make_below(root: str, relative: str) -> int:
    """Return the folder `relative` in `root` as `open_below`, made if it is missing.

    Raises:
        InTheWay: Something else is there.
        OSError: It cannot be made.
    """
    here = open_below(root, "")
    done = ""
    for part in relative.split("/") if relative else ():
        done = f"{done}/{part}" if done else part
        try:
            with contextlib.suppress(FileExistsError):
                os.mkdir(part, dir_fd=here)
            below = open_child(here, part)
        except NotADirectoryError as error:
            raise InTheWay(f"{done} is in the way of {relative}", hint="move it away") from error
        finally:
            os.close(here)
        here = below
    return here


@contextlib.contextmanager
def opened(folder: int) -> Iterator[int]:
    """Give a descriptor, and close it."""
    try:
        yield folder
    finally:
        os.close(folder)


def drop_empty_above(root: str, relative: str) -> None:
    """Remove the folder `relative` in `root` and those above it, as far as they are empty."""
    while relative:
        above, _, name = relative.rpartition("/")
        try:
            with opened(open_below(root, above)) as folder:
                os.rmdir(name, dir_fd=folder)
        except OSError:
            return
        relative = above


def mode_of(name: str, folder: int | None) -> int:
    """Return the mode of what is called `name` in `folder`, 0 for nothing; a link is not followed."""
    try:
        return os.lstat(name, dir_fd=folder).st_mode
    except (FileNotFoundError, NotADirectoryError):
        return 0


def is_folder(name: str, folder: int | None) -> bool:
    """Whether a folder, and no link to one, is called `name` in `folder`."""
    return modes.S_ISDIR(mode_of(name, folder))
