"""Why a replayed command failed, as far as its output tells."""

import re
from collections.abc import Iterable, Iterator
from pathlib import Path

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


def failure(tail: str, code: int, *, root: Path, clean: str, withheld: Iterable[str] = ()) -> str:
    """Return in one line why a command failed.

    Args:
        tail: The end of its output.
        code: Its exit code.
        root: The workspace.
        clean: What the folder that it ran in was called: the workspace, or what means nothing to anybody.
        withheld: Files that were left out of the record because they may hold secrets.
    """
    for reason in _reasons(tail, root, clean, tuple(withheld)):
        return reason
    if code == _KILLED:
        return "it was killed (signal 9): perhaps it needed more memory than there is"
    last = next((line.strip() for line in reversed(tail.splitlines()) if line.strip()), "")
    ending = f"exit code {code}" if code < 128 else f"ended by signal {code - 128}"
    return f"{ending}: {last[:300]}" if last else f"{ending}, and it said nothing"


def last_lines(tail: str, clean: str, count: int = 6) -> tuple[str, ...]:
    """Return the last lines of an output that say something, without the folder `clean`."""
    said = [line.rstrip() for line in tail.splitlines() if line.strip(" \t~^")]
    return tuple(line.replace(f"{clean}/", "") for line in said[-count:])


def _reasons(tail: str, root: Path, clean: str, withheld: tuple[str, ...]) -> Iterator[str]:
    denied = [line for line in tail.splitlines() if _DENIED.search(line)]
    for line in denied:
        path = next(
            (one or other for one, other in _PATH.findall(line) if not (one or other).startswith(clean)), None
        )
        if path is None:
            continue
        yield _outside(path, root)
    if _NETWORK.search(tail) or any("socket" in line or "connect" in line.lower() for line in denied):
        yield "it uses the network, which a rebuild does not allow unless told so"
    if (module := _last(_MODULE, tail)) is not None:
        yield f"the Python module {module} is not installed here"
    if (program := _last(_COMMAND, tail)) is not None:
        yield f"{program}: command not found"
    variable = _last(_UNBOUND, tail) or (_last(_VARIABLE, tail) if "environ" in tail else None)
    if variable is not None:
        yield f"it reads the environment variable {variable}, which was not declared"
    for found in _ABSENT.finditer(tail):
        path = (found[1] or found[2] or found[3]).removeprefix(f"{clean}/")
        if path.startswith("/"):
            yield _outside(path, root)
        if path in withheld:
            yield f"it reads {path}, which was withheld from the record because it may hold secrets"
        yield f"it reads {path}, which was not recorded as input or code"


def _outside(path: str, root: Path) -> str:
    """Return what is said of a path that is not in the clean folder."""
    inside = _relative(path, root)
    if inside is not None:
        return f"it uses the absolute path {path}: it should say {inside}"
    return f"it uses {path}, which is outside of the workspace and was not recorded"


def _relative(path: str, root: Path) -> str | None:
    for base in (root, root.resolve()):
        if Path(path).is_relative_to(base):
            return Path(path).relative_to(base).as_posix()
    return None


def _last(pattern: re.Pattern[str], text: str) -> str | None:
    found = pattern.findall(text)
    return found[-1] if found else None
