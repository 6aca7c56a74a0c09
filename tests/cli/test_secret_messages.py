"""A secret in the message of a commit is asked about, and what is left out of a record is said before it runs."""

import sys
from pathlib import Path

import pytest

from tests.cli.face_fixtures import Face
from tests.cli.store_search import everything

PLANT = "pL4nt0815Xq9Zr7T"
MESSAGES = [
    f"log in with --password {PLANT}",
    f"use API_KEY={PLANT}",
    f"data from https://ada:{PLANT}@example.org/x",
    f"from postgres://ada:{PLANT}@db/prod",
    f"token ghp_{PLANT}{PLANT}abcd is out",
    f"Authorization: Bearer {PLANT}",
]


def write(folder: Path, text: str) -> None:
    (folder / "a.csv").write_text(text)


@pytest.mark.parametrize("message", MESSAGES)
def test_a_commit_is_refused_before_it_is_made(dsv: Face, message: str) -> None:
    write(dsv.folder, "a\n1\n")
    dsv.ok("add", "a.csv")
    error = dsv.fails("commit", "-m", message, code=3)
    assert "***" in error["message"]
    assert PLANT not in error["message"]
    assert "--allow-secret" in error["hint"]
    assert PLANT.encode() not in everything(dsv.folder)
    dsv.ok("commit", "-m", message, "--allow-secret")
    assert PLANT in dsv.ok("log")


@pytest.mark.parametrize(
    "message",
    [
        "raw trips of 2026",
        "see https://example.org/issues?page=2#top",
        "rename key to user_id, drop the password column",
        "tokens per row: 512, max_tokens=1024",
        "fix login of git@example.org:a/b.git",
        "take 3f9a2b1c8d7e6f5a4b3c2d1e0f9a8b7c6d5e4f3a as the base",
    ],
)
def test_ordinary_messages_pass(dsv: Face, message: str) -> None:
    write(dsv.folder, "a\n1\n")
    dsv.ok("add", "a.csv")
    dsv.ok("commit", "-m", message)


def test_a_value_of_a_secret_variable_is_one_in_a_message(dsv: Face, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SERVICE_TOKEN", "plain-looking-words")
    write(dsv.folder, "a\n1\n")
    dsv.ok("add", "a.csv")
    dsv.fails("commit", "-m", "try plain-looking-words", code=3)


def test_merge_rerun_and_run_ask_first(dsv: Face) -> None:
    write(dsv.folder, "a\n1\n")
    dsv.ok("add", "a.csv")
    dsv.ok("commit", "-m", "one")
    for verb in (["merge", "main"], ["rerun"], ["run"]):
        command = ["--", "touch", "ran"] if verb == ["run"] else []
        assert dsv(*verb, "-m", f"password={PLANT}", *command).code == 3
    assert not (dsv.folder / "ran").exists()
    assert PLANT.encode() not in everything(dsv.folder)


@pytest.mark.skipif(sys.platform != "linux", reason="capturing needs Linux")
def test_what_is_left_out_is_said_before_the_command_runs(dsv: Face) -> None:
    done = dsv(
        "run", "-p", f"api_key={PLANT}", "--", "sh", "-c", f"echo started >&2; MY_TOKEN={PLANT} true; echo 1 > a.csv",
        "x", "--password", PLANT, f"--db-password={PLANT}",
    )  # fmt: skip
    assert done.code == 0, done.err
    told = done.err.splitlines()[0]
    assert told.startswith(
        "warning: not recorded, as it seems secret: MY_TOKEN=***, --password ***, --db-password=***"
    )
    assert PLANT not in done.err
    assert "--env NAME" in done.err.splitlines()[1]


@pytest.mark.skipif(sys.platform != "linux", reason="capturing needs Linux")
def test_the_way_that_is_hinted_at_can_be_repeated(dsv: Face, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MY_TOKEN", PLANT)
    write(dsv.folder, "a\n1\n")
    command = (
        "run",
        "--env",
        "MY_TOKEN",
        "-m",
        "one",
        "--",
        "sh",
        "-c",
        'test -n "$MY_TOKEN"; cat a.csv > b.csv',
    )
    done = dsv(*command)
    assert done.code == 0, done.err
    assert "not recorded" not in done.err
    assert PLANT.encode() not in everything(dsv.folder)
    write(dsv.folder, "a\n2\n")
    dsv.ok("rerun")
    assert (dsv.folder / "b.csv").read_text() == "a\n2\n"


@pytest.mark.skipif(sys.platform != "linux", reason="capturing needs Linux")
def test_the_end_of_the_output_is_masked_in_documents(dsv: Face, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MY_TOKEN", PLANT)
    script = "echo $MY_TOKEN; echo password=hunter2Xq; exit 1"
    document = dsv("run", "--json", "--", "sh", "-c", script).document
    assert "***" in document["tail"]
    assert PLANT not in document["tail"]
    assert "hunter2Xq" not in document["tail"]


@pytest.mark.skipif(sys.platform != "linux", reason="capturing needs Linux")
def test_reports_of_a_failed_replay_are_masked(dsv: Face, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MY_TOKEN", PLANT)
    switch = dsv.folder.parent / "switch"
    switch.write_text("")
    script = f'test -e {switch} || {{ echo "no access with $MY_TOKEN"; exit 1; }}; echo 1 > b.csv'
    dsv.ok("run", "--env", "MY_TOKEN", "-m", "one", "--", "sh", "-c", script)
    switch.unlink()
    done = dsv("verify", "--yes", "--json")
    assert "no access with ***" in done.out
    assert PLANT not in done.out
