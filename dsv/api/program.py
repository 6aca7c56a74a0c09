"""What program this is: which command would run it again, and which code it has loaded."""

import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from dsv.capture.portable import CELLS, SESSION

_NOTEBOOK_VARIABLES = ("__vsc_ipynb_file__", "__session__")


class ThisProgram(NamedTuple):
    """This program.

    Attributes:
        argv: The command that runs it again; it starts with `SESSION` if there is none.
        texts: By path code that is in no file: the cells of a notebook so far.
    """

    argv: tuple[str, ...]
    texts: dict[str, bytes]


def program() -> ThisProgram:
    """Return what this program is."""
    shell = _shell()
    if shell is not None:
        name = _notebook(shell)
        return ThisProgram((SESSION, name), {f"{name}{CELLS}": _cells(shell)})
    if hasattr(sys, "ps1") or sys.flags.interactive:
        return ThisProgram((SESSION, "python"), {})
    return ThisProgram((interpreter(), *sys.orig_argv[1:]), {})


def interpreter() -> str:
    """Return the interpreter that runs this program."""
    return sys.executable or "python"


def modules() -> tuple[frozenset[str], list[Path]]:
    """Return the top names of the modules that are loaded, and the files that they are from."""
    names = frozenset(name.partition(".")[0] for name in list(sys.modules))
    return names, list(dict.fromkeys(_files()))


def _files() -> Iterator[Path]:
    for module in list(sys.modules.values()):
        file = getattr(module, "__file__", None)
        if isinstance(file, str):
            yield Path(os.path.realpath(file))


def _shell() -> Any:
    """Return the shell of IPython that this runs in; None if it runs in none."""
    package = sys.modules.get("IPython")
    get = getattr(package, "get_ipython", None)
    return get() if get is not None else None


def _notebook(shell: Any) -> str:
    """Return the name of the notebook, as far as its host tells it."""
    told = [str(shell.user_ns.get(name, "")) for name in _NOTEBOOK_VARIABLES]
    told.append(os.environ.get("JPY_SESSION_NAME", ""))
    names = [Path(text).name for text in told if text.endswith(".ipynb")]
    return names[0] if names else "notebook.ipynb"


def _cells(shell: Any) -> bytes:
    """Return what was entered so far, cell by cell."""
    cells = [str(text) for text in shell.history_manager.input_hist_raw[1:]]
    return "".join(f"# %%\n{cell.rstrip()}\n\n" for cell in cells if cell.strip()).encode()
