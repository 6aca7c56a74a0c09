"""Replaying one run: laid out, executed, looked at."""

import contextlib
import os
import re
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import dsv
from dsv.atomic import storing
from dsv.capture.detect import Captured
from dsv.capture.execute import Execution, Executor
from dsv.capture.interpreter import Interpreter, is_python
from dsv.capture.isolation import Isolation, Openings
from dsv.capture.portable import fill
from dsv.capture.sandbox import Sandbox
from dsv.errors import Changing, NotFound, UserError
from dsv.model.attempt import Attempt
from dsv.model.checkpoint import Checkpoint
from dsv.model.node import DIR, FILE
from dsv.model.run import Output, Run
from dsv.progress import SILENT, Progress
from dsv.runs.rebuild.clean_folder import FoundFolders, Result, has_link, lay_out
from dsv.runs.rebuild.folder_view import FolderView
from dsv.runs.rebuild.limits import Limit, attempt_of, limit_of
from dsv.runs.rebuild.rebuild_plan import ReplayStep
from dsv.runs.rebuild.replay_variables import at_home, variables
from dsv.runs.rebuild.scratch import clear
from dsv.store.repository import Repository
from dsv.workspace import Workspace
from dsv.worktree.build import write_file
from dsv.worktree.sink import HashSink

_USES = re.compile(rb"^\s*(import|from)\b[^\n]*\bdsv\b", re.MULTILINE)
_EXISTS = re.compile(r"file exists|already exists|FileExistsError", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class ReplayMeans:
    """What replays are made with.

    Attributes:
        ambient: The user's environment variables; a command gets few of them.
        python: The interpreter that stands in for the recorded one; None if there is none.
        openings: What a command may use beyond its inputs.
        strongest: The strongest walls that are put around a command.
        timeout: After how many seconds a command is ended; None: after ten times what was recorded.
        asked: Whether the user asked for this interpreter: then the recorded one is not taken instead.
        passed: The variables that are passed on; None: those that the settings name, no matter who wrote them.
    """

    ambient: Mapping[str, str]
    python: Interpreter | None
    openings: Openings = field(default_factory=Openings)
    strongest: Isolation = Isolation.NAMESPACES
    timeout: float | None = None
    asked: bool = False
    passed: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class Replay:
    """How the replay of a run went.

    Attributes:
        results: By path of an output what is there now.
        execution: How the command went; None if it was not started.
        isolation: How well it was isolated; None likewise.
        why: Why it was isolated no better; "" if it could not be.
        clean: What its clean folder was called to the command.
        limit: When it would have been ended; None: never.
        captured: What the command was seen to do, by paths of the workspace; None if nobody could watch it.
        problem: Why it was not started; None if it was.
    """

    results: Mapping[str, Result] = field(default_factory=dict)
    execution: Execution | None = None
    isolation: Isolation | None = None
    why: str = ""
    clean: str = ""
    limit: Limit | None = None
    captured: Captured | None = None
    problem: str | None = None

    @property
    def failed(self) -> bool:
        """Whether there was no execution, or its command says that it failed."""
        return self.execution is None or self.execution.exit_code != 0

    @property
    def seconds(self) -> float:
        """How long the command took."""
        return 0.0 if self.execution is None else self.execution.seconds


def replay(
    workspace: Workspace,
    step: ReplayStep,
    made: Mapping[str, Result],
    place: Path,
    means: ReplayMeans,
    executor: Executor,
    *,
    progress: Progress = SILENT,
) -> Replay:
    """Replay a run in a clean folder, and return what it gave.

    Folders above outputs are there when it starts, folders that are outputs are not. If it fails over that,
    it is tried again with others: no record tells which folders a run found, and which it made.

    Args:
        workspace: The workspace.
        step: The run; it has no obstacle.
        made: By path the inputs that come from other replays.
        place: A folder that is not there yet; what it holds in the end are the outputs alone.
        means: What it is made with.
        executor: Executes it.
        progress: Counts the bytes that are laid out.

    Raises:
        Missing, Corrupt: The store cannot give what the run needs.
        StorageError: The disk is full or fails.
    """
    work = place / "work"
    attempt = attempt_of(workspace.repo, step.id)
    around: FoundFolders | None = FoundFolders.ABOVE
    while around is not None:
        work.mkdir(parents=True, mode=0o700)
        try:
            lay_out(workspace, step, made, work, around, attempt=attempt, progress=progress)
            done = _execute(workspace, step, attempt, work, means, executor)
            around = _other(step, done, work) if around is FoundFolders.ABOVE else None
            if around is None and not done.failed:
                return replace(done, results=_gather(workspace, step, work, place / "out"))
        finally:
            clear(work)
            clear(place / "own")
    return done


def _other(step: ReplayStep, done: Replay, work: Path) -> FoundFolders | None:
    """Return which folders to try a command with again; None if it did well, or did not fail over folders."""
    if done.execution is None:
        return None
    missing = [output for output in step.run.outputs if not os.path.lexists(work / output.path)]
    if not done.failed:
        # `cp -r a b` writes elsewhere where there is a `b`.
        return FoundFolders.NONE if any("/" in output.path for output in missing) else None
    if _EXISTS.search(done.execution.tail):
        return FoundFolders.NONE
    return FoundFolders.ALL if any(output.kind == DIR for output in missing) else None


def _execute(
    workspace: Workspace,
    step: ReplayStep,
    attempt: Attempt | None,
    work: Path,
    means: ReplayMeans,
    executor: Executor,
) -> Replay:
    run, own = step.run, work.parent / "own"
    limit = limit_of(attempt, means.timeout)
    with storing("write", own):
        own.mkdir(mode=0o700)
    home = means.ambient.get("HOME", "")
    passed = workspace.config.pass_env if means.passed is None else means.passed
    given = variables(run, means.ambient, passed, home)
    argv = _program([at_home(word, home) for word in fill(run.argv, run.params)], means.python)
    sandbox = Sandbox(
        work,
        own,
        given.ambient,
        given.declared,
        [] if means.python is None else [means.python],
        workspace.root,
        means.openings,
        strongest=means.strongest,
        library=None if means.python is None else lacking(workspace.repo, step, means.python),
        timeout=limit.seconds,
        ignore=workspace.worktree.ignored,
        search=given.search,
    )
    with _nowhere() as sink, _standard_input(workspace, run, own) as stdin:
        try:
            done = sandbox.run(executor, argv, run.cwd, stdout=sink, stderr=sink, stdin=stdin)
        except (NotFound, UserError) as error:
            return Replay(problem=error.message)
    clean = workspace.root if done.isolation is Isolation.NAMESPACES else work
    return Replay({}, done.execution, done.isolation, done.why, os.fspath(clean), limit, done.captured)


def lacking(repo: Repository, step: ReplayStep, python: Interpreter) -> Path | None:
    """Return where dsv's library is, if the run uses it and the interpreter does not have it; else None."""
    package = Path(dsv.__file__).parent
    if any((Path(folder) / package.name / "__init__.py").exists() for folder in python.search):
        return None
    uses = any(word.startswith(f"{package.name}.") for word in step.run.argv) or any(
        _USES.search(bytes(repo.contents.read(file.file))) for file in step.code if file.path.endswith(".py")
    )
    return package if uses else None


def _program(argv: Sequence[str], python: Interpreter | None) -> list[str]:
    """Return `argv` with the interpreter's own path where it says Python."""
    if python is not None and "/" not in argv[0] and is_python(argv[0]):
        return [python.executable, *argv[1:]]
    return list(argv)


def _gather(workspace: Workspace, step: ReplayStep, work: Path, out: Path) -> dict[str, Result]:
    """Move the outputs from `work` to `out`, and look at them there.

    What is behind a link that the command made may be anything on this machine: it is no output.
    """
    there = FolderView(workspace, out)
    results = {}
    with storing("keep what was rebuilt in", out):
        for output in step.run.outputs:
            if has_link(work, output.path) or not os.path.lexists(work / output.path):
                continue
            (out / output.path).parent.mkdir(parents=True, exist_ok=True)
            (work / output.path).rename(out / output.path)
            found = _look(there, output, step)
            if found is not None:
                results[output.path] = Result(there, output.path, found)
    return results


def _look(there: Workspace, output: Output, step: ReplayStep) -> Checkpoint | None:
    sink = HashSink()
    try:
        seen = there.worktree.look(output.path, sink)
    except (Changing, UserError):  # a link, a pipe, something unreadable: no data set
        return None
    there.worktree.remember_nodes(sink)
    return Checkpoint(seen.content, seen.kind, seen.size, seen.files, output.schema, step.id)


@contextlib.contextmanager
def _standard_input(workspace: Workspace, run: Run, own: Path) -> Iterator[int]:
    """Give the descriptor of what the run read from its standard input, if that was kept; else of nothing.

    Raises:
        Missing, Corrupt: The store cannot give it.
    """
    if run.stdin is None:
        yield subprocess.DEVNULL
        return
    place = own / "stdin"
    with storing("write", place):
        write_file(os.fspath(place), run.stdin, FILE, workspace.place(SILENT).reader)
        file = place.open("rb")
    with file:
        yield file.fileno()


@contextlib.contextmanager
def _nowhere() -> Iterator[int]:
    fd = os.open(os.devnull, os.O_WRONLY)
    try:
        yield fd
    finally:
        os.close(fd)
