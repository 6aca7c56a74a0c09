import json
from pathlib import Path

from dsv.capture.interpreter import Interpreter
from dsv.capture.tools import Tools


def python(*edited: Path, prefix: str = "/opt/python") -> Interpreter:
    distributions = {
        place.name: ["1", json.dumps({"url": place.as_uri(), "dir_info": {"editable": True}}), []]
        for place in edited
    }
    search = (f"{prefix}/lib/python3.11",)
    return Interpreter(f"{prefix}/bin/python", (prefix,), search, {"distributions": distributions})


def test_projects_installed_for_editing_are_readable_unless_they_are_the_workspace(tmp_path: Path) -> None:
    other, workspace = tmp_path / "other project", tmp_path / "w"
    tools = Tools({"PATH": ""}, [python(other, workspace)], workspace)
    assert str(other) in tools.readable()
    assert str(workspace) not in tools.readable()


def test_the_environment_that_a_program_belongs_to_is_readable(tmp_path: Path) -> None:
    tool = tmp_path / "share/tool"
    (tool / "bin").mkdir(parents=True)
    (tool / "pyvenv.cfg").write_text("home = /opt/base/bin\n")
    (tool / "bin/papermill").write_text("#!/bin/sh\n")
    (tool / "bin/papermill").chmod(0o755)
    folder = tmp_path / "local/bin"
    folder.mkdir(parents=True)
    (folder / "papermill").symlink_to(tool / "bin/papermill")
    tools = Tools({"PATH": str(folder)})
    assert {str(tool), "/opt/base"} <= set(tools.readable("papermill"))
    assert str(tool) not in tools.readable("other")


def test_no_folder_of_programs_that_holds_what_is_the_users(tmp_path: Path) -> None:
    home = tmp_path / "home"
    (home / "bin").mkdir(parents=True)
    tools = Tools({"PATH": f"{home}:{home}/bin:relative"}, apart=(home,))
    assert tools.readable() == (f"{home}/bin",)
