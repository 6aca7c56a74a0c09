"""What the documentation says can be done: commands, options, links, and the tour of the README as it is."""

import ast
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from dsv.cli import reference
from dsv.cli.app import COMMANDS

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
TASKS = (ROOT / "docs" / "commands-by-task.md").read_text(encoding="utf-8")
BENCHMARKS = (ROOT / "docs" / "benchmarks.md").read_text(encoding="utf-8")
PAGES = sorted([ROOT / "README.md", ROOT / "CHANGELOG.md", *(ROOT / "docs").rglob("*.md")])

CODE = re.compile(r"```(?:sh|console)\n(.*?)```|`(dsv [^`]*)`", re.DOTALL)
COMMAND = re.compile(r"(?:^|[\s;|&(/])dsv ((?:-[qv]+ |-C \S+ )*)([a-z]+)([^\n;|&>)#]*)")
PLANNED = {"run", "rerun", "rebuild", "verify", "trace", "lineage", "push", "pull", "fetch", "import"}
"""Commands of later releases: decisions may speak of them, guides must not."""


def commands(text: str) -> list[tuple[str, str]]:
    """Return name and arguments of every dsv command in the code of a page."""
    found = []
    for block in CODE.finditer(text):
        code = block[1] or block[2]
        if block[0].startswith("```console"):
            code = "\n".join(line[2:] for line in code.splitlines() if line.startswith("$ "))
        code = re.sub(r"(?m)^#.*", "", code)
        found += [(match[2], match[3]) for match in COMMAND.finditer(code)]
    return found


def pages() -> list[object]:
    return [pytest.param(page, id=str(page.relative_to(ROOT))) for page in PAGES]


@pytest.mark.parametrize("page", pages())
def test_documented_commands_and_options_exist(page: Path) -> None:
    for name, arguments in commands(page.read_text(encoding="utf-8")):
        if name in PLANNED and name not in COMMANDS and "design" in page.parts:
            continue
        assert name in COMMANDS, f"{page}: dsv {name}"
        known = {option for param in reference.command(name).params for option in param.opts}
        ours = re.sub(
            r'"[^"]*"', "", arguments.partition(" -- ")[0]
        )  # what follows belongs to another program
        for option in re.findall(r"(?<!\S)(--[a-z][a-z0-9-]*)", ours):
            assert option in known | {"--help"}, f"{page}: dsv {name} {option}"


@pytest.mark.parametrize("page", pages())
def test_links_lead_somewhere(page: Path) -> None:
    text = re.sub(r"```.*?```", "", page.read_text(encoding="utf-8"), flags=re.DOTALL)
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        if not target.startswith(("http://", "https://", "mailto:", "#")):
            assert (page.parent / target.partition("#")[0]).exists(), f"{page.name} links to {target}"


def test_troubleshooting_quotes_what_dsv_says() -> None:
    page = (ROOT / "docs" / "troubleshooting.md").read_text(encoding="utf-8")
    seen = [cells(row)[0] for row in page.splitlines() if row.startswith("|")]
    quoted = [quote for cell in seen for quote in re.findall(r"`(?:error: |warning: )([^`]+)`", cell)]
    assert len(quoted) > 15
    known = [re.compile(said) for path in (ROOT / "dsv").rglob("*.py") for said in messages(path)]
    for quote in quoted:
        assert any(said.fullmatch(quote) for said in known), quote


def messages(path: Path) -> Iterator[str]:
    """Yield the texts of a module as patterns, in which anything may stand where a value is filled in."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        parts = node.values if isinstance(node, ast.JoinedStr) else [node]
        words = [re.escape(str(part.value)) if isinstance(part, ast.Constant) else ".+" for part in parts]
        if sum(len(word) for word in words if word != ".+") > 12:
            yield "".join(words)


def test_each_of_the_two_ways_in_is_one_line() -> None:
    lines = [line for line in README.splitlines() if line.startswith("python3 -m venv")]
    assert [line.rpartition("&& ")[2] for line in lines] == [
        ".venv/bin/dsv demo demo-flights",
        ".venv/bin/python -m pytest",
    ]
    assert README.index(lines[1]) < 2000


def test_its_figures_are_those_of_the_benchmarks() -> None:
    table = README[README.index("| | dsv | DVC |") :].partition("\n\n")[0]
    figures = [cells(line.replace("**", ""))[1:3] for line in table.splitlines()[2:]]
    measured = [(row[1], row[6]) for row in map(cells, BENCHMARKS.splitlines()) if len(row) == 11]
    assert len(figures) == 4
    for dsv, dvc in figures:
        assert (dsv, dvc) in measured


def cells(line: str) -> list[str]:
    """Return what stands in the cells of a line of a table."""
    return [cell.strip() for cell in line.strip().strip("|").split("|")]


def test_every_command_has_its_word() -> None:
    told = {name for name, _ in commands(README + TASKS)}
    assert set(COMMANDS) - told <= {"config", "completion", "version", "oplog", "branch"}


def test_the_tour_prints_what_it_says(tmp_path: Path) -> None:
    home = tmp_path / "trips"
    home.mkdir()
    bin_folder = tmp_path / "bin"
    bin_folder.mkdir()
    for name, argv in {"dsv": f'"{sys.executable}" -m dsv', "python": f'"{sys.executable}"'}.items():
        program = bin_folder / name
        program.write_text(f'#!/bin/sh\nexec {argv} "$@"\n')
        program.chmod(0o755)
    env = {
        **os.environ,
        "PATH": f"{bin_folder}{os.pathsep}{os.environ['PATH']}",
        "PYTHONPATH": str(ROOT),
        "LC_ALL": "C.UTF-8",
        "DSV_AUTHOR": "Ada <ada@example.org>",
        "XDG_CONFIG_HOME": str(tmp_path / "config"),
    }
    for line, said in tour():
        if "b3sum" in line and not shutil.which("b3sum"):
            continue
        done = subprocess.run(
            ["bash", "-c", line],
            cwd=home,
            env=env,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            check=False,
        )
        assert masked(done.stdout.decode()) == masked(said), line


def tour() -> list[tuple[str, str]]:
    """Return the lines that the README types, each with what it says is printed."""
    found: list[tuple[str, str]] = []
    for block in re.findall(r"```console\n(.*?)```", README, re.DOTALL):
        for line in block.splitlines():
            if line.startswith("$ "):
                found.append((line[2:], ""))
            else:
                found[-1] = (found[-1][0], f"{found[-1][1]}{line}\n")
    return found


def masked(text: str) -> str:
    """Return `text` without what another time, folder or version of pyarrow changes."""
    text = re.sub(r"(?m)^made a workspace in \S+", "made a workspace in DIR", text)
    text = re.sub(r"\b[0-9a-f]{8}\b", "ID", text)
    text = re.sub(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d [+-]\d{4}", "TIME", text)
    text = re.sub(r"\b\d+\.\d s\b", "SECONDS", text)
    text = re.sub(r"isolation: [a-zA-Z]+( ABI \d+)?", "ISOLATION", text)
    text = re.sub(r"\b\d+ B\b", "SIZE", text)
    return re.sub(r"\([\d.]+ k?B\)", "(SIZE)", text)
