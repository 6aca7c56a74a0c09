"""Which files of the workspace a Python script imports, told from its text alone.

For runs that nobody watched: claimed ones, and those that declare both sides. What is imported
by a name that is only known when it runs stays unseen.
"""

import ast
from collections.abc import Iterator
from pathlib import Path

from dsv.errors import BadConfig
from dsv.plain import read_plain


def imported(root: Path, scripts: set[str]) -> set[str]:
    """Return the Python files in the workspace that `scripts`, and what they import, import.

    A name is looked for where Python would: in the folder of the script that is run, then in the
    workspace itself, which is where `python -m` looks. Files that cannot be parsed import nothing.

    Args:
        root: The workspace.
        scripts: The Python files that are run, relative to it.
    """
    found: set[str] = set()
    for script in scripts:
        places = [(root / script).parent, root]
        waiting = [root / script]
        while waiting:
            importer = waiting.pop()
            for file in _imports(importer, places):
                path = _inside(root, file)
                if path is not None and path not in found | scripts:
                    found.add(path)
                    waiting.append(file)
    return found


def module_file(root: Path, folder: Path, name: str) -> str | None:
    """Return the file in the workspace that `python -m name` runs in `folder`; None if there is none."""
    base = folder.joinpath(*name.split("."))
    for file in (base / "__main__.py", base.with_name(f"{base.name}.py")):
        if file.is_file():
            return _inside(root, file)
    return None


def _imports(importer: Path, places: list[Path]) -> Iterator[Path]:
    """Yield the files that the imports in `importer` name, packages that they are in among them."""
    try:
        tree = ast.parse(read_plain(importer))
    except (OSError, BadConfig, SyntaxError, ValueError, RecursionError):
        return
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield from _resolve(places, alias.name.split("."))
        elif isinstance(node, ast.ImportFrom):
            module = node.module.split(".") if node.module else []
            here = [importer.parents[node.level - 1]] if 0 < node.level <= len(importer.parents) else places
            for alias in node.names:
                yield from _resolve(here, [*module, alias.name])


def _resolve(places: list[Path], parts: list[str]) -> Iterator[Path]:
    for place in places:
        files = list(_along(place, parts))
        if files:
            yield from files
            return


def _along(place: Path, parts: list[str]) -> Iterator[Path]:
    """Yield the files that importing `parts` from `place` executes."""
    for part in parts:
        place = place / part
        for file in (place / "__init__.py", place.with_name(f"{part}.py")):
            if file.is_file():
                yield file
                break


def _inside(root: Path, file: Path) -> str | None:
    try:
        return file.resolve().relative_to(root.resolve()).as_posix()
    except ValueError:
        return None
