"""A page of which parts are written by a program and the rest by hand.

A part that the program writes stands between two comments, which a reader of the page does not see:

<!-- measured: table -->
...
<!-- end of table -->
"""

import re
from collections.abc import Mapping


def updated(page: str | None, blocks: Mapping[str, str]) -> str:
    """Return a page with its blocks replaced; all that stands outside of them is kept as it is.

    Args:
        page: As it was; None if there is none yet.
        blocks: What each block shall hold, by its name. One that the page lacks is appended;
            one that is empty loses what it held, and is not appended.
    """
    page = page or ""
    for name, text in blocks.items():
        block = f"{_begin(name)}\n{text.strip()}\n{_end(name)}"
        pattern = re.compile(f"{re.escape(_begin(name))}\n.*?{re.escape(_end(name))}", re.DOTALL)
        if found := pattern.search(page):
            page = page[: found.start()] + block + page[found.end() :]
        elif text.strip():
            page = f"{page.rstrip()}\n\n{block}\n".lstrip()
    return page


def _begin(name: str) -> str:
    return f"<!-- measured: {name} -->"


def _end(name: str) -> str:
    return f"<!-- end of {name} -->"
