from pathlib import Path

import pytest

from dsv.replay import causes

CLEAN = "/w/.dsv/tmp/replay-1"


@pytest.mark.parametrize(
    ("tail", "reason"),
    [
        ("PermissionError: [Errno 13] Permission denied: '/data/x y.csv'", "it uses /data/x y.csv, which is outside"),
        ("cat: /data/x.csv: Permission denied", "it uses /data/x.csv, which is outside"),
        ('IO Error: Cannot open file "/data/x.csv": Permission denied', "it uses /data/x.csv"),
        ("Failed to open local file '/d/x.parquet'. Detail: [errno 13] Permission denied", "it uses /d/x.parquet"),
        ("PermissionError: [Errno 13] Permission denied: '/w/raw/x.csv'", "it uses the absolute path /w/raw/x.csv: it should say raw/x.csv"),
        ("urllib.error.URLError: <urlopen error [Errno 13] Permission denied>", "it uses the network"),
        ("curl: (6) Could not resolve host: example.org", "it uses the network"),
        ("ModuleNotFoundError: No module named 'nosuch.mod'", "the Python module nosuch.mod is not installed here"),
        ("sh: 1: nosuch: not found", "nosuch: command not found"),
        ("run.sh: line 3: nosuch: command not found", "nosuch: command not found"),
        ("os.environ['MODE']\nKeyError: 'MODE'", "it reads the environment variable MODE, which was not declared"),
        ("sh: 1: MODE: parameter not set", "it reads the environment variable MODE"),
        ("FileNotFoundError: [Errno 2] No such file or directory: 'conf/a.ini'", "it reads conf/a.ini, which was not recorded as"),
        ("cp: cannot stat '/data/x y.csv': No such file or directory", "it uses /data/x y.csv, which is outside"),
        ("cat: /data/x.csv: No such file or directory", "it uses /data/x.csv, which is outside"),
        (f"cat: {CLEAN}/x.csv: No such file or directory", "it reads x.csv, which was not recorded"),
        ("cat: .env: No such file or directory", "it reads .env, which was withheld from the record"),
        ("ValueError: x\n\n", "exit code 1: ValueError: x"),
        ("", "exit code 1, and it said nothing"),
    ],
)  # fmt: skip
def test_the_likely_cause_of_a_failure(tail: str, reason: str) -> None:
    assert causes.failure(tail, 1, root=Path("/w"), clean=CLEAN, withheld=[".env"]).startswith(reason)


def test_signals() -> None:
    assert "memory" in causes.failure("x", 137, root=Path("/w"), clean=CLEAN)
    assert causes.failure("x", 139, root=Path("/w"), clean=CLEAN) == "ended by signal 11: x"


def test_a_full_disk() -> None:
    assert causes.is_full("OSError: [Errno 28] No space left on device")
    assert not causes.is_full("all is well")


def test_the_last_lines_do_not_name_the_clean_folder() -> None:
    tail = f'  File "{CLEAN}/a.py", line 1\n    x()\n    ~^^^\n\nValueError\n'
    assert causes.last_lines(tail, CLEAN) == ('  File "a.py", line 1', "    x()", "ValueError")
