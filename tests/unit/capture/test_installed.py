import dataclasses
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from dsv.capture.installed import LockFile, environment_of, find_lock, imported_packages, recorded_lock
from dsv.capture.interpreter import Interpreter, find_python, interpreter_at
from dsv.capture.programs import program_at
from dsv.capture.python_imports import observed, read_imports
from dsv.errors import Corrupt, NotFound, UserError
from dsv.hashing import file_id
from dsv.model.environment import Environment, InstalledProgram, Package, PackageLock, compare
from tests.unit.capture.conftest import environment


@pytest.fixture(scope="module")
def python() -> Interpreter:
    return interpreter_at(Path(sys.executable))


def test_a_record_names_what_is_installed_and_no_place(python: Interpreter) -> None:
    found = environment_of(python)
    assert {"pandas", "pytest"} <= {item.name for item in found.packages}
    assert found.python["version"] == ".".join(map(str, sys.version_info[:3]))
    text = found.encode().decode()
    for place in (sys.prefix, sys.base_prefix, str(Path.home()), os.uname().nodename):
        assert place not in text
    assert Environment.decode(found.encode(), "x") == found


def test_what_was_imported_is_told_by_distribution(python: Interpreter) -> None:
    found = imported_packages(python, frozenset({"_pytest", "dateutil", "nothing"}))
    assert found == ("pytest", "python-dateutil")


@pytest.mark.parametrize(
    ("direct", "told"),
    [
        (
            {"url": "https://u:pw@h.example/a.whl?sig=x", "archive_info": {}},
            "https://***@h.example/a.whl?***",
        ),
        ({"url": "file:///home/somebody/src", "dir_info": {"editable": True}}, "local"),
        ({"url": "C:\\Users\\x"}, "local"),
        (
            {"url": "ssh://git@h.example/r", "vcs_info": {"vcs": "git", "commit_id": "ab12"}},
            "ssh://***@h.example/r@ab12",
        ),
        ("nonsense", "unknown"),
    ],
)
def test_where_a_package_came_from_is_told_without_secrets(
    python: Interpreter, direct: object, told: str
) -> None:
    text = direct if isinstance(direct, str) else json.dumps(direct)
    facts = {**python.facts, "distributions": {"A_b.C": ["1", text, ["a"]]}}
    found = environment_of(dataclasses.replace(python, facts=facts))
    assert found.packages == (Package("a-b-c", "1", told),)


def test_a_record_that_is_none_is_refused() -> None:
    good = environment_of(
        None, programs=[InstalledProgram("sort", "9")], lock=PackageLock("uv.lock", file_id(b""))
    )
    assert Environment.decode(good.encode(), "x") == good
    for old, new in ((b'"sort"', b"5"), (b'"uv.lock"', b"null"), (b'"packages":[]', b'"packages":[{}]')):
        with pytest.raises(Corrupt, match="the thing"):
            Environment.decode(good.encode().replace(old, new), "the thing")


def test_differences_that_the_run_imported_come_first() -> None:
    old = Environment(
        {"version": "3.11.1", "libc": "glibc 2"},
        (Package("a", "1", None), Package("b", "1", None), Package("gone", "1", None)),
        programs=(InstalledProgram("sort", "9"),),
    )
    new = Environment(
        {"version": "3.12.0", "libc": "glibc 2"},
        (Package("a", "2", None), Package("b", "1", "local"), Package("new", "1", None)),
    )
    found = [(one.what, one.recorded, one.present, one.imported) for one in compare(old, new, {"b"})]
    assert found == [
        ("b", "1", "1 (local)", True),
        ("python", "3.11.1", "3.12.0", True),
        ("sort", "9", None, True),
        ("a", "1", "2", False),
        ("gone", "1", None, False),
        ("new", None, "1", False),
    ]
    assert {one.imported for one in compare(old, new) if one.what in {"a", "gone"}} == {None}
    assert compare(old, old) == ()


def test_the_best_lock_file_is_found(tmp_path: Path) -> None:
    assert find_lock(tmp_path) is None
    (tmp_path / "requirements-dev.txt").write_text("a==1")
    assert find_lock(tmp_path) == LockFile("requirements-dev.txt", b"a==1")
    (tmp_path / "uv.lock").write_text("x")
    found = find_lock(tmp_path)
    assert found == LockFile("uv.lock", b"x")
    assert recorded_lock(found) == PackageLock("uv.lock", file_id(b"x"))


def test_what_is_no_interpreter(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="no such interpreter"):
        interpreter_at(tmp_path / "python")
    fake = tmp_path / "python3"
    fake.write_text("#!/bin/sh\necho hello\n")
    fake.chmod(0o755)
    with pytest.raises(UserError, match="does not answer"):
        interpreter_at(fake)


def test_the_interpreter_of_a_command_is_found(tmp_path: Path) -> None:
    env = environment()
    here = Path(sys.executable)
    script = tmp_path / "tool"
    script.write_text(f"#!{here}\n")
    assert find_python([str(here), "x.py"], env, tmp_path) == here
    assert find_python(["./tool"], env, tmp_path) == here
    on_path = find_python(["bash", "-c", "python x.py"], env, tmp_path)
    assert on_path is not None
    assert on_path.parent == here.parent
    assert find_python(["env", "A=b", str(here)], env, tmp_path) == here
    assert find_python(["bash"], {"PATH": str(tmp_path)}, tmp_path) is None


def test_programs_tell_their_version_and_scripts_are_not_asked(tmp_path: Path) -> None:
    env = environment()
    told = program_at("bash", env, tmp_path)
    assert told.name == "bash"
    assert told.version is not None
    assert "version" in told.version
    script = tmp_path / "job"
    script.write_text(f"#!/bin/sh\ntouch {tmp_path}/done\n")
    script.chmod(0o755)
    assert program_at(str(script), env, tmp_path / "work") == InstalledProgram("job", None)
    assert program_at("no-such-program", env, tmp_path) == InstalledProgram("no-such-program", None)
    assert not (tmp_path / "done").exists()


def _report(tmp_path: Path, env: dict[str, str], *argv: str) -> tuple[str, frozenset[str] | None]:
    reports = tmp_path / "reports"
    reports.mkdir(exist_ok=True)
    seen = observed(env, reports, tmp_path / "cache")
    done = subprocess.run(argv, env=seen, cwd=tmp_path, capture_output=True, text=True, check=True)
    assert done.stderr == ""
    return done.stdout, read_imports(reports)


def test_imports_are_reported_by_all_pythons_of_a_run(tmp_path: Path) -> None:
    (tmp_path / "child.py").write_text("import wave\n")
    (tmp_path / "job.py").write_text(
        "import csv, subprocess, sys\nsubprocess.run([sys.executable, 'child.py'], check=True)\n"
        "print([p for p in sys.path if 'sitecustomize' in p])\n"
    )
    out, found = _report(tmp_path, environment(), sys.executable, "job.py")
    assert out == "[]\n"
    assert found is not None
    assert found > {"csv", "wave", "subprocess"}


def test_the_sitecustomize_of_the_user_still_runs(tmp_path: Path) -> None:
    (tmp_path / "theirs").mkdir()
    (tmp_path / "theirs/sitecustomize.py").write_text("import builtins\nbuiltins.greeting = 'hello'\n")
    env = {**environment(), "PYTHONPATH": str(tmp_path / "theirs")}
    out, found = _report(
        tmp_path, env, sys.executable, "-c", "import sitecustomize as s; print(greeting, s.__file__)"
    )
    assert out == f"hello {tmp_path}/theirs/sitecustomize.py\n"
    assert found is not None


def test_a_python_that_ignores_its_environment_reports_nothing(tmp_path: Path) -> None:
    assert _report(tmp_path, environment(), sys.executable, "-I", "-c", "import csv") == ("", None)


@pytest.mark.parametrize(
    "text",
    [
        "--index-url https://token@example.org/simple\n",
        "--find-links https://example.org/x?sig=abcdefgh\n",
        "variables:\n  API_TOKEN: abcdefgh\n",
        "x @ https://example.org/x.whl#plant-of-ada\n",
        "--index-url https://example.org/ghp_0123456789012345678901234567890123456\n",
    ],
)
def test_a_lock_file_with_a_secret_is_not_recorded(text: str) -> None:
    assert recorded_lock(LockFile("environment.yml", text.encode())) is None


@pytest.mark.parametrize(
    "text",
    [
        "pandas==2.0 --hash=sha256:0123456789abcdef\n",
        "x @ git+ssh://git@github.com/a/x@v1#egg=x\n",
        'source = { git = "https://github.com/a/x?rev=main#0123456789abcdef0123456789abcdef01234567" }\n',
        "keyring==25\nsecretstorage==3.3.3\ntokenizers==1\n",
        '[package.dependencies]\nkeyring = ">=23"\nSecretStorage = "*"\n',
        "    # via\n    #   secretstorage\n",
        '[[package]]\nname = "secretstorage"\nSecretStorage = {version = ">=3.2"}\n',
    ],
)
def test_commits_and_checksums_are_no_secrets(text: str) -> None:
    assert recorded_lock(LockFile("uv.lock", text.encode())) is not None
