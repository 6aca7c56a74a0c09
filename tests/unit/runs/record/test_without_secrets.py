from pathlib import Path

import pytest

from dsv.runs.record.request import Request
from dsv.runs.record.without_secrets import SafeRequest, Screen

ROOT = Path("/home/ada/work")
ENV = {
    "HOME": "/home/ada",
    "DEEP_SECRET": "hush-hush",
    "REGION": "north",
    "DB": "x://u:p@h/d",
    "AT": "/home/ada/x",
}


def told(*argv: str, cwd: str = "", root: Path = ROOT, **more: object) -> SafeRequest:
    request = Request(argv=argv, env=ENV, cwd=cwd, **more)  # type: ignore[arg-type]
    return Screen(root, ENV).tell(request)


@pytest.mark.parametrize(
    ("word", "shown"),
    [
        ("/home/ada/x.csv", "~/x.csv"),
        ("--at=/home/ada/x.csv", "--at=~/x.csv"),
        ("cat '/home/ada/x' /home/ada", "cat '~/x' ~"),
        ("/home/adam/x", "/home/adam/x"),
        ("/home/ada-2/x", "/home/ada-2/x"),
        ("/srv/home/ada/x", "/srv/home/ada/x"),
        ("/home/ada/work/data/x.csv", "data/x.csv"),
        ("cat /home/ada/work/x > '/home/ada/work/y'", "cat x > 'y'"),
        ("cd /home/ada/work; ls", "cd .; ls"),
        ("/home/ada/work-2/x", "~/work-2/x"),
        ("/data/x.csv", "/data/x.csv"),
    ],
)
def test_the_home_folder_is_never_told(word: str, shown: str) -> None:
    found = told("python", word)
    assert found.argv == ("python", shown)
    assert found.masked is ("~" in shown)


def test_paths_of_the_workspace_are_relative_to_where_it_runs() -> None:
    found = told("sh", "-c", "cat /home/ada/work/x; ls /home/ada/work", "/home/ada/work/steps/y", cwd="steps")
    assert found.argv == ("sh", "-c", "cat ../x; ls ..", "y")
    assert not found.masked


def test_parameters_and_variables() -> None:
    found = told(
        "x", "{n}", "{token}",
        params={"n": "1", "token": "abc", "at": "/home/ada/q"},
        variables=("REGION", "DEEP_SECRET", "DB", "AT"),
    )  # fmt: skip
    assert found.params == {"n": "1", "token": "***", "at": "~/q"}
    assert found.variables == {"REGION": "north", "DEEP_SECRET": None, "DB": None, "AT": None}
    assert found.masked
    assert not told("x", variables=("DB",)).masked


def test_output_is_kept_without_what_was_given() -> None:
    request = Request(
        argv=("x", "--token", "tell-nobody", "--p=1"), env=ENV, params={"api_key": "open-sesame"}
    )
    text = "tell-nobody open-sesame hush-hush /home/ada/x https://u:p@h/ 1"
    assert Screen(ROOT, ENV).output(text, request) == "*** *** *** ~/x https://***@h/ 1"


def test_no_home_is_no_harm() -> None:
    for env in ({}, {"HOME": ""}, {"HOME": "/"}):
        assert Screen(ROOT, env).without_home("/a /home/ada/x") == "/a /home/ada/x"
