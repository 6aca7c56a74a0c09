"""Regular expressions that are compiled when they are first used.

What secrets look like takes long patterns, and most commands meet no text that could hold one: compiling them all took
as long as watching a small command.
"""

import re
from typing import Any, cast

_METHODS = frozenset({"findall", "finditer", "fullmatch", "match", "search", "split", "sub"})


def pattern(text: str, flags: int = 0) -> re.Pattern[str]:
    """Return what `re.compile` would, as far as its methods go that look for something."""
    return cast("re.Pattern[str]", _Later(text, flags))


class _Later:
    def __init__(self, text: str, flags: int) -> None:
        self._text, self._flags = text, flags

    def __getattr__(self, name: str) -> Any:
        if name not in _METHODS:
            raise AttributeError(name)
        found = getattr(re.compile(self._text, self._flags), name)
        setattr(self, name, found)
        return found
