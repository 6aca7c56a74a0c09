"""Recording a run, from the request to the staged outputs."""

import shlex
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace

from dsv.atomic import replace_file
from dsv.capture.execute import Execution, Executor, Here
from dsv.errors import Refused, StorageError
from dsv.model.run import Run
from dsv.progress import SILENT, Progress
from dsv.runs.record import before as befores
from dsv.runs.record import classify, output_folders, stored_parts, watching
from dsv.runs.record.attempt_record import attempt_of
from dsv.runs.record.before import Before
from dsv.runs.record.classify import Classified
from dsv.runs.record.closure import close
from dsv.runs.record.request import Request
from dsv.runs.record.result import Recorded
from dsv.runs.record.sorting import sort
from dsv.runs.record.staging import WholeRun, left_out, stage_run, suspicions
from dsv.runs.record.surroundings import AskedInterpreter
from dsv.runs.record.watching import SeenRun
from dsv.runs.record.without_secrets import Screen
from dsv.workspace import Workspace


def record(
    workspace: Workspace,
    request: Request,
    *,
    executor: Executor | None = None,
    ready: Callable[[], None] | None = None,
    accept: Callable[[Run], None] | None = None,
    progress: Progress = SILENT,
) -> Recorded:
    """Execute a command, and stage what it wrote with the record of the run.

    A command that fails, is interrupted or writes nothing stages nothing.

    Args:
        workspace: The workspace.
        request: What to run.
        executor: Where it is executed; by default on this machine.
        ready: Called when the workspace is stored as it is, before the command is watched and executed.
        accept: Called with the record before anything is staged; what it raises fails the run.
        progress: Counts the bytes that are read, before and after.

    Raises:
        UsageFault: There is no command.
        NotFound: A declared path, a variable or the program is not there.
        Refused: `dsv.lock` names another commit than HEAD; a path can be no dataset; the command changed
            what it had read and was not tracked; or it wrote too many datasets.
        Busy: Another run captures in this workspace.
        UserError: The program cannot be executed.
    """
    request.check()
    before = befores.take(workspace, request, progress)
    progress.begin("storing", None, "B")  # a bar goes off the screen, which is the command's now
    if ready is not None:
        ready()
    with AskedInterpreter(workspace, request) as asked:
        seen = watching.execute(workspace, request, executor or Here())
        _keep_tail(workspace, request, seen.execution)
        if seen.execution.exit_code or seen.execution.signalled is not None:
            missed = seen.captured.absent if seen.captured else frozenset()
            advice = seen.captured.advice if seen.captured else ()
            return Recorded(seen.execution, written=_written(request, seen), missed=missed, notes=advice)
        asked.ended(seen.modules, seen.captured.programs if seen.captured else ())
        return conclude(workspace, request, before, seen, asked, accept=accept, progress=progress)


def conclude(
    workspace: Workspace,
    request: Request,
    before: Before,
    seen: SeenRun,
    asked: AskedInterpreter,
    *,
    also: Callable[[Classified], None] | None = None,
    accept: Callable[[Run], None] | None = None,
    progress: Progress = SILENT,
) -> Recorded:
    """Record a run that has ended well, and stage what it wrote.

    Args:
        workspace: The workspace.
        request: What was run.
        before: The workspace before.
        seen: What was seen of it.
        asked: Its interpreter, asked already.
        also: Adds what is known besides of what it used.
        accept: As for `record`.
        progress: Counts the bytes that are read.

    Raises:
        NotFound, Refused: As `record`.
    """
    captured = seen.captured
    found = None if captured is None else sort(workspace, request, before, captured, seen.execution)
    warnings = tuple(classify.undeclared(request, found) if found else ())
    used = classify.declared(workspace, request, before, found)
    classify.add_reported(used, seen.reports)
    if also is not None:
        also(used)
    if not used.outputs:
        return Recorded(seen.execution, warnings=warnings, notes=_nothing(workspace, used))
    _check_count(request, used)
    made = stored_parts.store(workspace, before, used, progress)
    closure = close(workspace, request, used, captured, progress)
    around = asked.answer(seen.modules)
    attempt = attempt_of(workspace, request, before, seen, used, around)
    return stage_run(
        workspace, request, WholeRun(before, used, made, closure, around, attempt, seen, warnings), accept
    )


def _nothing(workspace: Workspace, used: Classified) -> tuple[str, ...]:
    """Return what is said of a run without outputs: that nothing was written only if nothing was."""
    if used.left_out or used.noted:
        notes = [f"{path} is in git and was written: it is no dataset" for path in sorted(used.noted)]
        return ("no dataset was written", *notes, *left_out(used), *suspicions(used))
    return (
        "nothing was written, except what .dsvignore names"
        if workspace.worktree.ignored
        else "nothing was written",
    )


def claim(workspace: Workspace, request: Request, *, progress: Progress = SILENT) -> Recorded:
    """Record a run that is said to have happened, with the outputs that are there, and stage those.

    Args:
        workspace: The workspace.
        request: What was run; its outputs must be declared, and inputs that are not are none.
        progress: Counts the bytes that are read.

    Raises:
        UsageFault: There is no command, or there are no outputs.
        NotFound: A declared path or a variable is not there.
        Refused: `dsv.lock` names another commit than HEAD, a path can be no dataset, or an output is said to
            have been made from itself.
    """
    request = replace(request, inputs=request.inputs or (), outputs=request.outputs or ())
    request.check()
    before = befores.take(workspace, request, progress)
    used = classify.declared(workspace, request, before, None)
    _check_count(request, used)
    made = stored_parts.store(workspace, before, used, progress)
    _check_claim(made)
    with AskedInterpreter(workspace, request) as asked:
        asked.ended(frozenset())
        around = asked.answer(None)
    closure = close(workspace, request, used, None, progress)
    attempt = attempt_of(workspace, request, before, None, used, around)
    return stage_run(workspace, request, WholeRun(before, used, made, closure, around, attempt, None, ()))


def _check_count(request: Request, used: Classified) -> None:
    if request.outputs is not None or len(used.outputs) <= output_folders.MANY:
        return
    inputs = "".join(f" -i {shlex.quote(path)}" for path in sorted(used.reads()))
    raise Refused(
        f"the command wrote {len(used.outputs)} datasets, such as {min(used.outputs)}: nothing is staged",
        hint=f"dsv run --no-exec{inputs} -o DIR -- ... records it without running it again",
    )


def _check_claim(made: stored_parts.Parts) -> None:
    # Any command that leaves the file alone would prove it: made by hand, it would pass for made by a run.
    read = {(one.path, one.checkpoint.content) for one in made.inputs}
    for one in made.outputs:
        if (one.path, one.content) in read:
            raise Refused(
                f"{one.path} cannot be claimed to be made from itself: what was there before is not recorded",
                hint="dsv run -- COMMAND runs it, and sees what it updates in place",
            )


def _written(request: Request, seen: SeenRun) -> tuple[str, ...]:
    captured = seen.captured
    return () if captured is None else tuple(sorted(captured.written - request.own_files))


def _keep_tail(workspace: Workspace, request: Request, execution: Execution) -> None:
    """Keep the end of the output here, for anyone who wants to look at it later; it is never pushed."""
    text = Screen(workspace.root, request.env).output(execution.tail, request)
    with suppress(StorageError):  # not worth the exit code of the command
        replace_file(
            workspace.dot / watching.TURNS / "tail",
            text.encode("utf-8", "replace"),
            temp_folder=workspace.scratch(),
        )
