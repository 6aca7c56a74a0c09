"""What is to be run and recorded, as the user asks for it."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from dsv.errors import NotFound, Refused, UsageFault
from dsv.ids import ObjectId

PARAMETER = "DSV_PARAM_"
"""Before the name of a parameter this makes the environment variable that holds its value."""

_KEY = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")

_PLACE = re.compile(r"(?<!\$)\{([A-Za-z_][A-Za-z0-9_]*)\}")

_NONE: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Request:
    """A run that is asked for. Paths are relative to the workspace, with `/`.

    Attributes:
        argv: The command; `{KEY}` in it stands for the parameter KEY.
        env: All environment variables that it gets, except for those that recording adds.
        cwd: The folder to run it in; empty for the workspace itself.
        name: A label, or None.
        inputs: The datasets that it reads; None: find out.
        outputs: The datasets that it writes; None: find out.
        params: Its parameters.
        variables: Names of the environment variables that are recorded.
        code: Code files that it is known to read, for when that cannot be detected.
        own_files: Files that we write ourselves meanwhile, such as where our errors go: nothing of the run's.
        stdin: File id of what its standard input gives, in the store; None: nothing.
        idle: A descriptor that nobody is expected to write to, and that the command must not read: see `given`.
        stdout: The descriptor that its standard output goes to.
        stderr: The descriptor that its errors go to.
    """

    argv: tuple[str, ...]
    env: Mapping[str, str]
    cwd: str = ""
    name: str | None = None
    inputs: tuple[str, ...] | None = None
    outputs: tuple[str, ...] | None = None
    params: Mapping[str, str] = field(default_factory=lambda: _NONE)
    variables: tuple[str, ...] = ()
    code: tuple[str, ...] = ()
    own_files: frozenset[str] = frozenset()
    stdin: ObjectId | None = None
    idle: int | None = None
    stdout: int = 1
    stderr: int = 2

    @property
    def declares_all(self) -> bool:
        """Whether both sides are declared, so that nothing has to be detected."""
        return self.inputs is not None and self.outputs is not None

    @property
    def unfilled(self) -> tuple[str, ...]:
        """What looks like the place of a parameter and is none, if a parameter that is given has no place."""
        places = {key for word in self.argv for key in _PLACE.findall(word)}
        return tuple(sorted(places - self.params.keys())) if self.params.keys() - places else ()

    def check(self) -> None:
        """Check what can be checked without looking at the workspace.

        Raises:
            UsageFault: There is no command, or a parameter has no proper name.
            NotFound: A variable that is to be recorded is not set.
            Refused: Something is not text.
        """
        if not self.argv or not self.argv[0]:
            raise UsageFault("there is no command to run", hint="dsv run -- python clean.py")
        for key in self.params:
            if not _KEY.fullmatch(key):
                raise UsageFault(f"{key!r} cannot be the name of a parameter", hint="letters, digits and _")
        for name in self.variables:
            if name not in self.env:
                raise NotFound(f"the environment variable {name} is not set")
        texts = (*self.argv, self.name or "", *self.params.values(), *(self.env[v] for v in self.variables))
        for text in texts:
            if not text.isprintable() and any("\ud800" <= letter <= "\udfff" for letter in text):
                raise Refused(f"{text!r} is not UTF-8, and cannot be recorded")

    def variables_with_parameters(self) -> dict[str, str]:
        """Return the environment of the command: its own, and its parameters."""
        return {**self.env, **{PARAMETER + key: value for key, value in self.params.items()}}
