"""What in the code of a run may give other data each time.

It is found by patterns, and told as possible, for people to look at; it never decides a status. Comments and
docstrings do nothing and are passed over.
"""

import ast
import re
import warnings
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from dsv.errors import DsvError
from dsv.model.code_list import CodeFile
from dsv.store.repository import Repository

CODE_LIMIT = 1 << 20
"""Code files with more bytes are not looked into."""

_LIMIT = 4

_ORDER = "order"


class Trace(NamedTuple):
    """A place in the code of a run.

    Attributes:
        kind: `clock`, `random`, `threads`, `order`, `environment`, `times`, `process`, `temporary`, `network` or `outside`.
        subject: What it names: a variable, a path; "" if nothing.
        path: The code file, or "" for the command line.
        line: Its line there, the first is 1.
    """

    kind: str
    subject: str
    path: str
    line: int


class _Sign(NamedTuple):
    kind: str
    patterns: tuple[str, ...]


_SIGNS = (
    _Sign(
        "clock",
        (
            r"\b(?:datetime|date|Timestamp)\.(?:now|utcnow|today)\(",
            r"\btime\.(?:time|time_ns|ctime|localtime|gmtime|strftime)\(",
            r"\b(?:perf_counter|monotonic|process_time)(?:_ns)?\(",
            r"\b(?:current_timestamp|current_date|current_time|localtimestamp|getdate)\b",
            r"\bnow\(\)",
            r"\$\(date\b|`date\b|\bdate \+",
        ),
    ),
    _Sign(
        "random",
        (
            r"\brandom\.|\brandom\(\)|\bdefault_rng\(|\burandom\b|\bsecrets\.",
            r"\buuid[1-7]?\(|\buuid\.",
            r"\.sample\(|\bshuffle\b|\bshuf\b|\$RANDOM\b|\btablesample\b|\busing sample\b",
        ),
    ),
    _Sign(
        "threads",
        (
            r"\bThreadPool|\bProcessPool|\bmultiprocessing\b|\bas_completed\b|\bimap_unordered\b",
            r"\bthreading\b|\bconcurrent\.futures\b|\bxargs\b.*-P|\bparallel\b",
        ),
    ),
    _Sign(
        _ORDER,
        (r"\b(?:set|frozenset|hash|listdir|scandir|iterdir|glob|rglob)\(",),
    ),
    _Sign(
        "environment",
        (r"(?:\benviron(?:\.get\(|\.setdefault\(|\[)|\bgetenv\()\s*['\"](\w+)",),
    ),
    _Sign("environment", (r"\bos\.environ|\bgetenv\(|\benviron\[",)),
    _Sign("times", (r"\bst_[acm]time(?:_ns)?\b|\bget[acm]time\(",)),
    _Sign("process", (r"\bgetp?pid\(|\bcurrent_process\(|\$\$",)),
    _Sign("temporary", (r"\btempfile\.|\bmkstemp\(|\bmkdtemp\(|\bmktemp\b",)),
    _Sign(
        "network",
        (
            r"\brequests\.|\burllib|\burlopen|\bhttpx?\.|\bboto3\b|\bcurl\b|\bwget\b",
            r"\w\([^()]*['\"](?:https?|s3|gs)://",
        ),
    ),
    _Sign("outside", (r"['\"]((?:/(?!dev/null)[\w.-]+/|~/)[\w./-]*)",)),
)
_COMPILED = tuple((sign, re.compile("|".join(sign.patterns), re.IGNORECASE)) for sign in _SIGNS)


def traces(repo: Repository, argv: Iterable[str], files: Iterable[CodeFile]) -> tuple[Trace, ...]:
    """Return what in a run's code and command may give other data: the first place of each kind, the likeliest first.

    Args:
        repo: The repository, whose store has the code.
        argv: The command.
        files: Its code files; what is not here, too large or no text tells nothing.
    """
    texts = [("", " ".join(argv)), *_texts(repo, files)]
    found: dict[str, Trace] = {}
    for sign, pattern in _COMPILED:
        one = None if sign.kind in found else _first(sign, pattern, texts)
        if one is not None:
            found[sign.kind] = one
    return tuple(found.values())[:_LIMIT]


def named(repo: Repository, files: Iterable[CodeFile], names: Iterable[str]) -> frozenset[str]:
    """Return those of the packages `names` that code imports by name, as far as both are called the same."""
    lines = "\n".join(
        line
        for _, text in _texts(repo, files)
        for line in map(str.strip, text.splitlines())
        if line.startswith(("import ", "from "))
    )
    words = {word.casefold() for word in re.findall(r"\w+", lines)}
    return frozenset(name for name in names if re.sub(r"[-.]", "_", name).casefold() in words)


def _first(sign: _Sign, pattern: re.Pattern[str], texts: Iterable[tuple[str, str]]) -> Trace | None:
    for path, text in texts:
        if not pattern.search(text) and not (sign.kind == _ORDER and "{" in text):
            continue
        nodes = _nodes(text) if path.endswith(".py") else []
        silent = _docstrings(nodes)
        sets = _sets(nodes) if sign.kind == _ORDER else frozenset()
        for number, line in enumerate(text.splitlines(), 1):
            found = None if number in silent else pattern.search(_bare(line))
            if found is not None or number in sets:
                groups = found.groups() if found else ()
                return Trace(sign.kind, next(filter(None, groups), ""), path, number)
    return None


def _nodes(text: str) -> list[ast.AST]:
    """Return the nodes of a Python program; none of what is no such program."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of somebody's odd escapes; nobody runs this
            return list(ast.walk(ast.parse(text)))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return []


def _docstrings(nodes: Iterable[ast.AST]) -> frozenset[int]:
    """Return the lines that hold texts which nothing uses."""
    return frozenset(
        line
        for node in nodes
        if isinstance(node, ast.Expr)
        and isinstance(node.value, ast.Constant)
        and isinstance(node.value.value, str)
        for line in range(node.lineno, (node.end_lineno or node.lineno) + 1)
    )


def _sets(nodes: Iterable[ast.AST]) -> frozenset[int]:
    """Return the lines on which sets of what a loop gives begin."""
    return frozenset(node.lineno for node in nodes if isinstance(node, ast.SetComp))


def _texts(repo: Repository, files: Iterable[CodeFile]) -> Iterator[tuple[str, str]]:
    for file in files:
        try:
            if repo.contents.size(file.file) <= CODE_LIMIT:
                yield file.path, repo.contents.read(file.file).decode()
        except (DsvError, UnicodeDecodeError):
            continue


def _bare(line: str) -> str:
    """Return a line of code without its comment; nothing of an import, which does nothing yet."""
    text = line.split("#", 1)[0]
    return "" if text.lstrip().startswith(("import ", "from ")) else text
