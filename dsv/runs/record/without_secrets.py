"""What is recorded of a command and its surroundings, without secrets and without the user's home."""

import os
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from dsv.capture.portable import portable_argv
from dsv.capture.secrets.masking import (
    MASK,
    is_secret,
    is_secret_name,
    mask_argv,
    mask_text,
    mask_values,
    secret_values,
)
from dsv.runs.record.request import Request

HOME = "~"

_SHOWN = 40


class SafeRequest(NamedTuple):
    """What of a request may be recorded.

    Attributes:
        argv: The command, portable and without secrets.
        name: The label.
        params: The parameters.
        variables: The declared variables; None for one whose value is not recorded.
        masked: Whether a part of the command or a parameter was replaced.
    """

    argv: tuple[str, ...]
    name: str | None
    params: dict[str, str]
    variables: dict[str, str | None]
    masked: bool


class Screen:
    """Takes out of texts what must not be recorded.

    Args:
        root: The workspace.
        env: The user's environment, for the home folder and for values that are secret by their name.
    """

    def __init__(self, root: Path, env: Mapping[str, str]) -> None:
        self._root = root
        self._env = env
        homes = {home for given in (env.get("HOME"),) if given for home in (given, os.path.realpath(given))}
        names = sorted((home.rstrip("/") for home in homes), key=len, reverse=True)
        patterns = [re.escape(name) for name in names if name]
        self._home = re.compile(rf"(?<![\w.\-])(?:{'|'.join(patterns)})(?![\w\-])") if patterns else None

    def without_home(self, text: str) -> str:
        """Return `text` with the path of the home folder replaced by `~`."""
        return text if self._home is None else self._home.sub(HOME, text)

    def plain(self, text: str) -> str:
        """Return `text` without the home folder and without what looks like a secret."""
        return self.without_home(mask_text(text))

    def tell(self, request: Request) -> SafeRequest:
        """Return what may be recorded of `request`."""
        cwd = self._root / request.cwd
        words = tuple(self._relative(word, cwd) for word in portable_argv(request.argv, self._root, cwd))
        argv = tuple(map(self.without_home, mask_argv(words).argv))
        params = {
            key: MASK if is_secret(key, value) else self.plain(value) for key, value in request.params.items()
        }
        variables = {name: self._variable(name) for name in request.variables}
        name = None if request.name is None else self.plain(request.name)
        return SafeRequest(argv, name, params, variables, argv != words or params != dict(request.params))

    def output(self, text: str, request: Request) -> str:
        """Return the output of a command without the secrets that it was given and the home folder."""
        given = {value for name, value in request.params.items() if is_secret(name, value)}
        given |= secret_values(self._env) | _hidden(request.argv)
        return self.plain(mask_values(text, given))

    def _variable(self, name: str) -> str | None:
        value = self._env[name]
        return None if is_secret_name(name) or self.plain(value) != value else value

    def _relative(self, word: str, cwd: Path) -> str:
        """Return `word` with the workspace's path inside of it relative to `cwd`, as in a shell's script."""
        up = os.path.relpath(self._root, cwd).replace(os.sep, "/")
        for root in {os.fspath(self._root), os.path.realpath(self._root)}:
            found = re.compile(rf"(?<![\w.\-/]){re.escape(root)}(?:(/)|(?![\w.\-]))")
            word = found.sub(lambda match: ("" if up == "." else f"{up}/") if match[1] else up, word)
        return word


def left_out(argv: Sequence[str], params: Mapping[str, str]) -> tuple[str, ...]:
    """Return what of a command is secret and will not be recorded, each as it will be shown: `--token ***`."""
    found = []
    shown = mask_argv(argv).argv
    for at, (word, masked) in enumerate(zip(argv, shown, strict=True)):
        if masked != word:
            found.append(f"{argv[at - 1]} {masked}" if masked == MASK and at else _around(masked))
    names = (name for name, value in params.items() if is_secret(name, value) or mask_text(value) != value)
    return (*found, *(f"-p {name}={MASK}" for name in names))


def _around(masked: str) -> str:
    """Return the part of a masked word in which something was replaced, for a word may be a script."""
    at = masked.find(MASK)
    start = masked.rfind(" ", 0, max(0, at - 1)) + 1
    return masked[max(start, at - _SHOWN) : at + len(MASK)]


def _hidden(argv: tuple[str, ...]) -> set[str]:
    """Return the words of `argv`, or the values in them, that masking replaces as a whole."""
    found: set[str] = set()
    for word, shown in zip(argv, mask_argv(argv).argv, strict=True):
        if shown == MASK:
            found.add(word)
        elif shown != word:
            before, _, after = shown.partition(MASK)
            found.add(word[len(before) : len(word) - len(after)])
    return found
