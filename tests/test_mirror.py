"""Each module of dsv has a test: one of its own, at the same place, or one that a table names."""

import ast
import tomllib
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from dsv.cli.app import COMMANDS

TESTS = Path(__file__).parent
ROOT = TESTS.parent
SOURCE = ROOT / "dsv"
OTHERS = {"cli", "render"}
"""Rooms whose tests are of commands and of words, not of modules."""

TABLE: dict[str, dict[str, str]] = tomllib.loads(
    TESTS.joinpath("covered_elsewhere.toml").read_text(encoding="utf-8")
)
"""By module which test covers it (`test`), and on which way if it does not import it itself.

`through` is a command or a module that needs it; `how` says in words how the test has it run in another process,
to which no import leads.
"""


def modules() -> list[str]:
    """Return the modules of dsv as paths below it, without those of `OTHERS`."""
    found = [path.relative_to(SOURCE) for path in SOURCE.rglob("*.py") if path.name != "__init__.py"]
    return sorted(path.as_posix() for path in found if path.parts[0] not in OTHERS)


def mirror(module: str) -> Path:
    """Return where the test of a module belongs."""
    path = Path(module)
    return TESTS / "unit" / path.with_name(f"test_{path.name}")


@pytest.mark.parametrize("module", modules())
def test_a_module_has_a_test_of_its_own_or_a_line(module: str) -> None:
    assert mirror(module).exists() != (module in TABLE), "either a test at its place or a line in the table"


@pytest.mark.parametrize("module", TABLE)
def test_a_line_is_true(module: str) -> None:
    line = TABLE[module]
    assert set(line) in ({"test"}, {"test", "through"}, {"test", "how"})
    assert module in modules(), "there is no such module"
    file, _, name = line["test"].partition("::")
    text = TESTS.joinpath(file).read_text(encoding="utf-8")
    assert f"def {name}(" in text or f"class {name}(" in text, f"there is no {name} in {file}"
    if "how" in line:
        assert module not in imported(text), f"{file} imports it: nothing needs to be said"
    elif "through" not in line:
        assert module in imported(text), f"{file} does not import it: say through what it is met"
    elif line["through"].startswith("dsv "):
        verb = line["through"].split()[1]
        assert verb in COMMANDS
        assert f'"{verb}"' in text or f" {verb} " in text, f"{file} runs no dsv {verb}"
        command = _path(COMMANDS[verb])
        assert command is not None
        assert module in reached(command), f"dsv {verb} needs no {module}"
    else:
        assert line["through"] in imported(text), f"{file} does not import {line['through']}"
        assert module in reached(line["through"]), f"{line['through']} needs no {module}"


@cache
def reached(module: str) -> frozenset[str]:
    """Return all modules that a module imports, at once or when it needs them, and those that these do."""
    found: set[str] = set()
    waiting = [module]
    while waiting:
        one = waiting.pop()
        if one not in found:
            found.add(one)
            waiting += needs(one)
    return frozenset(found)


@cache
def needs(module: str) -> frozenset[str]:
    """Return the modules that a module imports."""
    return frozenset(imported(SOURCE.joinpath(module).read_text(encoding="utf-8")))


def imported(text: str) -> set[str]:
    """Return the modules of dsv that a module imports anywhere, or names as a text."""
    found = {path for name in _names(ast.parse(text)) if (path := _path(name))}
    return found - {"__init__.py"}  # the package only hands out, when asked, what would be everything


def _names(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value.startswith("dsv."):
            yield node.value


def _path(name: str) -> str | None:
    top, *parts = name.split(".")
    if top != "dsv":
        return None
    path = SOURCE.joinpath(*parts)
    for found in (path.with_suffix(".py") if parts else path / "__init__.py", path / "__init__.py"):
        if found.is_file():
            return found.relative_to(SOURCE).as_posix()
    return None
