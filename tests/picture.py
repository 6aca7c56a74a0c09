"""The picture of the README: a terminal in the folder of the demo, as SVG.

    dsv demo demo-flights
    python -m tests.picture demo-flights docs/images/lineage.svg

runs `COMMANDS` in that folder, at a terminal, and draws what they print. The picture has its own
dark background, so it reads on any page. The lines of the tree are drawn as lines, for not every
font joins them; everything else is text, each piece as wide as in a font of fixed width.
"""

import os
import pty
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple
from xml.sax.saxutils import escape

COMMANDS = ("dsv lineage data/train.parquet", "dsv verify --level raw | tail -n 1")
WIDE, HIGH, EDGE, BAR = 8.4, 20, 18, 34
"""The width and height of a cell, the margin, and the height of the title bar; in pixels."""
COLOURS = {"": "#d6deeb", "1": "#ffffff", "2": "#8b98ab", "32": "#8fd694", "33": "#e6c07b", "36": "#7cc7e8"}
"""By the number of the terminal's colour; empty: without one."""
TREE = {"│": "v20", "├": "v20m0 -9.5h4.7", "└": "v10.5h4.7", "─": "m-4.7 10.5h9.4"}
"""The lines of the tree, as paths from the middle of the cell's upper edge."""


class Piece(NamedTuple):
    """Text of one colour in one line.

    Attributes:
        column: In which column it starts, from 0.
        text: Without line ends and colours; at least one character.
        colour: A key of `COLOURS`.
    """

    column: int
    text: str
    colour: str


def main(folder: str, target: str) -> None:
    """Write the picture of `COMMANDS`, run in `folder`, to the file `target`."""
    lines: list[list[Piece]] = []
    for command in COMMANDS:
        lines += [[Piece(0, "$", "2"), Piece(2, command, "1")], *map(pieces, printed(command, folder)), []]
    Path(target).write_text("\n".join(drawn(lines[:-1])) + "\n", encoding="utf-8")


def printed(command: str, folder: str) -> list[str]:
    """Return the lines that `command` prints at a wide terminal.

    Raises:
        CalledProcessError: It failed.
    """
    path = os.pathsep.join((str(Path(sys.executable).parent), os.environ["PATH"]))
    env = {**os.environ, "PATH": path, "TERM": "xterm", "COLUMNS": "160", "LC_ALL": "C.UTF-8"}
    ours, theirs = pty.openpty()
    argv = ["bash", "-o", "pipefail", "-c", command]
    with os.fdopen(theirs, "wb") as out:
        subprocess.run(argv, cwd=folder, env=env, stdin=subprocess.DEVNULL, stdout=out, check=True)
        text = os.read(ours, 1 << 16).decode()  # far less than a terminal holds
    os.close(ours)
    return text.replace("\r\n", "\n").splitlines()


def pieces(line: str) -> list[Piece]:
    """Return the pieces of a line in which escapes set the colours."""
    found, column, colour = [], 0, ""
    for part in re.split(r"(\x1b\[[0-9;]*m)", line):
        if part.startswith("\x1b"):
            colour = part[2:-1].lstrip("0")
            continue
        words = re.finditer(r"[│├└─]|[^│├└─\s]+(?: [^│├└─\s]+)*", part)
        found += [Piece(column + word.start(), word[0], colour) for word in words]
        column += len(part)
    return found


def drawn(lines: list[list[Piece]]) -> Iterator[str]:
    """Yield the lines of the SVG."""
    columns = max(piece.column + len(piece.text) for line in lines for piece in line)
    width, height = round(columns * WIDE + 2 * EDGE), BAR + len(lines) * HIGH + EDGE
    yield f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" viewBox="0 0 {width} {height}">'
    yield "<!-- Made by: dsv demo demo-flights; python -m tests.picture demo-flights docs/images/lineage.svg -->"
    yield f"<title>{escape(COMMANDS[0])}</title>"
    yield f'<rect x=".5" y=".5" width="{width - 1}" height="{height - 1}" rx="8" fill="#151b26" stroke="#5b6678"/>'
    for place, colour in enumerate(("#e0605a", "#dfb04b", "#62b565")):
        yield f'<circle cx="{EDGE + 4 + 18 * place}" cy="18" r="5.5" fill="{colour}"/>'
    yield (
        '<g font-size="14" font-family="ui-monospace, SFMono-Regular, Menlo, Consolas, \'DejaVu Sans Mono\', '
        'monospace">'
    )
    for row, line in enumerate(lines):
        yield from (_piece(piece, BAR + row * HIGH) for piece in line)
    yield "</g>"
    yield "</svg>"


def _piece(piece: Piece, top: int) -> str:
    left = EDGE + piece.column * WIDE
    if piece.text in TREE:
        return f'<path d="M{int(left + WIDE / 2)}.5 {top}{TREE[piece.text]}" fill="none" stroke="{COLOURS["2"]}"/>'
    wide = f'textLength="{len(piece.text) * WIDE:.1f}"'
    bold = ' font-weight="bold"' if piece.colour == "1" else ""
    place = f'x="{left:.1f}" y="{top + 15}"'
    return f'<text {place} {wide}{bold} fill="{COLOURS[piece.colour]}">{escape(piece.text)}</text>'


if __name__ == "__main__":
    main(*sys.argv[1:])
