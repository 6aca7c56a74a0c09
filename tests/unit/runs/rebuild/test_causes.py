from dataclasses import replace
from pathlib import Path

import pytest

from dsv.capture.detect import Captured, Contact
from dsv.model.attempt import CALLS
from dsv.render import cause_words
from dsv.runs.rebuild import causes, error_output
from dsv.runs.rebuild.unrecorded import Expected

CLEAN = "/w/.dsv/tmp/replay-1"

NONE: frozenset[str] = frozenset()
NOTHING = Captured(NONE, NONE, NONE, NONE, NONE, complete=True, blind_spots=(), eye=CALLS)


def failure(tail: str, code: int, expected: Expected | None = None, **seen: object) -> str:
    """Return the reason of a failure; `seen` is what it was seen to do, if anybody watched."""
    captured = None if not seen else replace(NOTHING, **seen)  # type: ignore[arg-type]
    found = causes.of_failure(tail, code, root=Path("/w"), clean=CLEAN, expected=expected, captured=captured)
    return cause_words.reason(found)


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
        ("cat: .env: No such file or directory", "opened .env, which is withheld from the record"),
        ("ValueError: x\n\n", "exit code 1: ValueError: x"),
        ("", "exit code 1, and it said nothing"),
    ],
)  # fmt: skip
def test_the_likely_cause_of_a_failure(tail: str, reason: str) -> None:
    withheld = Expected(withheld=frozenset({".env"})) if ".env" in tail else None
    assert failure(tail, 1, withheld).startswith(reason)


def test_signals() -> None:
    assert "memory" in failure("x", 137)
    assert failure("x", 139, Expected()) == "ended by signal 11: x"


def test_a_full_disk() -> None:
    assert error_output.is_full("OSError: [Errno 28] No space left on device")
    assert not error_output.is_full("all is well")


def test_the_last_lines_do_not_name_the_clean_folder() -> None:
    tail = f'  File "{CLEAN}/a.py", line 1\n    x()\n    ~^^^\n\nValueError\n'
    assert error_output.last_lines(tail, CLEAN) == ('  File "a.py", line 1', "    x()", "ValueError")


def contact(address: str) -> tuple[Contact, ...]:
    return (Contact("connect", address, "/usr/bin/python3"),)


def paths(*names: str) -> frozenset[str]:
    return frozenset(names)


REFUSED = "URLError: <urlopen error [Errno 111] Connection refused>"
SECRET = Expected(withheld=paths("conf/local/credentials.yml"))
MISSING = "FileNotFoundError: [Errno 2] No such file or directory: 'conf/local/credentials.yml'"
HELD = "which is withheld from the record because it may hold secrets"


@pytest.mark.parametrize(
    ("tail", "expected", "seen", "reason"),
    [
        (MISSING, SECRET, {"absent": paths("conf/local/credentials.yml")}, f"opened conf/local/credentials.yml, {HELD}"),
        (REFUSED, Expected(withheld=paths("input.txt")), {"absent": paths("input.txt"), "contacts": contact("127.0.0.1:9")}, f"looked for input.txt, {HELD}; exit code 1: URLError"),
        (REFUSED, Expected(), {"contacts": contact("93.184.216.34:443")}, "connected to 93.184.216.34:443, which a replay does not allow"),
        (REFUSED, Expected(network=True), {"contacts": contact("[2606:2800::1]:443")}, "connected to [2606:2800::1]:443"),
        ("ValueError: x", Expected(), {"contacts": contact("93.184.216.34:443")}, "exit code 1: ValueError: x"),
        (MISSING, Expected(found=paths("conf/local/credentials.yml")), {"absent": paths("conf/local/credentials.yml"), "contacts": contact("1.2.3.4:80")}, "looked for conf/local/credentials.yml, which was there when it was recorded"),
        ("KeyError: 'b'", Expected(listings={"pages": paths("a", "b")}, laid=paths("pages/a")), {"read": paths("pages/b")}, "read pages/b, whose bytes were not recorded; exit code 1: KeyError: 'b'"),
        ("ValueError: x", Expected(outside=paths("/data/x.csv")), {"outside": paths("/data/x.csv", "/data/y.csv")}, "read outside /data/y.csv, which was not recorded; exit code 1: ValueError: x"),
        ("No module named 'a'", Expected(there=lambda path: path == "setup.cfg"), {"absent": paths("setup.cfg")}, "looked for setup.cfg, which is in the workspace and was not recorded"),
        ("ModuleNotFoundError: No module named 'a'", Expected(there=lambda path: path == "setup.cfg"), {"absent": paths("setup.cfg")}, "the Python module a is not installed here"),
        (REFUSED, Expected(withheld=paths("input.txt")), {}, f"when it was recorded it read input.txt, {HELD}"),
    ],
)  # fmt: skip
def test_what_was_seen_is_the_reason(
    tail: str, expected: Expected, seen: dict[str, object], reason: str
) -> None:
    assert failure(tail, 1, expected, **seen).startswith(reason)
