"""The process: what the `dsv` program starts with, and how it ends.

Nothing is imported before it is known to be needed, since every command pays for it.
"""

import gc
import os
import sys

from dsv import startup
from dsv._version import VERSION

TYPE_CHECKING = False

if TYPE_CHECKING:
    from typing import NoReturn


def entry() -> "NoReturn":
    """Run the command that the arguments of this process name, and exit with its code."""
    arguments = sys.argv[1:]
    if arguments == ["--version"]:
        sys.stdout.write(f"dsv {VERSION}\n")
        sys.exit(0)
    # Starting makes very many objects that all stay: looking for garbage among them is a tenth of a short command.
    gc.set_threshold(100_000, 50, 50)
    startup.search = tuple(sys.path)
    try:
        _calm_libraries()
        from dsv.cli.app import run
    except KeyboardInterrupt:
        sys.exit(130)
    code = run(arguments)
    _leave(code)
    sys.exit(code)


def _leave(code: int) -> None:
    """End this process as Python does, but without taking every module apart, a tenth of a short command.

    Threads are waited for, and all that is registered for the end happens. Returns if something of that fails.
    """
    import atexit
    import threading

    try:
        threading._shutdown()  # type: ignore[attr-defined]  # noqa: SLF001  (as multiprocessing ends its processes)
        atexit._run_exitfuncs()  # noqa: SLF001
        for stream in (sys.stdout, sys.stderr):
            if stream is not None:
                stream.flush()
    except BaseException:  # noqa: BLE001  (Python says what, when it ends the process itself)
        return
    os._exit(code)


def _calm_libraries() -> None:
    """Keep the libraries that tables are read with from what dsv never uses, and what takes longer than a small table.

    numpy's linear algebra would start a busy thread for each core. Python's `os.environ` does not learn of this
    variable, and that is what commands get for theirs. Arrow would load all of pandas to see whether what it is given
    is of pandas; in this process nothing is, and what dsv says of a table must not depend on who is installed beside.
    """
    if "OPENBLAS_NUM_THREADS" not in os.environ:
        os.putenv("OPENBLAS_NUM_THREADS", "1")
    sys.meta_path.insert(0, _WithoutPandas())


class _WithoutPandas:
    """Finds that pandas is not installed, and leaves all else to those who come after it."""

    def find_spec(self, name: str, path: object = None, target: object = None) -> None:  # noqa: ARG002
        """As `importlib.abc.MetaPathFinder` says."""
        if name == "pandas":
            raise ModuleNotFoundError("dsv does without pandas", name=name)
