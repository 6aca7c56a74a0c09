"""The graph beside a history: one lane for each line of descent that is still open."""

from collections.abc import Iterable, Sequence


class Lanes:
    """Draws commits, given children first, as `*` in lanes of `|`."""

    def __init__(self) -> None:
        self._open: list[str] = []

    def beside(self, oid: str, parents: Sequence[str], lines: Sequence[str]) -> list[str]:
        """Return `lines`, which tell of the commit `oid`, with the graph at their left."""
        if oid not in self._open:
            self._open.append(oid)
        mine = self._open.index(oid)
        joining = [lane for lane, wanted in enumerate(self._open) if wanted == oid and lane != mine]
        lefts = []
        if joining:
            lefts.append(_row(len(self._open), slanted=joining, stroke="/"))
            self._open = [wanted for lane, wanted in enumerate(self._open) if lane not in joining]
        star = len(lefts)
        lefts.append(_row(len(self._open), star=mine))
        self._open[mine : mine + 1] = parents
        if len(parents) > 1:
            lefts.append(_row(len(self._open), slanted=range(mine + 1, len(self._open)), stroke="\\"))
        texts = [""] * star + list(lines)
        height = max(len(texts), len(lefts))
        lefts += [_row(len(self._open))] * (height - len(lefts))
        texts += [""] * (height - len(texts))
        return [f"{left} {text}".rstrip() for left, text in zip(lefts, texts, strict=True)]


def _row(lanes: int, *, star: int | None = None, slanted: Iterable[int] = (), stroke: str = "|") -> str:
    cells = ["*" if lane == star else "|" for lane in range(lanes)]
    row = list(" ".join(cells) + " ")
    for lane in slanted:
        row[2 * lane - 1 : 2 * lane + 1] = stroke, " "
    return "".join(row)
