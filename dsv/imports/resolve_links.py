"""Putting what links lead to in their place."""

import os
import stat
from pathlib import Path
from tempfile import TemporaryDirectory

from dsv.atomic import storing
from dsv.errors import NotFound
from dsv.imports.address import FILE, Address
from dsv.imports.local_path import fetch, leads_out
from dsv.progress import Progress


def replace_links(place: Path, room: Path, progress: Progress) -> int:
    """Replace each link at and below `place` that leads out of it by a copy of what it leads to; return how many.

    Links that stay inside are left. What is copied is complete before the link goes.

    Args:
        place: A file, a folder or a link.
        room: A folder on the same file system, for copies that are not complete yet.
        progress: Counts the bytes that are copied.

    Raises:
        NotFound: A link leads nowhere; those before it have been replaced.
        Refused: What a link leads to is neither a file nor a folder, holds `room`, or goes in a circle.
        Changing, StorageError: As `fetch`.
    """
    links = list(_links_out(place))
    for link in links:
        if not link.exists():
            raise NotFound(f"{link} leads to {os.path.realpath(link)}, which is not there", hint=f"rm {link}")
    for link in links:
        with TemporaryDirectory(dir=room) as folder, storing("write", link):
            url = link.as_uri()
            copy = fetch(Address(FILE, url, url, Path(os.path.realpath(link))), Path(folder), progress).place
            if copy.is_dir():
                link.unlink()  # a folder takes no link's place
            copy.replace(link)
    return len(links)


def _links_out(place: Path) -> list[Path]:
    if place.is_symlink():
        return [place]
    found = []
    waiting = [place] if stat.S_ISDIR(place.lstat().st_mode) else []
    while waiting:
        for entry in sorted(waiting.pop().iterdir()):
            if entry.is_symlink():
                found += [entry] if leads_out(entry, place) else []
            elif entry.is_dir():
                waiting.append(entry)
    return found
