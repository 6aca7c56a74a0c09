# ruff: noqa: INP001  the folder is put on PYTHONPATH; it is no package
"""Found first on PYTHONPATH by every Python that a run starts: reports at exit what was imported.

It then gives way to the `sitecustomize` that would have been found without it. It must work in any
Python 3, import nothing that `site` has not imported, and never get in the way of the program: whatever
fails here fails silently, and the imports of that process are unknown.

The report is a file of its own in the folder DSV_IMPORTS: the modules' top names, one a line.
"""

import atexit
import os
import sys

_HERE = os.path.dirname(os.path.abspath(__file__))  # noqa: PTH100, PTH120  pathlib is slow to import


def _report(folder, process):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    # A child made by fork ends here too, with its own number and perhaps more imports.
    try:
        names = sorted({name.partition(".")[0] for name in list(sys.modules)})
        path = os.path.join(folder, "%d-%d" % (os.getpid(), process))  # noqa: PTH118, UP031
        with open(path, "w", encoding="utf-8", errors="replace") as file:  # noqa: PTH123
            file.write("\n".join(names))
    except Exception:  # noqa: BLE001, S110
        pass


def _give_way():  # type: ignore[no-untyped-def]  # noqa: ANN202
    # The program finds sys.path as it would be without us; PYTHONPATH stays, for its children.
    sys.path[:] = [path for path in sys.path if os.path.abspath(path or ".") != _HERE]  # noqa: PTH100
    ours = sys.modules.pop("sitecustomize", None)
    try:
        import sitecustomize  # type: ignore[import-not-found]  # noqa: F401
    except ImportError as error:
        if error.name != "sitecustomize":
            raise
        if ours is not None:
            sys.modules["sitecustomize"] = ours


_folder = os.environ.get("DSV_IMPORTS")
if _folder:
    atexit.register(_report, _folder, id(sys))
_give_way()  # type: ignore[no-untyped-call]
