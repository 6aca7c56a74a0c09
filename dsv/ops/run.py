"""Run a command, and stage what it wrote with the record of how."""

from dataclasses import dataclass, replace

from dsv.capture.execute import Executor
from dsv.progress import SILENT, Progress
from dsv.runs.record import recording, standard_input
from dsv.runs.record.request import Request
from dsv.runs.record.result import Recorded
from dsv.versions import commit as committing
from dsv.versions import preconditions
from dsv.versions.commit import Made
from dsv.workspace import Workspace


@dataclass(frozen=True, slots=True)
class RunResult:
    """What `run` did.

    Attributes:
        recorded: What came of the run.
        commit: The commit that was made; None if none was asked for, or there was nothing to commit.
        brought: Changed datasets that it read and that were staged for the commit.
    """

    recorded: Recorded
    commit: Made | None
    brought: tuple[str, ...] = ()


def run(
    workspace: Workspace,
    request: Request,
    *,
    execute: bool = True,
    executor: Executor | None = None,
    stdin: int | None = None,
    message: str | None = None,
    author: str = "",
    progress: Progress = SILENT,
) -> RunResult:
    """Run a command and stage what it wrote.

    Args:
        workspace: The workspace.
        request: What to run.
        execute: Whether to run it; otherwise the outputs that are there are recorded as made by it.
        executor: Where it is executed; None: on this machine.
        stdin: A descriptor: all that it gives is stored, and the command's standard input; None: it has none.
        message: Commit all that is staged then, and what the command read, with this message; None: do not.
        author: Who makes the commit.
        progress: Counts the bytes that are read, before and after.

    Raises:
        UsageFault: There is no command, or the message is empty.
        NotFound: A declared path, a variable or the program is not there.
        Refused: HEAD is detached and a commit is asked for; or as `record.record` says.
        Busy: Another run captures in this workspace.
    """
    if message is not None:
        # What would be in the way of the commit is said before hours of work.
        committing.check_message(message)
        preconditions.follow_git(workspace, preconditions.ready(workspace))
    if stdin is not None:
        request = replace(request, stdin=standard_input.keep(workspace, stdin))
    if execute:
        recorded = recording.record(workspace, request, executor=executor, progress=progress)
    else:
        recorded = recording.claim(workspace, request, progress=progress)
    if message is None or recorded.run is None:
        return RunResult(recorded, None)
    what = f"run -m {message.partition(chr(10))[0]}"
    inputs = recorded.run.inputs
    made = committing.commit_made(workspace, message, author=author, what=what, inputs=inputs)
    return RunResult(recorded, None) if made is None else RunResult(recorded, *made)
