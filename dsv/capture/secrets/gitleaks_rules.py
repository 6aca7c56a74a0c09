"""What tokens and keys of many services look like in a file: the published rules of gitleaks.

The rules are data, as their authors publish them, with their licence beside them (`gitleaks/`); a newer list
replaces the file. Loading them takes some 25 ms, so that is done for the first file that is asked about.

A rule is tried only around the words that it names, in windows of a bounded size: looking through a file takes
time in proportion to its length, whatever is in it.
"""

import math
import re
import tomllib
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from functools import cache, lru_cache
from pathlib import Path
from typing import Any, NamedTuple

_FILE = Path(__file__).parent / "gitleaks" / "gitleaks.toml"

_LEFT_OUT = frozenset(
    {"generic-api-key", "kubernetes-secret-yaml", "private-key", "curl-auth-user", "curl-auth-header"}
)
"""Rules that the names of settings, and rules of our own for keys and command lines, stand for."""

_BEFORE, _AFTER = 64, 512
"""Characters around a word in which a rule is tried."""
_WINDOW = 2048
_TRIED = 2000
"""How often the words of one rule are looked at in one text."""

_LEAD = r"[\w.-]{0,50}?"
"""With this begin rules for a value behind a name: what stands before the name does not matter."""


class Found(NamedTuple):
    """A place that looks like a secret.

    Attributes:
        rule: What it looks like, as the rule calls it.
        at: Where in the text it begins.
    """

    rule: str
    at: int


class _Allowed(NamedTuple):
    """What is no secret though it looks like one."""

    target: str
    patterns: Sequence[str]
    words: Sequence[str]
    paths: Sequence[str]
    all_of: bool

    def covers(self, path: str, secret: str, match: str, line: str) -> bool:
        seen = {"match": match, "line": line}.get(self.target, secret)
        checks = []
        if self.patterns:
            checks.append(any(compiled(one).search(seen) for one in self.patterns))
        if self.words:
            checks.append(any(word in secret.lower() for word in self.words))
        if self.paths:
            checks.append(any(compiled(one).search(path) for one in self.paths))
        return bool(checks) and (all(checks) if self.all_of else any(checks))


class Rule(NamedTuple):
    """One kind of secret.

    Attributes:
        name: What its authors call it.
        pattern: What it looks like; the first group is the secret.
        words: Of these, in lower case, one stands in every text that has it.
        entropy: How many bits a character of the secret has at least.
        path: In what files it is looked for; empty for all.
        allowed: What is none.
    """

    name: str
    pattern: str
    words: Sequence[str]
    entropy: float
    path: str
    allowed: Sequence[_Allowed]


@cache
def rules() -> tuple[tuple[Rule, ...], _Allowed]:
    """Return all rules, and what is allowed for each of them."""
    document = tomllib.loads(_FILE.read_text("utf-8"))
    found = tuple(
        Rule(
            one["id"],
            one["regex"],
            one["keywords"],
            one.get("entropy", 0.0),
            one.get("path", ""),
            tuple(map(_allowed, one.get("allowlists", ()))),
        )
        for one in document["rules"]
        if "regex" in one and one["id"] not in _LEFT_OUT
    )
    return found, _allowed(document["allowlist"])


def find(path: str, text: str) -> Iterator[Found]:
    """Yield what looks like a secret in `text`, which is in the file at `path`."""
    found, allowed = rules()
    lower = text.lower()
    if len(lower) != len(text):  # rare letters are longer in lower case: positions would not agree
        lower = "".join(letter.lower() if letter.isascii() else letter for letter in text)
    for rule in found:
        if rule.path and not compiled(rule.path).search(path):
            continue
        for start, end in _windows(lower, rule.words):
            for match in compiled(rule.pattern).finditer(text, start, end):
                if not _is_excused(rule, allowed, path, text, match):
                    yield Found(rule.name, match.start())


def _windows(lower: str, words: Sequence[str]) -> Iterator[tuple[int, int]]:
    """Yield the parts of a text around `words`: none twice, except for what two long ones share."""
    places: list[int] = []
    for word in words:
        at = lower.find(word)
        while at >= 0 and len(places) < _TRIED:
            places.append(at)
            at = lower.find(word, at + len(word))
    start = end = -1
    for place in sorted(places):
        if start >= 0 and place - _BEFORE <= end and place + _AFTER - start <= _WINDOW:
            end = place + _AFTER
            continue
        if start >= 0:
            yield start, end
        start, end = max(0, place - _BEFORE), place + _AFTER
    if start >= 0:
        yield start, end


def _is_excused(rule: Rule, allowed: _Allowed, path: str, text: str, match: re.Match[str]) -> bool:
    secret = next((group for group in match.groups() if group), match[0])
    if rule.entropy and entropy(secret) <= rule.entropy:
        return True
    start = text.rfind("\n", max(0, match.start() - _AFTER), match.start()) + 1 or max(
        0, match.start() - _AFTER
    )
    end = text.find("\n", match.end(), match.end() + _AFTER)
    line = text[start : end if end >= 0 else match.end() + _AFTER]
    return any(one.covers(path, secret, match[0], line) for one in (allowed, *rule.allowed))


def entropy(text: str) -> float:
    """Return how many bits a character of `text` has, by how often each occurs in it."""
    counts = Counter(text).values()
    return -sum(count / len(text) * math.log2(count / len(text)) for count in counts)


def _allowed(table: Mapping[str, Any]) -> _Allowed:
    return _Allowed(
        table.get("regexTarget", "secret"),
        table.get("regexes", ()),
        [word.lower() for word in table.get("stopwords", ())],
        table.get("paths", ()),
        table.get("condition", "OR") == "AND",
    )


@lru_cache(maxsize=1024)
def compiled(pattern: str) -> re.Pattern[str]:
    """Return a pattern of Go's RE2 as one of Python, where flags begin a pattern or a group of their own."""
    return re.compile(_translate(pattern.replace(_LEAD, "")))


_PIECE = re.compile(r"\\.|\[\^?\]?(?:\[:\w+:\]|\\.|[^\]\\])*\]|\(\?[imsU]+\)|\(|\)|\||[^\\\[()|]+", re.DOTALL)
_CLASS = re.compile(r"\[:\w+:\]")
_CLASSES = {"[:alnum:]": "A-Za-z0-9", "[:alpha:]": "A-Za-z", "[:digit:]": "0-9", "[:xdigit:]": "0-9A-Fa-f"}


def _translate(pattern: str) -> str:
    """Return a pattern with each flag in the middle made a group that ends with the one around it."""
    parts: list[str] = []
    flags: list[list[str]] = [[]]  # by open group, the groups that were opened for flags
    for piece in _PIECE.findall(pattern):
        if piece.startswith("[") and len(piece) > 1:
            parts.append(_CLASS.sub(lambda name: _CLASSES[name[0]], piece))
        elif piece.startswith("(?") and piece.endswith(")"):
            flags[-1].append(f"{piece[:-1]}:")
            parts.append(flags[-1][-1])
        elif piece == "|":
            parts += [")" * len(flags[-1]), "|", *flags[-1]]
        elif piece == ")":
            parts += [")" * len(flags.pop()), ")"]
        else:
            flags += [[]] if piece == "(" else []
            parts.append(r"\Z" if piece == r"\z" else piece)
    return "".join([*parts, ")" * len(flags[-1])])
