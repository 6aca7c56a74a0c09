"""What `rerun` may run: what its user made, or agreed to, as it was then."""

import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.cli.face_fixtures import Face
from tests.real_git import git

COPY = 'open("out.csv", "w").write(open("in.csv").read())\n'
EVIL = 'open("ran", "a").write("x")\n'


class Team:
    """A workspace, and a colleague whose commits git pulls into it."""

    def __init__(self, dsv: Face, patch: pytest.MonkeyPatch, tmp: Path) -> None:
        self.dsv = dsv
        self.root = dsv.folder
        self._patch = patch
        self._tmp = tmp
        git(self.root, "init", "-q", "-b", "main")

    def start(self, files: Mapping[str, str], *command: str) -> None:
        """Record a command, commit all that is its code, and let the colleague clone it."""
        self.put(self.root, {"in.csv": "a,b\n1,2\n", **files})
        (self.root / "in.csv").chmod(0o600)
        git(self.root, "add", *files)
        git(self.root, "commit", "-qm", "code")
        self.dsv.ok("run", "-m", "first", "--", *command)
        git(self.root, "add", "-A")
        git(self.root, "commit", "-qm", "lock")
        git(self._tmp, "clone", "-q", str(self.root), "colleague")
        git(self.root, "remote", "add", "origin", str(self._tmp / "colleague"))

    def be_somebody_else(self) -> None:
        """Be a user who has not made these runs, and has agreed to them."""
        self._patch.setenv("XDG_CONFIG_HOME", str(self._tmp / "victim"))
        self.dsv.ok("config", "trust")

    def pull(self, files: Mapping[str, str], *how: str) -> None:
        """Have the colleague change `files`, and pull that."""
        there = self._tmp / "colleague"
        self.put(there, files)
        git(there, "add", "-Af")
        git(there, "commit", "-qm", "innocent")
        git(self.root, "pull", "-q", *how, "origin", "main")

    def put(self, folder: Path, files: Mapping[str, str]) -> None:
        for path, text in files.items():
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).write_text(text)

    def new_data(self) -> None:
        with (self.root / "in.csv").open("a") as file:
            file.write("3,4\n")

    @property
    def ran(self) -> bool:
        """Whether code of the colleague's has run."""
        return (self.root / "ran").exists()


@pytest.fixture
def team(dsv: Face, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Team:
    return Team(dsv, monkeypatch, tmp_path)


def refused(team: Team, path: str) -> None:
    team.new_data()
    done = team.dsv("rerun")
    assert done.code == 3, done.err
    assert f"with {path} as it is now, and nobody agreed to that" in done.err
    assert "hint: dsv config trust, or --yes" in done.err
    assert not team.ran


CHANGED = [
    ({"mk.py": COPY}, ("python3", "mk.py"), {"mk.py": EVIL + COPY}, "mk.py"),
    (
        {"mk.py": f"import tool\n{COPY}", "tool.py": ""},
        ("python3", "mk.py"),
        {"tool.py": EVIL},
        "tool.py",
    ),
    ({"sub/mk.py": f"import csv\n{COPY}"}, ("python3", "sub/mk.py"), {"sub/csv.py": EVIL}, "sub/csv.py"),
    ({"mk.py": f"import json\n{COPY}"}, ("python3", "mk.py"), {"re.py": EVIL}, "re.py"),
    (
        {"mk.py": f"import csv\n{COPY}"},
        ("python3", "mk.py"),
        {"csv/__init__.py": EVIL},
        "csv/__init__.py",
    ),
    (
        {"mk.py": f"try:\n    import local_settings\nexcept ImportError:\n    pass\n{COPY}"},
        ("python3", "mk.py"),
        {"local_settings.py": EVIL},
        "local_settings.py",
    ),
    (
        {"mk.sh": ". ./common.sh\ncp in.csv out.csv\n", "common.sh": ":\n"},
        ("sh", "mk.sh"),
        {"common.sh": "echo x > ran\n"},
        "common.sh",
    ),
    (
        {"Makefile": "out.csv: in.csv\n\tcp in.csv out.csv\n"},
        ("make", "-B", "out.csv"),
        {"GNUmakefile": "out.csv: in.csv\n\techo x > ran; cp in.csv out.csv\n"},
        "GNUmakefile",
    ),
    (
        {
            "mk.py": "import os\nfor one in sorted(os.listdir('plugins')):\n"
            f"    exec(open('plugins/' + one).read())\n{COPY}",
            "plugins/a.py": "",
        },
        ("python3", "mk.py"),
        {"plugins/b.py": EVIL},
        "plugins/b.py",
    ),
    (
        {"tool": f"#!/usr/bin/env python3\nimport csv\n{COPY}"},
        ("python3", "tool"),
        {"csv.py": EVIL},
        "csv.py",
    ),
    (
        {"bin/tool": f"#!/usr/bin/env python3\nimport csv\n{COPY}"},
        ("python3", "bin/tool"),
        {"bin/csv.py": EVIL},
        "bin/csv.py",
    ),
    (
        {"mk.txt": COPY},
        ("sh", "-c", "python3 mk.txt"),
        {"mk.txt": EVIL + COPY},
        "mk.txt",
    ),
    (
        {
            "mk.py": "import os\nfor one in sorted(os.listdir('more')) if os.path.isdir('more') else ():\n"
            f"    exec(open('more/' + one).read())\n{COPY}"
        },
        ("python3", "mk.py"),
        {"more/b.py": EVIL},
        "more/b.py",
    ),
    (
        {
            "mk.py": "import os\nfor above, _, names in os.walk('plugins'):\n    for one in names:\n"
            f"        exec(open(above + '/' + one).read())\n{COPY}",
            "plugins/a.py": "",
        },
        ("python3", "mk.py"),
        {"plugins/new/b.py": EVIL},
        "plugins/new/b.py",
    ),
]


@pytest.mark.parametrize(("files", "command", "change", "path"), CHANGED, ids=[one[3] for one in CHANGED])
def test_what_differs_from_what_was_agreed_is_asked_about(
    team: Team, files: dict[str, str], command: tuple[str, ...], change: dict[str, str], path: str
) -> None:
    team.start(files, *command)
    team.be_somebody_else()
    team.pull(change)
    refused(team, path)
    assert f"with {path} as it is now" in team.dsv.ok("config", "trust")
    team.dsv("rerun")  # it may fail: a module that stands in for Python's is no good one
    assert team.ran


@pytest.mark.parametrize(("files", "command", "change", "path"), CHANGED, ids=[one[3] for one in CHANGED])
def test_what_git_brings_beside_ones_own_run_is_asked_about(
    team: Team, files: dict[str, str], command: tuple[str, ...], change: dict[str, str], path: str
) -> None:
    team.start(files, *command)
    team.pull(change)
    refused(team, path)
    team.dsv("rerun", "--yes")
    assert team.ran


@pytest.mark.parametrize("own", [True, False])
@pytest.mark.parametrize("name", ["helper.so", "helper.abi3.so", "__pycache__/helper.{tag}.pyc"])
def test_compiled_files_in_the_place_of_ones_own_module(team: Team, name: str, own: bool) -> None:
    tag = subprocess.check_output(
        ["python3", "-c", "import sys; print(sys.implementation.cache_tag)"], text=True
    )
    path = f"lib/{name.format(tag=tag.strip())}"
    code = {"mk.py": f"import sys\nsys.path[:0] = ['lib']\nimport helper\n{COPY}", "lib/helper.py": ""}
    team.start(code, "python3", "mk.py")
    if not own:
        team.be_somebody_else()
    (team.root / path).unlink(missing_ok=True)  # as Python made it
    team.pull({path: "no program that runs"})
    refused(team, path)


def test_caches_that_python_made_are_not_asked_about(team: Team) -> None:
    team.start(
        {"mk.py": f"import helper\n{COPY}", "helper.py": "", ".gitignore": "__pycache__\n"},
        "python3",
        "mk.py",
    )
    team.be_somebody_else()
    subprocess.run(["python3", "-m", "compileall", "-q", "."], cwd=team.root, check=True)
    team.new_data()
    team.dsv.ok("rerun")


def test_what_a_link_leads_to_is_asked_about(team: Team) -> None:
    code = {"mk.py": f"import sys\nsys.path[:0] = ['lib']\nimport helper\n{COPY}", "lib/helper.py": ""}
    team.start(code, "python3", "mk.py")
    there = team._tmp / "colleague"
    git(there, "mv", "lib", "vendor")
    (there / "lib").symlink_to("vendor")
    team.pull({"vendor/helper.py": EVIL})
    refused(team, "lib/helper.py")


def test_what_a_link_led_to_is_asked_about(team: Team) -> None:
    (team.root / "lib").mkdir()
    (team.root / "lib/helper.py").symlink_to("helper.txt")
    text = "import sys\nsys.path[:0] = ['lib']\nimport helper\n"
    team.start({"mk.py": text + COPY, "lib/helper.py": "x = 1\n"}, "python3", "mk.py")
    team.pull({"lib/helper.txt": EVIL})
    refused(team, "lib/helper.txt")


@pytest.mark.parametrize("way", ["squash", "picked", "amended"])
def test_commits_of_ones_own_with_what_others_made(team: Team, way: str) -> None:
    team.start({"mk.py": COPY, "notes": "1\n"}, "python3", "mk.py")
    git(team.root, "config", "user.name", "a")
    git(team.root, "config", "user.email", "a@b.c")
    there = team._tmp / "colleague"
    team.put(there, {"mk.py": EVIL + COPY, "notes": "2\n"})
    git(there, "commit", "-qam", "innocent")
    git(team.root, "fetch", "-q", "origin")
    if way == "squash":
        git(team.root, "merge", "--squash", "origin/main")
    elif way == "amended":
        git(team.root, "merge", "-q", "origin/main")
        git(team.root, "commit", "-q", "--amend", "-m", "other words")
    else:
        team.put(team.root, {"notes": "3\n"})
        git(team.root, "commit", "-qam", "mine")
        subprocess.run(["git", "cherry-pick", "origin/main"], cwd=team.root, capture_output=True, check=False)
        team.put(team.root, {"notes": "2 and 3\n"})
        git(team.root, "commit", "-qam", "both")
    refused(team, "mk.py")


def test_a_program_that_is_a_dataset(team: Team) -> None:
    team.put(team.root, {"prog.py": COPY})
    team.dsv.ok("add", "prog.py")
    team.start({"notes": ""}, "python3", "prog.py")
    team.be_somebody_else()
    team.put(team.root, {"prog.py": EVIL + COPY})
    refused(team, "prog.py")


def test_a_program_that_is_a_dataset_and_was_pulled(team: Team, tmp_path: Path) -> None:
    url = f"file://{tmp_path / 'remote'}"
    team.put(team.root, {"prog.py": COPY})
    team.dsv.ok("add", "prog.py")
    team.start({"notes": ""}, "python3", "prog.py")
    team.put(team.root, {"prog.py": COPY + "# mine\n"})
    team.dsv.ok("commit", "-am", "mine")
    team.new_data()
    team.dsv.ok("rerun")
    team.dsv.ok("commit", "-am", "data")
    team.dsv.ok("remote", "add", "origin", url)
    team.dsv.ok("push")
    team.dsv.ok("clone", "--yes", url, str(tmp_path / "theirs"), cwd=tmp_path)
    team.put(tmp_path / "theirs", {"prog.py": EVIL + COPY})
    team.dsv.ok("commit", "-am", "innocent", cwd=tmp_path / "theirs")
    team.dsv.ok("push", cwd=tmp_path / "theirs")
    team.dsv.ok("pull")
    refused(team, "prog.py")


def test_a_folder_of_modules_on_pythonpath(team: Team, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", str(team.root / "lib"))
    team.start({"src/mk.py": f"import csv\n{COPY}", "lib/mine.py": ""}, "python3", "src/mk.py")
    team.be_somebody_else()
    team.pull({"lib/csv.py": EVIL})
    refused(team, "lib/csv.py")


def test_ones_own_edits_are_not_asked_about(team: Team) -> None:
    team.start({"mk.py": COPY}, "python3", "mk.py")
    for number in range(2):
        team.put(team.root, {"mk.py": f"import helper\n{COPY}# {number}\n", "helper.py": f"# {number}\n"})
        team.new_data()
        team.dsv.ok("rerun")
    team.put(team.root, {"mk.py": f"import helper, csv\n{COPY}", "csv.py": "mine = True\n"})
    git(team.root, "add", "mk.py", "helper.py", "csv.py")
    git(team.root, "commit", "-qm", "mine")
    team.new_data()
    team.dsv.ok("rerun")


def test_an_edit_over_what_git_brought_does_not_hide_it(team: Team) -> None:
    team.start({"mk.py": COPY}, "python3", "mk.py")
    team.pull({"mk.py": EVIL + COPY})
    with (team.root / "mk.py").open("a") as file:
        file.write("# mine\n")
    refused(team, "mk.py")


@pytest.mark.parametrize(
    "how", [("--no-rebase", "--no-commit", "--no-ff"), ("--rebase",), ("--no-rebase", "--no-ff")]
)
def test_ways_in_which_git_brings_things(team: Team, how: tuple[str, ...]) -> None:
    team.start({"mk.py": COPY}, "python3", "mk.py")
    git(team.root, "config", "user.name", "a")
    git(team.root, "config", "user.email", "a@b.c")  # the same person, as far as a commit can say
    team.pull({"mk.py": EVIL + COPY}, *how)
    refused(team, "mk.py")


def test_a_file_of_somebody_else_that_was_edited_before_the_run_stays_ones_own(team: Team) -> None:
    """What git brought before the run was there when its user ran it."""
    team.start({"mk.py": COPY}, "python3", "mk.py")
    team.pull({"mk.py": COPY + "# theirs\n"})
    team.put(team.root, {"mk.py": COPY + "# theirs\n# mine\n"})
    team.dsv.ok("run", "--", "python3", "mk.py")
    team.put(team.root, {"mk.py": COPY + "# theirs\n# mine, again\n"})
    team.new_data()
    team.dsv.ok("rerun")


def test_data_in_git_is_not_asked_about(team: Team) -> None:
    team.start(
        {"mk.py": 'open("out.csv", "w").write(open("words.txt").read())\n', "words.txt": "a\n"},
        "python3",
        "mk.py",
    )
    team.be_somebody_else()
    team.pull({"words.txt": "a\nb\n"})
    team.dsv.ok("rerun")
    assert (team.root / "out.csv").read_text() == "a\nb\n"


def test_what_shows_only_when_it_runs_is_named_afterwards_and_asked_about_next_time(team: Team) -> None:
    loader = f"import importlib\ntry:\n    importlib.import_module('hid' + open('in.csv').read()[:0] + 'den')\nexcept ImportError:\n    pass\n{COPY}"
    team.start(
        {"mk.py": "import os\n" + loader.replace("'den'", "'den' * (len(open('in.csv').read()) > 10)")},
        "python3",
        "mk.py",
    )
    team.be_somebody_else()
    team.pull({"hidden.py": "x = 1\n"})
    team.new_data()
    done = team.dsv("rerun")
    assert done.code == 0, done.err
    assert "hidden.py: loaded by a command, and nobody had agreed to that" in done.err
    team.new_data()
    assert team.dsv("rerun").code == 3
    team.dsv.ok("config", "trust")
    team.dsv.ok("rerun")
