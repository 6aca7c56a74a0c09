"""Programs other than Python: what they are called, and what they say of their version."""

import os
import re
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

from dsv.model.environment import InstalledProgram

_PATIENCE = 2.0
_LONGEST = 200

_PATHS = re.compile(r"\(?(?:[A-Za-z]:)?[\\/]\S+")


def program_at(given: str, env: Mapping[str, str], root: Path) -> InstalledProgram:
    """Return the name of the program `given`, and the first line that it prints for `--version`.

    Only a compiled program outside of the workspace is asked: anything else may do its work
    instead of answering, and a script of the workspace is recorded as code. It is asked in an empty
    folder, and for two seconds at most.

    Args:
        given: As on the command line.
        env: The environment of the command, with PATH.
        root: The workspace.
    """
    name = Path(given).name
    found = given if "/" in given else shutil.which(given, path=env.get("PATH", os.defpath))
    if found is None:
        return InstalledProgram(name, None)
    place = Path(found).resolve()
    if not place.is_absolute() or place.is_relative_to(root.resolve()) or not _is_compiled(place):
        return InstalledProgram(name, None)
    return InstalledProgram(name, _ask(found, env))


def _ask(program: str, env: Mapping[str, str]) -> str | None:
    import tempfile

    with tempfile.TemporaryDirectory(prefix="dsv-") as folder:
        quiet = {"HOME": folder, "PATH": env.get("PATH", os.defpath), "LC_ALL": "C"}
        try:
            done = subprocess.run(
                [program, "--version"],
                cwd=folder,
                env=quiet,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                timeout=_PATIENCE,
                check=True,
            )
        except (OSError, subprocess.SubprocessError):
            return None
    lines = (done.stdout or done.stderr).decode("utf-8", "replace").splitlines()
    texts = (_PATHS.sub("", line).strip()[:_LONGEST] for line in lines)
    return next(filter(None, texts), None)


def _is_compiled(program: Path) -> bool:
    try:
        with program.open("rb") as file:
            start = file.read(4)
    except OSError:
        return False
    # ELF, Mach-O in its byte orders and for several machines, Windows
    return start in {
        b"\x7fELF",
        b"\xcf\xfa\xed\xfe",
        b"\xce\xfa\xed\xfe",
        b"\xca\xfe\xba\xbe",
    } or start.startswith(b"MZ")
