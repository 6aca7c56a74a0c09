"""Which files of the workspace a run executed, for what its programs were called with."""

import os
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from dsv.capture.detect import ExecutedProgram
from dsv.capture.interpreter import is_python, named_interpreter
from dsv.capture.portable import fill
from dsv.runs.record.request import Request

_INTERPRETERS = frozenset(
    ["sh", "bash", "dash", "zsh", "ksh", "fish", "perl", "ruby", "node", "nodejs", "deno", "bun", "Rscript", "R", "julia",
     "lua", "php", "tclsh", "octave-cli"]
)  # fmt: skip

_FILE_OPTIONS = {
    "awk": "-f",
    "gawk": "-f",
    "mawk": "-f",
    "sed": "-f",
    "make": "-f",
    "gmake": "-f",
    "psql": "-f",
    "R": "-f",
}


def executed_files(root: Path, request: Request, programs: Iterable[ExecutedProgram]) -> frozenset[str]:
    """Return the files below `root` that were executed: programs, and the scripts that interpreters were given.

    Args:
        root: The workspace.
        request: What was run.
        programs: What was seen to be executed besides.
    """
    cwd = root / request.cwd
    words = fill(request.argv, request.params)
    found = set(_files(words[0], words, root, cwd))
    for program in programs:
        found.update(_files(program.path, program.argv, root, cwd))
    return frozenset(found)


def python_of(programs: Sequence[ExecutedProgram], root: Path) -> Path | None:
    """Return the Python that ran what `programs` were for; None if none was seen.

    Tools that start others are Pythons themselves (`poetry run`, `conda run`): what counts is the first that runs
    a script of the workspace, a module or a line, else the last.
    """
    pythons = [one for one in programs if is_python(one.resolved) or is_python(one.path)]
    return next(
        (_place_of(one) for one in pythons if _is_work(one, root)),
        _place_of(pythons[-1]) if pythons else None,
    )


def _is_work(program: ExecutedProgram, root: Path) -> bool:
    script = script_of(program.path, program.argv)
    if script is None:
        return is_python(program.path) and len(program.argv) > 1
    return any(
        Path(os.path.normpath(base / script)).is_relative_to(base) for base in (root, root.resolve())
    ) and (not Path(script).is_absolute() or Path(script).is_file())


def _place_of(program: ExecutedProgram) -> Path:
    """Return the interpreter of a program as it was called: a virtual environment is known by that path."""
    if is_python(program.path):
        return Path(program.path)
    return named_interpreter(Path(program.path)) or Path(program.resolved)


def script_of(program: str, argv: Sequence[str]) -> str | None:
    """Return the word of `argv` that names the script which the interpreter `program` was called with."""
    name = Path(program).name
    option = _FILE_OPTIONS.get(name)
    if option is not None and option in argv[1:-1]:
        return argv[argv.index(option, 1) + 1]
    if not (is_python(name) or name in _INTERPRETERS):
        return None
    for word in argv[1:]:
        if word in {"-c", "-m", "-e"}:
            return None
        if not word.startswith("-"):
            return word
    return None


def _files(program: str, argv: Sequence[str], root: Path, cwd: Path) -> Iterator[str]:
    words = [program] if "/" in program else []
    script = script_of(program, argv)
    for word in (*words, *([script] if script else [])):
        path = os.path.normpath(cwd / word)
        for base in (os.fspath(root), os.path.realpath(root)):
            if path.startswith(f"{base}/") and Path(path).is_file():
                yield path[len(base) + 1 :].replace(os.sep, "/")
                break
