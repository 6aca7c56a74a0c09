# The folder is put on PYTHONPATH, it is no package; annotations are not for every Python 3; pathlib is slow to import.
# ruff: noqa: INP001, ANN001, ANN002, ANN003, ANN202, PTH100, PTH118, PTH120, PTH123, BLE001, S110, UP031, SLF001, SIM105
# mypy: ignore-errors
"""Found first on PYTHONPATH by every Python that a run starts: reports at exit what was imported.

It also marks, for the witness of the calls, when Python's import system looks around in the workspace and when the
program begins; and says which modules the program asked for in vain. The marks are those of
`dsv/capture/witness/marks.py`; where nobody watches they are calls that fail.

It then gives way to the `sitecustomize` that would have been found without it. It must work in any
Python 3, import nothing that `site` has not imported, and never get in the way of the program: whatever
fails here fails silently, and the imports of that process are unknown.

The report is a file of its own in the folder DSV_IMPORTS: the modules' top names, one a line.
"""

import atexit
import os
import sys

_HERE = os.path.dirname(os.path.abspath(__file__))
_MARK, _BEGIN, _END, _READY, _MISSING, _PREFIX = 0x44535600, 1, 2, 3, 4, 5
_LISTERS = {
    "importlib.metadata": ("FastPath", "children"),
    "importlib_metadata": ("FastPath", "children"),
    "pkg_resources": (None, "find_on_path"),
}
"""What lists the folders of sys.path to find distributions."""


def _report(folder, process):
    # A child made by fork ends here too, with its own number and perhaps more imports.
    try:
        names = sorted({name.partition(".")[0] for name in list(sys.modules)})
        path = os.path.join(folder, "%d-%d" % (os.getpid(), process))
        with open(path, "w", encoding="utf-8", errors="replace") as file:
            file.write("\n".join(names))
    except Exception:
        pass


def _mark(word, path="", access=os.access):
    try:
        access(path, _MARK | word)
    except Exception:
        pass


def _silenced(plain):
    """Return `plain` such that what it lists and looks for is not the program's."""

    def inner(*args, **kwargs):
        _mark(_BEGIN)
        try:
            return plain(*args, **kwargs)
        finally:
            _mark(_END)

    return inner


def _watch_imports(root):
    """Mark what the import system does in the workspace `root`; elsewhere nobody is interested."""
    from importlib import _bootstrap_external as external

    finder, paths, loader = external.FileFinder, external.PathFinder, external.SourceFileLoader
    find_spec, fill, find, get_code = (
        finder.find_spec,
        finder._fill_cache,
        paths.find_spec.__func__,
        loader.get_code,
    )
    here = os.path.realpath(root)
    known = {}

    def is_inside(folder):
        if folder not in known:
            place = os.path.realpath(folder or ".")
            known[folder] = place == here or place.startswith(here + "/")
        return known[folder] if folder.startswith("/") else True

    def find_in_folder(self, fullname, target=None):
        if is_inside(self.path):
            return _silenced(find_spec)(self, fullname, target)
        spec = find_spec(self, fullname, target)
        if fullname in _LISTERS and spec is not None and type(spec.loader) is loader:
            spec.loader = Quiet(fullname, spec.loader.path)
        return spec

    def fill_cache(self):
        return _silenced(fill)(self) if is_inside(self.path) else fill(self)

    def code(self, fullname):
        inside = is_inside(os.path.dirname(self.path))
        return _silenced(get_code)(self, fullname) if inside else get_code(self, fullname)

    def find_anywhere(cls, fullname, path=None, target=None):
        spec = find(cls, fullname, path, target)
        if spec is None:
            try:
                _say_missing(fullname.rpartition(".")[2], sys.path if path is None else list(path), is_inside)
            except Exception:
                pass
        return spec

    class Quiet(loader):
        """Loads a module that lists sys.path, and silences it."""

        def exec_module(self, module):
            loader.exec_module(self, module)
            try:
                owner, name = _LISTERS[module.__name__]
                owner = module if owner is None else getattr(module, owner)
                setattr(owner, name, _silenced(getattr(owner, name)))
            except Exception:
                pass

    finder.find_spec, finder._fill_cache, loader.get_code = find_in_folder, fill_cache, code
    paths.find_spec = classmethod(find_anywhere)


def _say_missing(name, folders, is_inside):
    """Say that the program, and not a library of its, asked for a module that is nowhere."""
    frame = sys._getframe(2)
    while frame is not None and "importlib" in frame.f_code.co_filename:
        frame = frame.f_back
    if frame is None:
        return
    asking = frame.f_code.co_filename
    ours = not asking.startswith("<frozen") and "-packages" not in asking
    for prefix in (sys.base_prefix, sys.prefix, os.path.dirname(os.__file__)):
        ours = ours and not (asking.startswith(prefix + os.sep) and len(prefix) > 1)
    for folder in folders if ours else ():
        if is_inside(folder):
            place = os.path.join(os.path.realpath(folder or "."), name + ".py")
            _mark(_MISSING, place)
            return


def _give_way():
    # The program finds sys.path as it would be without us; PYTHONPATH stays, for its children.
    sys.path[:] = [path for path in sys.path if os.path.abspath(path or ".") != _HERE]
    ours = sys.modules.pop("sitecustomize", None)
    try:
        import sitecustomize  # noqa: F401
    except ImportError as error:
        if error.name != "sitecustomize":
            raise
        if ours is not None:
            sys.modules["sitecustomize"] = ours


def _begin():
    try:
        root = os.environ.get("DSV_WATCHED")
        if root:
            _watch_imports(root)
        for prefix in {sys.prefix, sys.base_prefix, sys.exec_prefix, sys.base_exec_prefix}:
            _mark(_PREFIX, prefix)
    except Exception:
        pass
    _mark(_READY)


_folder = os.environ.get("DSV_IMPORTS")
if _folder:
    atexit.register(_report, _folder, id(sys))
_give_way()
if _folder:
    _begin()
