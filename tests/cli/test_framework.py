import json
import subprocess
import sys
from pathlib import Path

import pytest

from dsv import __version__
from dsv.cli import reference
from dsv.cli.app import COMMANDS, NO_JSON
from tests.cli.face_fixtures import Face, environment


@pytest.fixture
def odd(outside: Face, monkeypatch: pytest.MonkeyPatch) -> Face:
    monkeypatch.setitem(COMMANDS, "odd", "tests.cli.failing_command")
    return outside


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_every_command_has_help_with_examples_and_exit_codes(outside: Face, name: str) -> None:
    done = outside(name, "--help")
    assert done.code == 0
    assert done.err == ""
    found = reference.command(name)
    assert found.help
    first = found.help.splitlines()[0]
    assert first.endswith(".")
    assert not first.startswith(("Shows", "Prints"))
    assert f"$ dsv {name}" in done.out or f"dsv {name}" in done.out.partition("Examples:")[2]
    assert "Exit status:" in done.out
    assert ("--json" in done.out) == (name not in NO_JSON)


def test_root_help_lists_every_command(outside: Face) -> None:
    for arguments in ((), ("--help",), ("-h",)):
        done = outside(*arguments)
        assert done.code == 0
        for name in COMMANDS:
            assert f"\n  {name} " in done.out


def test_version_is_told_without_click() -> None:
    code = "import sys; from dsv.cli.main import entry\nentry()"
    command = [sys.executable, "-X", "importtime", "-c", code, "--version"]
    done = subprocess.run(command, env=environment(), capture_output=True, text=True, check=False)
    assert done.returncode == 0
    assert done.stdout == f"dsv {__version__}\n"
    assert "click" not in done.stderr


def test_version_after_an_option_is_the_same(outside: Face) -> None:
    assert outside.ok("-q", "--version") == f"dsv {__version__}\n"
    assert outside.json("version")["dsv"] == __version__
    assert __version__ in outside.ok("version")


def test_unknown_command_suggests(outside: Face) -> None:
    error = outside.fails("comit", code=2)
    assert error == {
        "kind": "usage",
        "message": "no such command: comit",
        "hint": "dsv commit",
        "exit_code": 2,
    }
    assert outside.fails("xyzzy", code=2)["hint"] == "dsv --help"


def test_wrong_usage_is_2_in_both_languages(outside: Face) -> None:
    assert outside.fails("status", "--nonsense", code=2)["kind"] == "usage"
    assert outside.fails("commit", code=2)["hint"] == "dsv commit --help"
    assert outside.fails("log", "-n", "many", code=2)["kind"] == "usage"


def test_json_before_the_command_says_where_it_goes(outside: Face) -> None:
    done = outside("--json", "status")
    assert done.code == 2
    assert "goes after the command" in done.document["error"]["hint"]


def test_json_is_not_for_streams(outside: Face) -> None:
    done = outside("completion", "bash", "--json")
    assert done.code == 2
    assert done.out == ""


def test_outside_a_workspace(outside: Face) -> None:
    error = outside.fails("status", code=3)
    assert error["kind"] == "not-found"
    assert error["hint"] == "dsv init"


def test_folder_option_must_exist(outside: Face) -> None:
    assert outside.fails("-C", "nowhere", "status", code=3)["kind"] == "not-found"


@pytest.mark.parametrize(
    ("how", "code", "kind"),
    [
        ("interrupt", 130, "interrupted"),
        ("memory", 5, "storage"),
        ("full", 5, "storage"),
        ("denied", 3, "user"),
        ("gone", 3, "not-found"),
        ("corrupt", 6, "corrupt"),
        ("nested", 6, "corrupt"),
    ],
)
def test_failures_by_code(odd: Face, how: str, code: int, kind: str) -> None:
    assert odd.fails("odd", how, code=code)["kind"] == kind


def test_a_full_disk_names_the_file_and_what_helps(odd: Face) -> None:
    done = odd("odd", "full")
    assert done.err.startswith("error: no space left on device: /data/x\n\nhint: ")


def test_a_bug_has_a_traceback_and_asks_for_a_report(odd: Face) -> None:
    done = odd("odd", "bug")
    assert done.code == 70
    assert done.out == ""
    assert "Traceback" in done.err
    assert "this is a bug in dsv" in done.err
    done = odd("odd", "bug", "--json")
    assert done.document["error"]["kind"] == "bug"
    assert "Traceback" in done.err


def test_a_closed_pipe_is_quiet(odd: Face) -> None:
    done = odd("odd", "pipe")
    assert (done.code, done.err) == (141, "")


def test_the_code_a_command_returns_is_the_exit_code(odd: Face) -> None:
    assert odd("odd", "no").code == 1


def test_messages_cannot_steer_a_terminal(odd: Face) -> None:
    done = odd("odd", "corrupt", terminal=True)
    assert "\x1b[2J" not in done.err
    assert "\\x1b[2J" in done.err


def test_verbose_shows_where_an_error_came_from(odd: Face) -> None:
    assert "Traceback" not in odd("-v", "odd", "gone").err
    assert "Traceback" in odd("-vv", "odd", "gone").err


def test_colours_only_on_terminals(outside: Face, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "\x1b[" in outside("status", terminal=True).err
    assert "\x1b[" not in outside("status").err
    monkeypatch.setenv("NO_COLOR", "1")
    assert "\x1b[" not in outside("status", terminal=True).err
    monkeypatch.delenv("NO_COLOR")
    monkeypatch.setenv("TERM", "dumb")
    assert "\x1b[" not in outside("status", terminal=True).err


@pytest.mark.parametrize("page", ["cli.md", "json.md", "exit-codes.md"])
def test_reference_pages_are_current(page: str) -> None:
    path = Path(__file__).parents[2] / "docs" / "reference" / page
    current = path.read_text(encoding="utf-8")
    assert current == reference.pages()[page], "run `python -m dsv.cli.reference docs/reference`"


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_scripts_name_dsv(outside: Face, shell: str) -> None:
    assert "_DSV_COMPLETE" in outside.ok("completion", shell)


def test_a_real_process_splits_its_streams(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "dsv", "status", "--json"]
    done = subprocess.run(
        command, cwd=tmp_path, env=environment(), capture_output=True, text=True, check=False
    )
    assert done.returncode == 3
    assert json.loads(done.stdout)["error"]["kind"] == "not-found"
    assert done.stderr == ""


@pytest.mark.skipif(sys.platform != "linux", reason="needs names that are not UTF-8")
@pytest.mark.parametrize("words", [("tag",), ("branch",), ("lineage", "--down"), ("verify",), ("why",)])
def test_an_argument_that_is_not_utf_8_is_no_bug(dsv: Face, words: tuple[str, ...]) -> None:
    (dsv.folder / "a.csv").write_text("a\n")
    dsv.ok("add", "a.csv")
    dsv.ok("commit", "-m", "one")
    assert dsv(*words, "\udcff").code == 3


@pytest.mark.parametrize("option", ["-q", "-v"])
def test_a_global_option_after_the_command_is_told_its_place(outside: Face, option: str) -> None:
    error = outside.fails("why", option, code=2)
    assert error["hint"] == f"it goes before the command: dsv {option} why ..."


def test_no_line_of_the_help_is_cut_off(outside: Face) -> None:
    assert "..." not in outside.ok("--help").partition("\n")[2]
