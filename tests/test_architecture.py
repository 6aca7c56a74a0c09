"""What may import what, and which habits are left to the terminal: read from the sources.

A module may import from its own package and from packages of lower layers, never from a
higher one or from another package of its own layer.
"""

import ast
import graphlib
import json
import re
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import NamedTuple

import pytest

PACKAGE = Path(__file__).parents[1] / "dsv"

LAYERS = (
    {
        "_version",
        "ahead",
        "atomic",
        "errors",
        "hashing",
        "ids",
        "lock",
        "plain",
        "progress",
        "startup",
        "wording",
    },
    {"model", "segment"},
    {"store", "tables", "worktree"},
    {"capture", "config"},
    {"records"},
    {"workspace"},
    {"imports", "lineage", "remotes", "versions"},
    {"runs"},
    {"ops"},
    {"demo", "render"},
    {"api", "cli"},
    {"__main__", "call", "testing"},
)
"""From the bottom up; a name is a module or a package right below `dsv`. The leaves, at the bottom, may use each other."""

ROOMS = {
    "tables": (
        "format_names",
        "fact_keys",
        "apart",
        "values",
        "formats",
        "digest",
        "facts",
        "compare",
        "write",
    ),
    "runs": ("meaning", "differences", "stale", "record", "rebuild", "rerun"),
    "versions": ("survey", "stage", "switch", "from_git", "fast_forward", "preconditions", "commit"),
}
"""Rooms in which the order counts as well, from the bottom up."""

NARROW = {
    "segment": {"hashing"},
    "model": {"errors", "hashing", "ids"},
    "store": {
        "ahead",
        "atomic",
        "errors",
        "hashing",
        "ids",
        "lock",
        "model",
        "progress",
        "segment",
        "wording",
    },
    "tables": {"ahead", "errors", "hashing", "ids", "model", "segment"},
    "worktree": {"atomic", "errors", "hashing", "ids", "model", "plain", "progress"},
    "wording": set(),
    "capture": {
        "ahead",
        "atomic",
        "errors",
        "hashing",
        "ids",
        "model",
        "plain",
        "startup",
        "worktree",
    },
    "testing": {"errors", "hashing", "store"},
}
"""Packages that may import less than all that is below them: the working tree does not know the store."""

SAME_NAME = {
    "commit": "the record, and the verb that makes it",
    "run": "the record, and the verb that makes it",
    "remote": "a place, and the verb for places",
    "lineage": "the graph, and the verb that asks it",
    "config": "the settings, and the verb that shows them",
    "demo": "the tour, and the verb that gives it",
    "rebuild": "the room, and its verb",
    "rerun": "the room, and its verb",
    "__main__": "what Python calls a program",
}
"""Stems that more than one room has, beside verbs that are in `ops`, `cli.commands` and `render`, and why."""

IMPORTERS = {
    "blake3": {"hashing"},
    "xxhash": {"hashing"},
    "click": {"cli"},
    "platformdirs": {"api", "cli"},
    "rich": {"cli"},
    "boto3": {"store.blobs.s3"},
    "botocore": {"store.blobs.s3"},
    "filelock": {"lock"},
    "pyfastcdc": {"segment.cdc"},
    "zstandard": {"segment.compression", "store.packs.codec"},
    "tomlkit": {"config.edit"},
    "sqlglot": {"runs.meaning"},
    "yaml": {"runs.meaning"},
    "pyarrow": {"api", "tables", "testing"},
    "numpy": {"remotes", "store", "tables", "testing"},
    "hypothesis": {"testing"},
    "pytest": {"testing"},
    "sitecustomize": {"capture.sitecustomize.sitecustomize"},
}
"""Who may import what is not ours: modules, or packages as a whole."""

ONLY_TERMINAL = {
    "print",
    "input",
    "exit",
    "sys.exit",
    "sys.stdout",
    "sys.stderr",
    "sys.stdin",
    "sys.argv",
    "os.environ",
    "os.getenv",
    "os.getcwd",
    "os.chdir",
    "os._exit",
    "Path.cwd",
    "Path.home",
    "os.path.expanduser",
    "logging.basicConfig",
}

FACES = {"api", "call", "cli", "__main__"}
"""What meets the user: commands, and scripts that import dsv, which run in a folder and an environment, too."""

OWN_PROGRAMS = {
    "tables.apart",
    "capture.cleanroom.__main__",
    "capture.cleanroom.syscalls",
    "capture.cleanroom.mounts",
    "capture.cleanroom.room_processes",
    "capture.cleanroom.watcher",
    "capture.sitecustomize.sitecustomize",
    "capture.witness.launch",
    "capture.witness.supervisor",
}
"""Modules that run by themselves: in the processes of a recorded command, or in one that reads a stranger's file."""

SLOW = ("pyarrow", "numpy", "rich", "git", "boto3", "pandas", "zstandard", "pyfastcdc", "tomlkit")


class Import(NamedTuple):
    """One import: who, what, and whether it happens when the module is loaded."""

    importer: str
    imported: str
    at_load: bool

    def __str__(self) -> str:
        return f"{self.importer} imports {self.imported}"


@cache
def trees() -> dict[str, ast.Module]:
    """Return the syntax tree of every module, by its name below `dsv`."""
    found = {}
    for path in sorted(PACKAGE.rglob("*.py")):
        parts = path.relative_to(PACKAGE).with_suffix("").parts
        name = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
        found[name] = ast.parse(path.read_text(encoding="utf-8"), str(path))
    return found


@cache
def imports() -> tuple[Import, ...]:
    return tuple(one for name, tree in trees().items() for one in _imports(name, tree, at_load=True))


def _imports(importer: str, node: ast.AST, *, at_load: bool) -> Iterator[Import]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.Import):
            for alias in child.names:
                yield Import(importer, alias.name, at_load)
        elif isinstance(child, ast.ImportFrom):
            assert child.level == 0, f"{importer} has a relative import"
            for alias in child.names:
                yield Import(importer, _module(f"{child.module}", alias.name), at_load)
        elif isinstance(child, ast.If) and ast.unparse(child.test) == "TYPE_CHECKING":
            yield from _imports(importer, child, at_load=False)
        else:
            inside = isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
            yield from _imports(importer, child, at_load=at_load and not inside)


def _module(module: str, name: str) -> str:
    """Return what `from module import name` loads: a submodule, if that is what `name` is."""
    whole = f"{module}.{name}"
    return whole if whole.removeprefix("dsv.") in trees() else module


def ours() -> Iterator[tuple[Import, str, str]]:
    """Yield each import between two of our packages, with the names of both."""
    for one in imports():
        if one.imported == "dsv" or not one.imported.startswith("dsv."):
            continue
        importer, imported = one.importer.partition(".")[0], one.imported.split(".")[1]
        if importer not in {"", imported}:  # the package itself hands out what it has, and loads nothing
            yield one, importer, imported


def rank(package: str) -> int:
    return next(height for height, layer in enumerate(LAYERS) if package in layer)


def test_every_module_has_a_layer() -> None:
    packages = {name.partition(".")[0] for name in trees() if name}
    assert packages == set().union(*LAYERS)
    assert sum(map(len, LAYERS)) == len(packages)


def test_the_map_names_every_module() -> None:
    page = (PACKAGE.parent / "docs" / "contributing.md").read_text(encoding="utf-8")
    told = {
        name
        for row in re.findall(r"(?m)^\| *\d* *\| (`[^|]*) \|", page)
        for name in re.findall(r"`(\w+)`", row)
    }
    assert told >= set().union(*LAYERS) - {"__main__"}


def test_pages_are_listed() -> None:
    docs = PACKAGE.parent / "docs"
    listed = set(re.findall(r"\]\(([\w/-]+\.md)\)", (docs / "index.md").read_text(encoding="utf-8")))
    pages = {path.relative_to(docs).as_posix() for path in docs.rglob("*.md")}
    assert pages - listed == {"index.md"}


def test_there_are_few_layers() -> None:
    assert len(LAYERS) <= 12


def test_imports_point_down() -> None:
    def sideways(importer: str, imported: str) -> bool:
        return rank(importer) < rank(imported) or rank(importer) == rank(imported) > 0

    assert [str(one) for one, importer, imported in ours() if sideways(importer, imported)] == []


@pytest.mark.parametrize("package", ROOMS)
def test_imports_between_rooms_point_down(package: str) -> None:
    order = ROOMS[package]
    wrong = []
    for one in imports():
        importer, imported = one.importer.split("."), one.imported.removeprefix("dsv.").split(".")
        if importer[0] != package or imported[0] != package or len(importer) == 1 or len(imported) == 1:
            continue
        if importer[1] != imported[1] and order.index(importer[1]) <= order.index(imported[1]):
            wrong.append(str(one))
    assert wrong == []


def test_one_name_one_thing() -> None:
    """No module stem twice, except a verb at several layers; no class name twice."""
    verbs = ("ops.", "cli.commands.", "render.")
    stems: dict[str, list[str]] = {}
    classes: dict[str, list[str]] = {}
    for name, tree in trees().items():
        stem = name.rpartition(".")[2]
        if stem and stem not in SAME_NAME and not name.startswith(verbs):
            stems.setdefault(stem, []).append(name)
        for node in tree.body:
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                classes.setdefault(node.name, []).append(name)
    assert {stem: names for stem, names in stems.items() if len(names) > 1} == {}
    assert {name: where for name, where in classes.items() if len(where) > 1} == {}


def test_names_that_stand_twice_do() -> None:
    stems = [name.rpartition(".")[2] for name in trees()]
    assert [stem for stem in SAME_NAME if stems.count(stem) < 2] == []


def test_packages_that_stand_apart() -> None:
    wrong = [
        str(one)
        for one, importer, imported in ours()
        if importer in NARROW and imported not in NARROW[importer]
    ]
    assert wrong == []


def test_nothing_but_tests_needs_the_contract_tests() -> None:
    assert [str(one) for one, _, imported in ours() if imported in {"testing", "__main__"}] == []


def test_verbs_do_not_know_each_other() -> None:
    for package in ("dsv.ops.", "dsv.cli.commands."):
        wrong = [
            str(one)
            for one in imports()
            if one.imported.startswith(package) and f"dsv.{one.importer}".startswith(package)
        ]
        assert wrong == []


def test_no_cycles_when_modules_are_loaded() -> None:
    graph: dict[str, set[str]] = {name: set() for name in trees()}
    for one in imports():
        below = one.imported.removeprefix("dsv.")
        if one.at_load and below in graph and below != one.importer:
            graph[one.importer].add(below)
    list(graphlib.TopologicalSorter(graph).static_order())  # raises CycleError


def test_each_dependency_has_its_importers() -> None:
    wrong = []
    for one in imports():
        top = one.imported.partition(".")[0]
        if top in sys.stdlib_module_names or top == "dsv":
            continue
        allowed = IMPORTERS.get(top, set())
        if not any(one.importer == name or one.importer.startswith(f"{name}.") for name in allowed):
            wrong.append(str(one))
    assert wrong == []


def test_importers_exist() -> None:
    assert set().union(*IMPORTERS.values()) <= set(trees())


@pytest.mark.parametrize("name", ["pickle", "shelve", "marshal", "logging", "hashlib"])
def test_never_imported(name: str) -> None:
    others = {"hashlib": {"imports.checksums", "worktree.git_blobs"}}.get(
        name, set()
    )  # sums that others publish, ids of git
    found = [one for one in imports() if one.imported.partition(".")[0] == name]
    assert [str(one) for one in found if one.importer not in others] == []


def test_only_the_terminal_prints_exits_and_reads_its_surroundings() -> None:
    wrong = [
        f"{name}:{node.lineno}: {ast.unparse(node)}"
        for name, tree in trees().items()
        if name.partition(".")[0] not in FACES and name not in OWN_PROGRAMS
        for node in ast.walk(tree)
        if isinstance(node, ast.Name | ast.Attribute) and ast.unparse(node) in ONLY_TERMINAL
    ]
    assert wrong == []


def test_commands_leave_their_words_to_renderers() -> None:
    """A command hands its result to `dsv.render`; a script for a shell is what it prints."""
    spoken = {"line", "lines", "fit", "report", "table", "grid", "say", "hint"}
    wrong = [
        f"{name}:{node.lineno}: {ast.unparse(node.func)}"
        for name, tree in trees().items()
        if name.startswith("cli.commands.") and name.rpartition(".")[2] != "completion"
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr in spoken
        and ast.unparse(node.func.value).endswith("out")
    ]
    assert wrong == []


def test_files_and_functions_stay_small() -> None:
    for name, tree in trees().items():
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef):
                body = node.body[1:] if ast.get_docstring(node) else node.body
                lines = (node.end_lineno or 0) - body[0].lineno + 1 if body else 0
                assert lines <= 60, f"{name}.{node.name} has {lines} lines"
    for path in PACKAGE.rglob("*.py"):
        assert path.name != "utils.py"
        assert len(path.read_text(encoding="utf-8").splitlines()) <= 420, path


def test_every_module_says_what_it_is_for() -> None:
    assert [name for name, tree in trees().items() if not ast.get_docstring(tree)] == []


_PROBE = """
import json, sys
from dsv.cli.app import run
code = run(sys.argv[1:])
sys.stdout.flush()
print(json.dumps({"code": code, "modules": sorted(sys.modules)}), file=sys.stderr)
"""


def _modules(folder: Path, *arguments: str) -> set[str]:
    """Run a command in a process of its own; return what was imported."""
    done = subprocess.run(
        [sys.executable, "-X", "utf8", "-c", _PROBE, *arguments],
        cwd=folder,
        env={"PYTHONPATH": str(PACKAGE.parent), "PATH": "/usr/bin:/bin", "DSV_AUTHOR": "ada"},
        capture_output=True,
        text=True,
        check=True,
    )
    found = json.loads(done.stderr.splitlines()[-1])
    assert found["code"] == 0, done.stderr
    return set(found["modules"])


def test_a_clean_status_loads_nothing_slow(tmp_path: Path) -> None:
    _modules(tmp_path, "init")
    (tmp_path / "a.csv").write_text("x,y\n1,2\n")
    (tmp_path / "d").mkdir()
    (tmp_path / "d" / "f").write_text("x")
    _modules(tmp_path, "add", "a.csv", "d")
    _modules(tmp_path, "commit", "-m", "one")
    _modules(tmp_path, "status")
    loaded = _modules(tmp_path, "status")
    assert sorted(loaded & set(SLOW)) == []
    assert not {"dsv.store.objects", "dsv.store.packs.index", "dsv.tables.formats.open_table"} & loaded


def test_help_loads_neither_verbs_nor_runs(tmp_path: Path) -> None:
    """Each command brings the module that renders its result, and that brings nothing until there is one."""
    for words in (("--help",), *((name, "--help") for name in ("verify", "rebuild", "rerun", "why", "run"))):
        loaded = _modules(tmp_path, *words)
        assert [name for name in sorted(loaded) if name.startswith(("dsv.ops", "dsv.runs."))] == []


def test_the_version_loads_next_to_nothing(tmp_path: Path) -> None:
    loaded = _modules(tmp_path, "--version")
    assert not loaded & {*SLOW, "sqlite3", "dsv.workspace"}


def test_a_check_of_hashes_loads_no_tables(tmp_path: Path) -> None:
    _modules(tmp_path, "init")
    (tmp_path / "a.csv").write_text("x,y\n1,2\n")
    _modules(tmp_path, "add", "a.csv")
    _modules(tmp_path, "commit", "-m", "one")
    loaded = _modules(tmp_path, "verify", "--level", "hashes")
    assert sorted(loaded & {"pyarrow", "numpy", "dsv.tables.compare.compare_tables"}) == []
