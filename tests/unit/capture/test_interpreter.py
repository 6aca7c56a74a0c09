"""dsv's own interpreter is not started to be asked; what it says is the same."""

import json
import os
import subprocess
import sys
from pathlib import Path

from dsv.capture.interpreter import interpreter_at, ourselves

_BOTH = """
import json, sys
from pathlib import Path
from dsv import startup
startup.search = tuple(sys.path)
from dsv.capture import interpreter
place = Path(sys.argv[1])
found = interpreter.ourselves(place)
known = found is not None
startup.search = None
facts = interpreter.interpreter_at(place).facts
facts.pop("distributions")
print(json.dumps([known, found == facts]))
"""

_OWN = Path(sys.executable).parent / "python3"


def both(place: Path, *, options: tuple[str, ...] = (), **variables: str) -> list[bool]:
    """Return, of a process of dsv's own, whether it answers for `place`, and as `place` itself does."""
    env = {"PATH": "/usr/bin:/bin", "PYTHONNOUSERSITE": "1", **variables}
    command = [os.fspath(_OWN), *options, "-c", _BOTH, os.fspath(place)]
    done = subprocess.run(command, env=env, cwd=place.parent, capture_output=True, check=True)
    found: list[bool] = json.loads(done.stdout)
    return found


def test_our_own_interpreter_answers_without_being_started_again() -> None:
    assert both(_OWN) == [True, True]


def test_another_name_of_it_is_told_under_that_name() -> None:
    other = _OWN.with_name("python")
    assert both(other) == [True, True]


def test_where_variables_say_where_to_look_it_is_asked(tmp_path: Path) -> None:
    assert both(_OWN, PYTHONPATH=os.fspath(tmp_path)) == [False, False]


def test_another_interpreter_is_asked(tmp_path: Path) -> None:
    link = tmp_path / "python3"
    link.symlink_to(_OWN)
    assert both(link)[0] is False


def test_a_process_that_is_not_dsvs_own_asks(tmp_path: Path) -> None:
    assert ourselves(Path(sys.executable)) is None
    assert interpreter_at(Path(sys.executable)).executable == sys.executable
    assert not list(tmp_path.iterdir())
