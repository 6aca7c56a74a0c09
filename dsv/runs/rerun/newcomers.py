"""Files that a command would load although no code names them: they stand where it looks before, or besides."""

import os
import posixpath
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path

from dsv.model.run import Run
from dsv.runs.stale.step import Step
from dsv.workspace import Workspace
from dsv.worktree import git
from dsv.worktree.suffixes import has_data_name, is_program_name, is_work_name

_MODULES = (".py", ".pyc", ".so", ".pyd")
_PYCACHE = "__pycache__"
_MAKEFILES = ("GNUmakefile", "makefile", "Makefile")
"""What make reads: the first of them that there is. It finds out by listing the folder, as for all its files."""

_PYTHON_PATH = "PYTHONPATH"
_MOST = 10_000
"""Names that are looked at below one folder."""


def stand_ins(
    workspace: Workspace, run: Run, programs: Iterable[str], names: frozenset[str]
) -> Iterator[str]:
    """Yield the files on the way of Python's imports in the workspace that would be loaded under one of `names`.

    Args:
        workspace: The workspace.
        run: The run; Python looks where it ran, and in its PYTHONPATH.
        programs: Its programs: Python looks beside the one it was started with, whatever that is called. In the place
            of those that are modules compiled ones would be loaded.
        names: Modules that the command may import.
    """
    given = run.surroundings.get(_PYTHON_PATH, "")
    folders = {posixpath.dirname(program) for program in programs} | {run.cwd}
    folders |= {folder for folder in given.split(os.pathsep) if folder and not folder.startswith("/")}
    own = {_stem(program) for program in programs if program.endswith(".py")}
    for folder in sorted(folders):
        place = workspace.root / folder
        there = listed(workspace, folder)
        for name in there:
            stem, dot, rest = name.partition(".")
            if stem.lower() not in names and posixpath.normpath(posixpath.join(folder, stem)) not in own:
                continue
            if dot and f".{rest}".endswith(_MODULES):
                yield posixpath.normpath(posixpath.join(folder, name))
            elif not dot and (place / name / "__init__.py").is_file():
                yield posixpath.normpath(posixpath.join(folder, name, "__init__.py"))
        if _PYCACHE in there:
            # Compiled files may say that no source is to be compared. Python makes them too, but does not commit them.
            cache = posixpath.normpath(posixpath.join(folder, _PYCACHE))
            yield from sorted(path for path in git.tracked(workspace.root, [cache]) if path.endswith(".pyc"))


def _stem(path: str) -> str:
    """Return the path of a module without its suffix; of a package that of its folder."""
    stem = path.removesuffix(".py")
    return posixpath.dirname(stem) if posixpath.basename(stem) == "__init__" else stem


def makefiles(workspace: Workspace, paths: Iterable[str]) -> Iterator[str]:
    """Yield what make may read instead of the makefiles among `paths`."""
    for folder in {posixpath.dirname(path) for path in paths if posixpath.basename(path) in _MAKEFILES}:
        there = listed(workspace, folder)
        yield from (posixpath.join(folder, name) for name in _MAKEFILES if name in there)


def appeared(workspace: Workspace, step: Step) -> Iterator[str]:
    """Yield what the command looked for in vain and is there now: of folders the programs in them."""
    for path in step.absent:
        if (workspace.root / path).is_file():
            yield path
        else:
            yield from _below(workspace, path)


def new_programs(workspace: Workspace, step: Step) -> Iterator[str]:
    """Yield the programs in folders that the command listed, and in folders that are new there, which were not there."""
    for one in step.listings:
        before = {name.name for name in one.names}
        for name in listed(workspace, one.path):
            if name in before:
                continue
            path = posixpath.normpath(posixpath.join(one.path, name))
            if is_work_name(path):
                yield path
            elif not name.startswith(".") and name != _PYCACHE:
                yield from _below(workspace, path)


def _below(workspace: Workspace, folder: str) -> Iterator[str]:
    """Yield the programs in a folder and below it, as far as it has no more names than can be looked at."""
    found = (
        (Path(above) / name).relative_to(workspace.root).as_posix()
        for above, _, names in os.walk(workspace.root / folder)
        for name in names
    )
    yield from sorted(
        path for path in islice(found, _MOST) if is_program_name(path) and not has_data_name(path)
    )


def listed(workspace: Workspace, folder: str) -> Sequence[str]:
    """Return the names in a folder of the workspace, sorted; none where there is no folder."""
    try:
        return sorted(place.name for place in (workspace.root / folder).iterdir())
    except OSError:
        return ()
