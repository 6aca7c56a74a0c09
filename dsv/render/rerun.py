"""What `rerun` did, or would do: lines for a terminal, and a JSON document."""

from collections.abc import Callable, Collection, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from dsv.render import committed, telling
from dsv.render.style import Style, counted, printable
from dsv.render.telling import Telling
from dsv.wording import are, listed

if TYPE_CHECKING:
    from dsv.ops.rerun import RerunResult
    from dsv.runs.rerun.repeat_stale import Ending, Outcome
    from dsv.runs.rerun.rerun_plan import RepeatReason

SHAPE = {
    "steps": [
        {
            "run": "id: of the run that the step repeats",
            "command": "text: its label, or its command",
            "datasets": ["path: of a dataset that it made"],
            "state": "stale|done|unchanged|left|failed|skipped",
            "reason": "text: why; empty if nothing changed",
            "new_run": "id?: of the new run's record; null if there is none",
            "command_exit": "int?: exit code of the command; null if it was not run",
            "seconds": "number?: how long it took; null likewise",
            "staged": ["path: of a dataset that was staged"],
            "gone": ["path: that it did not make this time, and that is no dataset any more"],
            "python": "text?: the interpreter that was chosen for it; null if none was",
            "environment": ["text: how its environment differs from the one that was recorded"],
            "warnings": ["text: what may be wrong"],
        }
    ],
    "stale": "flag: whether something is stale still, or failed",
    "commit": "id?: of the commit, with -m",
    "brought": ["path: of a changed dataset that was read, and that was staged for the commit"],
    "unstaged": ["path: of a changed dataset that was read, and that is not staged"],
    "edited": ["path: that a step made which is not repeated, and that was edited since"],
}

STATES = {
    "stale": "would be repeated (with --dry-run)",
    "done": "was repeated",
    "unchanged": "has nothing new to read",
    "left": "changed, but updates a dataset in place whose version before is not here any more",
    "failed": "failed: its datasets are as they were",
    "skipped": "waits for one that failed",
}

_CHANGES = 5


def reason(found: "RepeatReason") -> str:
    """Return in a line why a step is repeated; "" if it is not."""
    from dsv.render import stale_words

    clauses = [stale_words.text(found.stale)] if found.stale else []
    clauses += [f"parameter {key} changed" for key in found.params]
    if found.deleted:
        clauses.append(f"{listed(found.deleted)} {'was' if len(found.deleted) == 1 else 'were'} deleted")
    if found.again:
        clauses.append(f"{listed(found.again)} {are(found.again)} made again")
    return "; ".join(clauses) or ("forced" if found.forced else "")


def left(paths: Sequence[str]) -> str:
    """Return why a step is not repeated that updates `paths`."""
    return f"it updates {listed(paths)} in place, and the version before is not here any more"


def ending(found: "Ending | None") -> str:
    """Return in a line why a step ended as it did; "" if nothing changed."""
    if found is None:
        return ""
    from dsv.runs.rerun.repeat_stale import Ground

    match found.ground:
        case Ground.REPEATED:
            why = reason(found.reason)
            return f"{why}; {left(found.paths)}" if found.paths else why
        case Ground.WAITS:
            return f"it waits for {listed(found.paths)}"
        case Ground.LEFT_BEHIND:
            return f"{listed(found.paths)} was left as it is"
        case Ground.SAME:
            return "what it reads is as it was"
        case Ground.NOT_HERE:
            return f"{listed(found.paths)} is not here"
        case Ground.SAID:
            return found.message
        case Ground.INTERRUPTED:
            return "it was interrupted"
        case Ground.EXIT_CODE:
            return f"its command failed with exit code {found.code}"
        case Ground.WROTE_NOTHING:
            return "its command wrote nothing"


def document(result: "RerunResult") -> dict[str, object]:
    """Return the JSON document."""
    return {
        "steps": [_step(outcome) for outcome in result.outcomes],
        "stale": result.exit_code != 0,
        "commit": result.commit.id if result.commit else None,
        "brought": list(result.brought),
        "unstaged": list(result.unstaged),
        "edited": list(result.edited),
    }


def _step(outcome: "Outcome") -> dict[str, object]:
    from dsv.render import circumstance_words

    found = outcome.recorded
    execution = found.execution if found else None
    return {
        "run": outcome.step.run,
        "command": outcome.step.command,
        "datasets": list(outcome.step.datasets),
        "state": outcome.state,
        "reason": ending(outcome.ending),
        "new_run": found.id if found else None,
        "command_exit": execution.exit_code if execution else None,
        "seconds": round(execution.seconds, 3) if execution else None,
        "staged": list(found.staged) if found else [],
        "gone": list(outcome.gone),
        "python": None if outcome.python is None else str(outcome.python),
        "environment": [circumstance_words.text(one) for one in outcome.environment],
        "warnings": list(found.warnings) if found else [],
    }


class Standpoint(NamedTuple):
    """Where lines about a result are read.

    Attributes:
        root: The workspace.
        search: The folders of PATH: an interpreter there need not be named.
        typed: Gives a path as it is typed in the current folder.
    """

    root: Path
    search: Collection[str]
    typed: Callable[[str], str]


def surprises(result: "RerunResult") -> Iterator[Telling]:
    """Yield what commands loaded that nobody had agreed to: a warning beside a document, too."""
    for loaded in result.surprises.values():
        yield telling.warning(
            f"{printable(listed(loaded))}: loaded by a command, and nobody had agreed to that"
        )
        yield telling.hint("dsv config trust agrees; until then the command is asked about again")


def lines(
    result: "RerunResult", style: Style, where: Standpoint, *, whole: bool = False
) -> Iterator[Telling]:
    """Yield what is said; `whole`: also of steps that are unchanged, and of what cannot have mattered."""
    for outcome in result.outcomes:
        if outcome.state == "unchanged" and not whole:
            continue
        yield _headline(outcome, style)
        yield from _more(outcome, where, whole=whole)
    yield from _summary(result, where)
    if result.unstaged:
        yield telling.note(f"{', '.join(result.unstaged)}: read with changes that are not staged")
        yield telling.hint(
            "dsv commit -am MESSAGE commits that as well; without it the commit would be stale"
        )
    if result.commit is not None:
        yield from committed.after_run(result.commit, result.brought)


def _headline(outcome: "Outcome", style: Style) -> Telling:
    names = printable(", ".join(outcome.step.datasets))
    why = ending(outcome.ending)
    word = f"{outcome.state:<9}"
    bad = outcome.state in {"failed", "skipped", "left", "stale"}
    return telling.report(
        f"{style.removed(word) if bad else style.added(word)} {names}{f' ({printable(why)})' if why else ''}"
    )


def _summary(result: "RerunResult", where: Standpoint) -> Iterator[Telling]:
    same = sum(outcome.state == "unchanged" for outcome in result.outcomes)
    if result.edited:
        yield telling.note(f"{printable(listed(result.edited))}: edited by hand since its command made it")
        files = " ".join(where.typed(path) for path in result.edited[:_CHANGES])
        yield telling.hint(f"dsv restore {files} brings back what was made; dsv add {files} keeps the edit")
    if same == len(result.outcomes) and not result.edited:
        yield telling.report("everything is up to date" if same else "no run made anything here")
    elif same:
        yield telling.note(f"{counted(same, 'step')} unchanged")


def _more(outcome: "Outcome", where: Standpoint, *, whole: bool) -> Iterator[Telling]:
    from dsv.render import circumstance_words

    found, python = outcome.recorded, outcome.python
    if outcome.gone:
        yield telling.warning(
            f"{printable(listed(outcome.gone))}: not made any more, and removed; dsv undo brings it back"
        )
    if python is not None and (whole or str(python.parent) not in where.search):
        near = python.relative_to(where.root).as_posix() if python.is_relative_to(where.root) else python
        yield telling.note(f"  with {printable(str(near))}")
    if outcome.state == "left":
        path = where.typed(outcome.step.datasets[0])
        yield telling.hint(f"dsv fetch, or dsv rerun --force {path} repeats it on what is there now")
    matter = [one for one in outcome.environment if one.matters]
    for one in outcome.environment if whole else matter[:_CHANGES]:
        yield telling.note(f"  environment: {printable(circumstance_words.text(one))}")
    for warning in found.warnings if found else ():
        yield telling.warning(warning)
    for path in found.written if found else ():
        if path not in outcome.step.outputs:
            yield telling.note(f"  it had written {printable(path)}")
