"""What a branch or a tag may be called, wherever its name comes from."""

import re

from dsv.errors import Refused
from dsv.ids import is_id

_NAME = re.compile(r"[^\x00-\x20\x7f~^:?*\[\\@{}]+")
_LONGEST = 250


def is_name(name: str) -> bool:
    """Whether a branch or tag may be called so: as git has it, and never like anything else that dsv names.

    A full id always means the commit of that id, `@` and `{` belong to revisions, and what starts with `-`
    is an option.
    """
    if name in {"HEAD", "@"} or name.startswith(("-", "git:")) or name.endswith(".") or is_id(name):
        return False
    parts = name.split("/")
    odd = any(not part or part.startswith(".") or part.endswith(".lock") for part in parts) or ".." in name
    return not odd and _NAME.fullmatch(name) is not None and len(name) <= _LONGEST


def check_name(name: str) -> str:
    """Return `name` if a branch or tag may be called so.

    Raises:
        Refused: It may not: it could be mistaken for something else, or lead astray.
    """
    if not is_name(name):
        raise Refused(f"{name!r} cannot be the name of a branch or tag")
    return name
