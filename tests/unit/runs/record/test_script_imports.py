from pathlib import Path

import pytest

from dsv.runs.record.script_imports import imported, module_file


def put(root: Path, **files: str) -> None:
    for name, text in files.items():
        path = root / f"{name.replace('__', '/')}.py"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


def test_what_is_imported_is_followed_inside_the_workspace(tmp_path: Path) -> None:
    put(
        tmp_path,
        make="import os, helpers\nfrom lib import part\ndef f():\n    from lib.late import x",
        helpers="import further, helpers",
        further="import json",
        lib__part="from . import sibling\nfrom .. import nothing",
        lib__sibling="",
        lib__late="x = 1",
        unused="",
    )
    (tmp_path / "lib" / "__init__.py").write_text("")
    assert imported(tmp_path, {"make.py"}) == {
        "helpers.py",
        "further.py",
        "lib/__init__.py",
        "lib/part.py",
        "lib/sibling.py",
        "lib/late.py",
    }


def test_the_folder_of_the_script_comes_first(tmp_path: Path) -> None:
    put(tmp_path, steps__make="import rules, common", steps__rules="", rules="", common="")
    assert imported(tmp_path, {"steps/make.py"}) == {"steps/rules.py", "common.py"}


@pytest.mark.parametrize("text", ["def (", "import nowhere.at.all", "from ...... import x", "\0"])
def test_what_cannot_be_followed_imports_nothing(tmp_path: Path, text: str) -> None:
    put(tmp_path, make=text)
    assert imported(tmp_path, {"make.py"}) == set()


def test_a_link_out_of_the_workspace_is_not_followed(tmp_path: Path) -> None:
    work = tmp_path / "work"
    put(work, make="import away")
    put(tmp_path, elsewhere="")
    (work / "away.py").symlink_to(tmp_path / "elsewhere.py")
    assert imported(work, {"make.py"}) == set()


def test_a_module_that_is_run_by_its_name(tmp_path: Path) -> None:
    put(tmp_path, steps__make="")
    assert module_file(tmp_path, tmp_path, "steps.make") == "steps/make.py"
    assert module_file(tmp_path, tmp_path, "json") is None
