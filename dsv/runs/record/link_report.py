"""Links in what a run used and made: how many, which lead nowhere, and which lead to what is not kept."""

import os
from collections.abc import Iterator
from pathlib import Path

_NAMED = 3


def told_of_links(root: Path, folder: str) -> str | None:
    """Return what there is to say of the links in a dataset that is a folder; None if it has none.

    Args:
        root: The workspace.
        folder: The dataset, relative to it.
    """
    base = os.path.realpath(root)
    links = list(_links(f"{base}/{folder}"))
    if not links:
        return None
    dangling, out = [], []
    for link in links:
        target = os.path.realpath(link)
        shown = link.removeprefix(f"{base}/")
        if not os.path.lexists(target):
            dangling.append(shown)
        elif not target.startswith(f"{base}/{folder}/"):
            out.append(shown)
    said = f"{folder} holds {_counted(len(links))}"
    if dangling:
        said += f"; {len(dangling):,} to nothing: {_few(dangling)}"
    if out:
        said += f"; {len(out):,} out of it, to bytes that are not kept with it: {_few(out)}"
    return said


def kind_of_link(root: Path, link: str) -> str:
    """Return how a link stands among what a run looked at: `link:TARGET`, or `link` if it leads out of the workspace."""
    base = os.path.realpath(root)
    place = root / link
    target = os.fspath(place.readlink())
    inside = os.path.realpath(place).startswith(f"{base}/") and not target.startswith("/")
    return f"link:{target}" if inside else "link"


def _links(top: str) -> Iterator[str]:
    waiting = [top]
    while waiting:
        try:
            entries = sorted(os.scandir(waiting.pop()), key=lambda entry: entry.name)
        except OSError:
            continue
        for entry in entries:
            if entry.is_symlink():
                yield entry.path
            elif entry.is_dir(follow_symlinks=False):
                waiting.append(entry.path)


def _counted(number: int) -> str:
    return "1 link" if number == 1 else f"{number:,} links"


def _few(paths: list[str]) -> str:
    rest = len(paths) - _NAMED
    return ", ".join(paths[:_NAMED]) + (f" and {rest:,} more" if rest > 0 else "")
