"""`@dsv.step`: a function, every call of which is a run."""

import functools
import inspect
import os
from collections.abc import Callable
from pathlib import Path
from typing import ParamSpec, TypeVar, overload

from dsv.api import around, program, texts
from dsv.api.program import ThisProgram
from dsv.api.running import Paths, Running
from dsv.capture.portable import SESSION, fill
from dsv.errors import UsageFault

_P = ParamSpec("_P")
_R = TypeVar("_R")


@overload
def step(function: Callable[_P, _R], /) -> Callable[_P, _R]: ...


@overload
def step(
    name: str | None = None, /, *, inputs: Paths | None = None, outputs: Paths | None = None
) -> Callable[[Callable[_P, _R]], Callable[_P, _R]]: ...


def step(
    first: Callable[_P, _R] | str | None = None,
    /,
    *,
    inputs: Paths | None = None,
    outputs: Paths | None = None,
) -> Callable[_P, _R] | Callable[[Callable[_P, _R]], Callable[_P, _R]]:
    """Make each call of a function a run: its arguments are the parameters, its name the label.

    Use it as `@dsv.step`, or as `@dsv.step("clean", outputs=["clean.parquet"])`. Arguments are paths, text,
    numbers and what JSON has; data goes through files. A call is replayed as `python -m dsv.call FILE:FUNCTION`:
    the function is at the top of its file, and what the file does by itself stands under
    `if __name__ == "__main__":`. Any other function is recorded, and cannot be replayed.

    Inside of a run that is being recorded, and in a replay, the function is only called.

    Args:
        first: The function, or a label instead of its name.
        inputs: Datasets that it reads; None: find out. `{ARGUMENT}` in a path stands for an argument.
        outputs: Datasets that it writes; likewise.
    """
    if callable(first):
        return _wrapped(first, None, inputs, outputs)
    return lambda function: _wrapped(function, first, inputs, outputs)


def _wrapped(
    function: Callable[_P, _R], name: str | None, inputs: Paths | None, outputs: Paths | None
) -> Callable[_P, _R]:
    signature = inspect.signature(function)

    @functools.wraps(function)
    def call(*args: _P.args, **kwargs: _P.kwargs) -> _R:
        if around.replayed() is None and around.reports() is None:
            bound = signature.bind(*args, **kwargs)
            bound.apply_defaults()
            params = _params(signature, bound.arguments)
            known = texts.texts_of(params)
            running = Running(
                name or function.__name__,
                _filled(inputs, known),
                _filled(outputs, known),
                params,
                _program(function),
            )
        else:
            running = Running(name or function.__name__, None, None, {}, None)
        with running:
            return function(*args, **kwargs)

    return call


def _params(signature: inspect.Signature, arguments: dict[str, object]) -> dict[str, object]:
    for key, value in arguments.items():
        kind = signature.parameters[key].kind
        if kind in (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD) and value:
            raise UsageFault(
                f"a step cannot take {key} without naming them", hint="give each argument a name"
            )
    named = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
    return {key: value for key, value in arguments.items() if signature.parameters[key].kind not in named}


def _filled(paths: Paths | None, known: dict[str, str]) -> Paths | None:
    return None if paths is None else fill([os.fspath(path) for path in paths], known)


def _program(function: Callable[..., object]) -> ThisProgram:
    """Return the command that calls a function again; `SESSION` if it cannot be found by a name."""
    found = program.program()
    name = function.__qualname__
    if found.argv[0] == SESSION:
        return found
    file = inspect.getsourcefile(function)
    if file is None or not all(part.isidentifier() for part in name.split(".")):
        return ThisProgram((SESSION, name), found.texts)
    where = _where(function, Path(os.path.realpath(file)))
    return ThisProgram((program.interpreter(), "-m", "dsv.call", f"{where}:{name}"), {})


def _where(function: Callable[..., object], file: Path) -> str:
    """Return the file of a function of the workspace, else the name of its module."""
    root = around.workspace().root.resolve()
    if file.is_relative_to(root) or function.__module__ == "__main__":
        return os.path.relpath(file, around.here().resolve())
    return function.__module__
