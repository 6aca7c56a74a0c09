"""What a stranger's settings and records ask for of the user's own: variables, servers, things to be loaded."""

import subprocess
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from dsv.capture.loaders import is_loader
from tests.cli.face_fixtures import Face

SERVER = "https://evil.example:9000"


@pytest.fixture
def server() -> Iterator[tuple[str, list[str]]]:
    """A server that notes who asks it with which credentials."""
    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.headers.get("Authorization", ""))
            self.send_response(404)
            self.send_header("Content-Length", "0")
            self.end_headers()

        do_HEAD = do_PUT = do_GET  # noqa: N815 (names of its base class)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 (the name of its base class)
            pass

    found = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=found.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{found.server_address[1]}", asked
    found.shutdown()
    thread.join()
    found.server_close()


@pytest.fixture
def keys(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "wJalrXUtnFEMI")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")


def settings(dsv: Face, endpoint: str) -> None:
    with (dsv.folder / "dsv.toml").open("a") as file:
        file.write(f'[remote.origin]\nurl = "s3://bucket/x"\nendpoint_url = "{endpoint}"\nretries = 0\n')


@pytest.mark.usefixtures("keys")
@pytest.mark.parametrize(
    "words",
    [
        ("push",),
        ("fetch",),
        ("pull",),
        ("remote", "check"),
        ("gc", "--remote", "origin"),
        ("fsck", "--remote", "origin"),
    ],
)
def test_a_server_that_settings_name_gets_no_credentials_unasked(
    dsv: Face, server: tuple[str, list[str]], words: tuple[str, ...]
) -> None:
    url, asked = server
    (dsv.folder / "a.csv").write_text("a\n1\n")
    dsv.ok("add", "a.csv")
    dsv.ok("commit", "-m", "a")
    settings(dsv, url)
    done = dsv(*words)
    assert done.code == 3, done.err
    assert f"{url}, a server that you have not used before" in done.err
    assert f"hint: dsv config trust endpoint {url}" in done.err
    assert asked == []
    dsv.ok("config", "trust", "endpoint", url)
    dsv(*words)
    assert any("AKIDEXAMPLE" in one for one in asked)


@pytest.mark.usefixtures("keys")
@pytest.mark.parametrize(
    "words",
    [
        ("remote", "add", "origin", "s3://bucket/x", "--endpoint-url", "URL"),
        ("config", "remote.origin.endpoint_url", "URL"),
        ("config", "--shared", "remote.origin.endpoint_url", "URL"),
    ],
)
def test_whoever_types_a_server_agrees_to_it(
    dsv: Face, server: tuple[str, list[str]], words: tuple[str, ...]
) -> None:
    url, asked = server
    if words[0] == "config":
        dsv.ok("config", "remote.origin.url", "s3://bucket/x")
    dsv.ok(*(url if word == "URL" else word for word in words))
    dsv("fetch")
    assert asked


@pytest.mark.usefixtures("keys")
def test_settings_do_not_decide_where_a_typed_url_goes(
    dsv: Face, server: tuple[str, list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    url, asked = server
    settings(dsv, url)
    dsv.ok("config", "trust", "endpoint", url)  # not even then
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")  # where nobody answers
    assert dsv("import", "s3://bucket/x/a.csv", "a.csv").code != 0
    assert asked == []
    assert dsv("import", "s3://bucket/x/a.csv", "a.csv", "--endpoint-url", url).code == 3
    assert asked


def test_another_port_is_another_server(dsv: Face) -> None:
    settings(dsv, SERVER)
    dsv.ok("config", "trust", "endpoint", "https://evil.example")
    assert dsv("fetch").code == 3


@pytest.fixture
def asking(dsv: Face, monkeypatch: pytest.MonkeyPatch) -> Face:
    """A workspace whose shared settings have a variable of the user's passed to a command that keeps it."""
    monkeypatch.setenv("MY_TOKEN", "abc")
    (dsv.folder / "in.csv").write_text("a\n1\n")
    (dsv.folder / "mk.py").write_text(
        'import os\nopen("out.csv", "w").write(open("in.csv").read() + os.environ.get("MY_TOKEN", "") + "\\n")\n'
    )
    monkeypatch.delenv("MY_TOKEN")
    dsv.ok("run", "-m", "r", "--", "python3", "mk.py")
    monkeypatch.setenv("MY_TOKEN", "abc")
    with (dsv.folder / "dsv.toml").open("a") as file:
        file.write('[rebuild]\npass_env = ["MY_TOKEN"]\n')
    return dsv


@pytest.mark.parametrize("words", [("verify", "--yes"), ("rebuild", "--yes", "out.csv")])
def test_a_variable_is_passed_on_only_after_the_user_agreed_to_its_name(
    asking: Face, words: tuple[str, ...]
) -> None:
    done = asking(*words)
    assert done.code == 0, done.err
    assert "dsv.toml asks for your MY_TOKEN: not passed on, nobody agreed to that" in done.err
    assert "hint: dsv config trust variable MY_TOKEN" in done.err


def test_agreeing_to_a_variable_counts_for_this_workspace(asking: Face, tmp_path: Path) -> None:
    asking.ok("config", "trust", "variable", "MY_TOKEN")
    done = asking("verify", "--yes")
    assert "asks for your" not in done.err
    assert done.code == 1  # the value got there, and made another file
    other = tmp_path / "other"
    subprocess.run(["cp", "-a", str(asking.folder), str(other)], check=True)
    assert "asks for your MY_TOKEN" in asking("verify", "--yes", cwd=other).err


def test_ones_own_settings_are_agreed_to(asking: Face) -> None:
    asking.ok("config", "rebuild.pass_env", "MY_TOKEN")
    done = asking("verify", "--yes")
    assert done.code == 1
    assert "asks for your" not in done.err


def test_trust_of_something_else_is_a_fault(dsv: Face) -> None:
    assert "trust endpoint URL" in dsv("config", "trust", "everything", "please").err


LOADERS = [
    "LD_PRELOAD", "LD_AUDIT", "LD_LIBRARY_PATH", "PYTHONSTARTUP", "PYTHONHOME", "PYTHONINSPECT", "BASH_ENV", "ENV",
    "PERL5OPT", "PERL5LIB", "RUBYOPT", "NODE_OPTIONS", "JAVA_TOOL_OPTIONS", "GIT_SSH_COMMAND", "GIT_CONFIG_COUNT",
    "R_PROFILE_USER", "DYLD_INSERT_LIBRARIES", "JULIA_LOAD_PATH", "LUA_INIT", "PHPRC", "MAKEFLAGS", "PATH",
    "BASH_FUNC_ls%%", "ld_preload",
]  # fmt: skip


@pytest.mark.parametrize("name", LOADERS)
def test_names_that_load_things(name: str) -> None:
    assert is_loader(name)


@pytest.mark.parametrize(
    "name", ["TZ", "LANG", "LC_ALL", "PYTHONHASHSEED", "HF_TOKEN", "SEED", "CUDA_VISIBLE_DEVICES"]
)
def test_names_that_do_not(name: str) -> None:
    assert not is_loader(name)


@pytest.mark.parametrize("name", ["BASH_ENV", "PERL5OPT", "NODE_OPTIONS", "GIT_SSH_COMMAND"])
def test_a_record_of_somebody_else_loads_nothing_without_walls(
    dsv: Face, name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (dsv.folder / "in.csv").write_text("a\n1\n")
    (dsv.folder / "mk.py").write_text(
        'import os\nopen("out.csv", "w").write(open("in.csv").read())\n'
        f'open("{tmp_path}/seen", "w").write(os.environ.get("{name}", ""))\n'
    )
    monkeypatch.setenv(name, "./lib")
    dsv.ok("run", "--env", name, "-m", "r", "--", "python3", "mk.py")
    monkeypatch.delenv(name)
    with (dsv.folder / "in.csv").open("a") as file:
        file.write("2\n")
    (tmp_path / "seen").unlink()
    with monkeypatch.context() as patch:
        patch.setenv("XDG_CONFIG_HOME", str(tmp_path / "victim"))
        dsv.ok("config", "trust")
        done = dsv("rerun", "--yes")
        assert done.code == 3
        assert f"its record sets {name}" in done.err
        assert not (tmp_path / "seen").exists()
    dsv.ok("rerun")  # by the one who made it
    assert (tmp_path / "seen").read_text() == "./lib"
