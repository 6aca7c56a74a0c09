"""Lists of names in sentences."""

from collections.abc import Iterable, Sequence

_ALIKE = 0.7
_NAMED = 3
"""So many are named; of the rest only the number."""
_ARGUMENTS = 20


def did_you_mean(word: str, known: Iterable[str], otherwise: str) -> str:
    """Return a hint with what of `known` is almost called like `word`, and the command that helps otherwise."""
    from difflib import get_close_matches

    names = list(known)
    ends = [name for name in names if name.rpartition("/")[2] == word]  # the folder was forgotten
    near = ends or get_close_matches(word, names, n=1, cutoff=_ALIKE)
    return f"did you mean {near[0]}? otherwise: {otherwise}" if near else otherwise


def listed(paths: Sequence[str]) -> str:
    """Return paths as text: `a`, `a and b`, `a, b, c and 4 more`."""
    if len(paths) > _NAMED:
        return f"{', '.join(paths[:_NAMED])} and {len(paths) - _NAMED} more"
    *front, last = paths
    return f"{', '.join(front)} and {last}" if front else last


def arguments(paths: Sequence[str]) -> str:
    """Return the paths of a command for the oplog: `a b c`; of very many the first, and how many more there were."""
    more = len(paths) - _ARGUMENTS
    return " ".join(paths) if more <= 0 else f"{' '.join(paths[:_ARGUMENTS])} and {more:,} more"


def are(paths: Sequence[str]) -> str:
    """Return the verb for so many paths."""
    return "is" if len(paths) == 1 else "are"
