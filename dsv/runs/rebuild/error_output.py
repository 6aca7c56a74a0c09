"""Why a replayed command failed, as far as the end of its output tells."""

import re
from collections.abc import Iterator
from pathlib import Path

from dsv.runs.rebuild.cause import Cause, CauseKind, Manner, Weight

_DENIED = re.compile(r"permission denied|operation not permitted|errno 13|os error 13", re.IGNORECASE)
_PATH = re.compile(r"['\"`](/[^'\"`]+)['\"`]|(?<![\w:/.])(/[^\s'\"`:,;)\]]+)")
_NETWORK = re.compile(
    r"urlopen error|urllib3|socket\.|getaddrinfo|gaierror|create_connection|Could not resolve host|"
    r"Name or service not known|name resolution|Failed to connect|ConnectionError|Max retries exceeded|"
    r"Connection refused|Network is unreachable|Could not connect",
)
_MODULE = re.compile(r"(?:ModuleNotFoundError|ImportError): No module named '([^']+)'")
_COMMAND = re.compile(r"(?:^|: )(?:line \d+: )?([\w./+-]+): (?:command )?not found", re.MULTILINE)
_VARIABLE = re.compile(r"KeyError: '([A-Za-z_]\w*)'")
_UNBOUND = re.compile(r"(\w+): (?:unbound variable|parameter not set|parameter null or not set)")
_ABSENT = re.compile(
    r"(?:FileNotFoundError[^\n]*?|No such file or directory[^\n]*?|Cannot open file |No files found that match the pattern )"
    r"['\"]([^'\"\n]+)['\"]"
    r"|['\"]([^'\"\n]+)['\"]: No such file or directory"
    r"|([^\s:'\"]+): No such file or directory"
)
_FULL = re.compile(r"No space left on device|\[Errno 28\]|Disk quota exceeded|os error 28")

_KILLED = 137


def is_full(tail: str) -> bool:
    """Whether a command says that the disk is full."""
    return _FULL.search(tail) is not None


def said(tail: str, root: Path, clean: str) -> Iterator[Cause]:
    """Yield what a command says that it lacked, the last part of a chain of errors after the first.

    Args:
        tail: The end of its output.
        root: The workspace.
        clean: What the folder that it ran in was called: the workspace, or what means nothing to anybody.
    """
    denied = [line for line in tail.splitlines() if _DENIED.search(line)]
    for line in denied:
        paths = (one or other for one, other in _PATH.findall(line))
        path = next((path for path in paths if not path.startswith(clean)), None)
        if path is not None:
            yield _outside(path, root)
    for found in _ABSENT.finditer(tail):
        path = without_clean(found[1] or found[2] or found[3], clean)
        yield _outside(path, root) if path.startswith("/") else _cause(CauseKind.UNRECORDED, path)
    if (module := _last(_MODULE, tail)) is not None:
        yield _cause(CauseKind.MODULE, module)
    if (program := _last(_COMMAND, tail)) is not None:
        yield _cause(CauseKind.PROGRAM, program)
    variable = _last(_UNBOUND, tail) or (_last(_VARIABLE, tail) if "environ" in tail else None)
    if variable is not None:
        yield _cause(CauseKind.VARIABLE, variable)
    if speaks_of_network(tail):
        yield _cause(CauseKind.NETWORK, "")


def speaks_of_network(tail: str) -> bool:
    """Whether a command says that it could not reach somebody."""
    denied = (line for line in tail.splitlines() if _DENIED.search(line))
    return _NETWORK.search(tail) is not None or any("connect" in line.lower() for line in denied)


def ended(tail: str, code: int) -> Cause:
    """Return how a command ended, with the last that it said."""
    if code == _KILLED:
        return _cause(CauseKind.MEMORY, "")
    last = next((line.strip() for line in reversed(tail.splitlines()) if line.strip()), "")
    return _cause(CauseKind.ENDED, str(code), last[:300])


def last_lines(tail: str, clean: str, count: int = 6) -> tuple[str, ...]:
    """Return the last lines of an output that say something, without the folder `clean`."""
    spoken = [line.rstrip() for line in tail.splitlines() if line.strip(" \t~^")]
    return tuple(without_clean(line, clean) for line in spoken[-count:])


def without_clean(text: str, clean: str) -> str:
    """Return `text` without the folder that a command ran in."""
    return text.replace(f"{clean}/", "") if clean else text


def _outside(path: str, root: Path) -> Cause:
    for base in (root, root.resolve()):
        if Path(path).is_relative_to(base):
            return _cause(CauseKind.ABSOLUTE, path, Path(path).relative_to(base).as_posix())
    return Cause(CauseKind.OUTSIDE, path, weight=Weight.SAID, detail=Manner.USED)


def _cause(kind: CauseKind, subject: str, after: str | None = None) -> Cause:
    return Cause(kind, subject, None, after, Weight.SAID)


def _last(pattern: re.Pattern[str], text: str) -> str | None:
    found = pattern.findall(text)
    return found[-1] if found else None
