"""Calls one function of a file or module: `python -m dsv.call FILE.py:FUNCTION [KEY=VALUE]...`.

That is how a step is replayed. Its arguments are the variables DSV_PARAM_KEY and the words KEY=VALUE.
"""

import importlib
import importlib.util
import inspect
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

from dsv.api import texts
from dsv.errors import DsvError, NotFound, UsageFault
from dsv.runs.record.request import PARAMETER


def load(where: str) -> ModuleType:
    """Return the module in the file `where`, or of that name, as a program beside it would import it.

    Raises:
        NotFound: There is none.
    """
    if not where.endswith(".py"):
        return importlib.import_module(where)
    file = Path(where).resolve()
    if not file.is_file():
        raise NotFound(f"no such file: {where}")
    top, names = file.parent, [file.stem]
    while (top / "__init__.py").is_file():
        names.insert(0, top.name)
        top = top.parent
    sys.path.insert(0, os.fspath(top))
    name = ".".join(names)
    if len(names) > 1:
        return importlib.import_module(name)
    spec = importlib.util.spec_from_file_location(name, file)
    assert spec is not None
    assert spec.loader is not None
    module = sys.modules[name] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def find(target: str) -> Callable[..., Any]:
    """Return the function that `FILE.py:FUNCTION` or `MODULE:FUNCTION` names.

    Raises:
        UsageFault: It is not of that form.
        NotFound: There is none.
    """
    where, sign, name = target.rpartition(":")
    if not sign or not where:
        raise UsageFault(f"{target} is not FILE.py:FUNCTION")
    found: Any = load(where)
    for part in name.split("."):
        found = getattr(found, part, None)
        if found is None:
            raise NotFound(f"there is no {name} in {where}")
    if not callable(found):
        raise NotFound(f"{name} in {where} is no function")
    call: Callable[..., Any] = found
    return call


def call(target: str, words: Sequence[str]) -> None:
    """Call a function with the arguments that words and variables give.

    Raises:
        UsageFault: A word is not KEY=VALUE, or the function has no such argument.
        NotFound: There is no such function.
    """
    function = find(target)
    known = inspect.signature(function).parameters
    given = {key: os.environ[f"{PARAMETER}{key}"] for key in known if f"{PARAMETER}{key}" in os.environ}
    for word in words:
        key, sign, text = word.partition("=")
        if not sign or key not in known:
            raise UsageFault(f"{word} is no argument of {target}")
        given[key] = text
    values = {key: texts.value_of(text) for key, text in given.items()}
    only = [key for key, one in known.items() if one.kind is inspect.Parameter.POSITIONAL_ONLY]
    first = [values.pop(key) for key in only if key in values]
    function(*first, **values)


def main(arguments: Sequence[str]) -> int:
    """Call what `arguments` name; return an exit code."""
    try:
        if not arguments:
            raise UsageFault("python -m dsv.call FILE.py:FUNCTION [KEY=VALUE]...")
        call(arguments[0], arguments[1:])
    except DsvError as error:
        sys.stderr.write(f"error: {error.message}\n")
        return error.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
