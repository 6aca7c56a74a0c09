"""Whether a program spells a name that it wrote, or has it from its data.

`models/rf.json` that stands in the script is a file that somebody meant. `by_city/Oslo.csv`, of which the script says
only `by_city/{city}.csv`, and `set/state.json`, which a library chose, are parts of their folder.
"""

import re
from collections.abc import Callable, Iterable
from pathlib import Path

_WORD = re.compile(r"[^\W\d_]+")
_LONG = 3
_MOST = 4 << 20


class Spelled:
    """What a command and its code spell.

    Args:
        words: The words of the command, and the values of its parameters.
        texts: Gives the texts of its code; called once, when it is first needed.
    """

    def __init__(self, words: Iterable[str], texts: Callable[[], Iterable[str]]) -> None:
        self._given = list(words)
        self._texts = texts
        self._text: str | None = None
        self._words: frozenset[str] = frozenset()
        self._exact: frozenset[str] = frozenset()

    def __call__(self, path: str) -> bool:
        """Whether the name of the file at `path` is spelled: as a whole, or each word of it."""
        if self._text is None:
            self._text = "\n".join((*self._given, *self._texts())).lower()
            self._words = frozenset(_WORD.findall(self._text))
            parts = (part.lower() for word in self._given for part in re.split(r"[/=,:\s]", word))
            self._exact = frozenset(part for one in parts for part in (one, one.partition(".")[0]))
        name = path.rpartition("/")[2].lower()
        stem = name.partition(".")[0]
        if stem in self._exact or re.search(rf"(?<![\w]){re.escape(name)}(?![\w.])", self._text):
            return True
        pieces = _WORD.findall(stem)
        return bool(pieces) and all(len(piece) >= _LONG and piece in self._words for piece in pieces)


def texts_of(root: Path, paths: Iterable[str]) -> list[str]:
    """Return the texts of code files, a bounded part of them."""
    found, room = [], _MOST
    for path in sorted(paths):
        try:
            with (root / path).open("rb") as file:
                data = file.read(room)
        except OSError:
            continue
        if b"\0" not in data:
            found.append(data.decode("utf-8", "replace"))
            room -= len(data)
    return found
