"""Patterns in the syntax of `.gitignore`, with the meaning that git gives them, matched without going back.

Each `*` is matched at the first place where what stands up to the next one fits, and that place is kept: it is the best
there is, as pieces between stars have a fixed length. The same holds of `**/` for folders. So no pattern and no name
takes long, where an ordinary translation into a regular expression takes minutes for a dozen `a*`.

Names are bytes, as for git: `?` is one byte.
"""

import re
from typing import NamedTuple

_SPECIAL = re.compile(rb"[*?\[\\]")
_CLASSES = {
    b"alnum": rb"0-9A-Za-z",
    b"alpha": rb"A-Za-z",
    b"blank": rb" \t",
    b"cntrl": rb"\x00-\x1f\x7f",
    b"digit": rb"0-9",
    b"graph": rb"!-~",
    b"lower": rb"a-z",
    b"print": rb" -~",
    b"punct": rb"!-/:-@\[-`{-~",
    b"space": rb" \t\n\r\f\v",
    b"upper": rb"A-Z",
    b"xdigit": rb"0-9A-Fa-f",
}
_NEVER = re.compile(rb"(?!)")


class Pattern(NamedTuple):
    """A line of `.gitignore`.

    Attributes:
        line: As it was written.
        keeps: Whether it starts with `!`: what matches is not left out.
        only_folders: Whether it ends with `/`.
        by_name: Whether it has no other `/`: then it is matched with the last part of a path.
        literal: What matches, if the line has no wildcards.
        compiled: What matches else.
    """

    line: str
    keeps: bool
    only_folders: bool
    by_name: bool
    literal: bytes | None
    compiled: re.Pattern[bytes]

    def matches(self, path: bytes, name: bytes, *, is_dir: bool) -> bool:
        """Whether the line says something of the entry at `path`, of which `name` is the last part."""
        if self.only_folders and not is_dir:
            return False
        subject = name if self.by_name else path
        if self.literal is not None:
            return subject == self.literal
        return self.compiled.fullmatch(subject) is not None


def pattern_of(line: str) -> Pattern | None:
    """Return what a line says; None for a comment or an empty one."""
    text = _without_spaces(line.removesuffix("\r").encode("utf-8", "surrogateescape"))
    if not text or text.startswith(b"#"):
        return None
    keeps = text.startswith(b"!")
    text = text[1:] if keeps else text
    only_folders = text.endswith(b"/")
    text = text[:-1] if only_folders else text
    by_name = b"/" not in text
    text = text if by_name else text.removeprefix(b"/")
    special = _SPECIAL.search(text)
    if special is None:
        # an empty text matches nothing, as no name is empty
        return Pattern(line, keeps, only_folders, by_name, text, _NEVER)
    return Pattern(line, keeps, only_folders, by_name, None, _compile(text, special.start(), by_name=by_name))


def _without_spaces(text: bytes) -> bytes:
    """Return a line without the spaces at its end, unless a backslash stands before one."""
    bare = text.rstrip(b" ")
    slashes = len(bare) - len(bare.rstrip(b"\\"))
    return text[: len(bare) + 1] if slashes % 2 and len(bare) < len(text) else bare


def _compile(text: bytes, plain: int, *, by_name: bool) -> re.Pattern[bytes]:
    pieces = _pieces(text)
    if pieces is None:
        return _NEVER
    return re.compile(_segment(pieces) if by_name else _path(pieces, plain), re.DOTALL)


def _pieces(text: bytes) -> list[object] | None:
    """Return a pattern in pieces: sets of one byte as regular expressions, b"/", and runs of stars as their lengths.

    None if it can match nothing: it ends with a backslash, or in a bracket.
    """
    pieces: list[object] = []
    at = 0
    while at < len(text):
        letter = text[at : at + 1]
        if letter == b"*":
            end = at
            while text[end : end + 1] == b"*":
                end += 1
            pieces.append(end - at)
            at = end
            continue
        if letter == b"[":
            found = _bracket(text, at + 1)
            if found is None:
                return None
            piece, at = found
            pieces.append(piece)
            continue
        if letter == b"\\":
            at += 1
            letter = text[at : at + 1]
            if not letter:
                return None
            pieces.append(b"/" if letter == b"/" else re.escape(letter))
        else:
            pieces.append(b"[^/]" if letter == b"?" else b"/" if letter == b"/" else re.escape(letter))
        at += 1
    return pieces


def _bracket(text: bytes, at: int) -> tuple[bytes, int] | None:
    """Return the set that a bracket stands for, and where it ends; `at` is behind `[`."""
    negated = text[at : at + 1] in (b"!", b"^")
    at += negated
    parts: list[bytes] = []
    before: int | None = None  # the letter that a range may begin with
    first = True
    while first or text[at : at + 1] != b"]":
        first = False
        letter = text[at : at + 1]
        if not letter:
            return None
        if letter == b"-" and before is not None and text[at + 1 : at + 2] not in (b"", b"]"):
            at += 1
            if text[at : at + 1] == b"\\":
                at += 1
            end = text[at : at + 1]
            if not end:
                return None
            if before <= end[0]:
                parts.append(_byte(before) + b"-" + _byte(end[0]))
            before = None
        elif letter == b"[" and text[at + 1 : at + 2] == b":":
            close = text.find(b"]", at + 2)
            if close < 0:
                return None
            if close > at + 2 and text[close - 1 : close] == b":":
                name = text[at + 2 : close - 1]
                if name not in _CLASSES:
                    return None
                parts.append(_CLASSES[name])
                at = close
            else:
                parts.append(_byte(letter[0]))
            before = None if text[at : at + 1] == b"]" else letter[0]
        else:
            if letter == b"\\":
                at += 1
                letter = text[at : at + 1]
                if not letter:
                    return None
            parts.append(_byte(letter[0]))
            before = letter[0]
        at += 1
    inner = b"".join(parts)
    if negated:
        return b"[^/" + inner + b"]", at + 1
    return (b"(?!/)[" + inner + b"]" if inner else b"(?!)"), at + 1


def _byte(value: int) -> bytes:
    return b"\\x%02x" % value


def _segment(pieces: list[object]) -> bytes:
    """Return the regular expression of a pattern without slashes: the pieces between stars, the last one at the end."""
    runs: list[bytes] = [b""]
    for piece in pieces:
        if isinstance(piece, int):
            runs.append(b"")
        else:
            assert isinstance(piece, bytes)
            runs[-1] += piece
    first, *rest = runs
    if not rest:
        return first
    middle = b"".join(b"(?>[^/]*?" + run + b")" for run in rest[:-1] if run)
    return first + middle + b"[^/]*" + rest[-1]


def _path(pieces: list[object], plain: int) -> bytes:
    """Return the regular expression of a pattern with slashes.

    Between two `**` stand folders of a fixed number, each of which is matched whole. Git compares what stands before the
    first wildcard by itself, and so takes `**` right behind it for one that stands behind a slash: `a**/b` matches `ab`.

    Args:
        pieces: The pattern.
        plain: How many pieces there are before the first wildcard or backslash.
    """
    groups: list[list[bytes]] = [[]]  # by `**/` in between, the folders
    segment: list[object] = []
    at = 0
    while at < len(pieces):
        piece = pieces[at]
        starts = at in (0, plain) or pieces[at - 1] == b"/"
        follows = pieces[at + 1] if at + 1 < len(pieces) else None
        if isinstance(piece, int) and piece > 1 and starts and follows in (None, b"/"):
            groups[-1].append(_segment(segment))
            segment = []
            if follows is None:
                return _joined(groups) + b".*"
            groups.append([])
            at += 1
        elif piece == b"/":
            groups[-1].append(_segment(segment) + b"/")
            segment = []
        else:
            segment.append(piece)
        at += 1
    last = b"".join([*groups.pop(), _segment(segment)])
    return _joined(groups) + _ANY_FOLDERS + last if groups else last


_ANY_FOLDERS = b"(?:[^/]*/)*?"


def _joined(groups: list[list[bytes]]) -> bytes:
    first, *rest = map(b"".join, groups)
    return first + b"".join(b"(?>" + _ANY_FOLDERS + part + b")" for part in rest if part)
