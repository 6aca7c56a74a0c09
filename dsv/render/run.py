"""What `run` recorded: lines that are said beside the output of the command, and a JSON document."""

from collections.abc import Callable, Iterator, Sequence
from shlex import quote
from typing import TYPE_CHECKING

from dsv.ids import short
from dsv.render import committed, origin_words, telling
from dsv.render.style import counted, printable, size
from dsv.render.telling import Telling

if TYPE_CHECKING:
    from dsv.model.attempt import Attempt
    from dsv.model.run import Input, Output, Run
    from dsv.ops.run import RunResult
    from dsv.runs.record.result import Recorded

_NAMED = 3

SHAPE = {
    "command_exit": "int?: exit code of the command, 128 + n for signal n; null with --no-exec",
    "seconds": "number?: how long it took; null with --no-exec",
    "run": "id?: of the run's record; null if nothing was recorded",
    "name": "text?: its label",
    "argv": ["text: a word of the command as it is recorded"],
    "capture": "text?: captured, declared, partly or claimed; null if nothing was recorded",
    "complete": "flag: whether nothing can have been missed",
    "incomplete": ["text: what could have been missed"],
    "masked": "flag: whether secrets were left out, so that it cannot be run again as recorded",
    "inputs": [
        {"path": "path: of the dataset", "content": "id: its content", "new": "flag: not tracked before"}
    ],
    "outputs": [
        {
            "path": "path: of the dataset",
            "content": "id: its content",
            "table": "id?: its table; null if it is none",
            "rows": "int?: of the table",
            "size": "int: bytes",
            "files": "int: how many files it has",
        }
    ],
    "code": ["path: of a code file that it read"],
    "in_git": ["path: of a code file that git tracks, and that it read as data"],
    "outside": [
        {
            "path": "text: of a file outside of the workspace that it read",
            "content": "id: of its bytes, which are not kept",
        }
    ],
    "listings": ["path: of a folder that it listed; . is the workspace"],
    "links": [{"path": "path: of a link that led it to what it used", "target": "text: where that led"}],
    "absent": ["path: that it looked for in vain"],
    "variables": {"*": "text: the value of a variable that is recorded of every run"},
    "stdin": "id?: of what its standard input gave; null if nothing",
    "witness": "text?: what saw it: calls, files or events; null if nothing did",
    "interpreter": "text?: the Python that ran it; null if none did",
    "withheld": ["path: that may hold secrets, and is not recorded"],
    "staged": ["path: of a dataset that was staged"],
    "unchanged": "flag: whether all of it was staged like this already",
    "written": ["path: written by a command that failed"],
    "tail": "text?: the end of the output of a command that failed",
    "commit": "id?: of the commit, with -m",
    "brought": ["path: of a changed dataset that it read and that was staged for the commit"],
    "warnings": ["text: what may be wrong"],
    "notes": ["text: further notes"],
}


def masked(found: Sequence[str]) -> Iterator[Telling]:
    """Yield, before anything runs, what will not be recorded of the command, and how it need not stand there."""
    if found:
        more = f" and {len(found) - _NAMED} more" if len(found) > _NAMED else ""
        yield telling.warning(f"not recorded, as it seems secret: {', '.join(found[:_NAMED])}{more}")
        yield telling.hint(
            "set it as a variable that the program reads, and run with --env NAME: then the run can be repeated"
        )


def unfilled(keys: Sequence[str], given: Sequence[str]) -> Iterator[Telling]:
    """Yield, before anything runs, that no parameter of those `given` fills the names in braces."""
    if keys:
        names = ", ".join(f"{{{printable(key)}}}" for key in keys)
        yield telling.warning(f"no parameter fills {names}: -p gives {', '.join(sorted(given))}")


def document(result: "RunResult", *, name: str | None = None, tail: str | None = None) -> dict[str, object]:
    """Return the JSON document.

    Args:
        result: What came of the run.
        name: Its label.
        tail: The end of the output of a command that failed, without secrets.
    """
    found = result.recorded
    run, attempt, execution = found.run, found.attempt, found.execution
    return {
        "command_exit": execution.exit_code if execution else None,
        "seconds": round(execution.seconds, 3) if execution else None,
        "run": found.id,
        "name": name,
        "argv": list(run.argv) if run else [],
        "capture": attempt.capture if attempt else None,
        "complete": attempt is not None and not attempt.blind_spots,
        "incomplete": list(attempt.blind_spots) if attempt else [],
        "masked": run is not None and run.masked,
        "inputs": [
            {"path": one.path, "content": one.checkpoint.content, "new": one.path in found.sources}
            for one in (run.inputs if run else ())
        ],
        "outputs": [
            {
                "path": one.path,
                "content": one.content,
                "table": one.table,
                "rows": found.rows.get(one.path),
                "size": one.size,
                "files": one.files,
            }
            for one in (run.outputs if run else ())
        ],
        "code": list(found.code),
        "in_git": list(run.in_git) if run else [],
        "outside": [{"path": one.path, "content": one.content} for one in (run.outside if run else ())],
        "listings": [one.path or "." for one in (run.listings if run else ())],
        "absent": list(run.absent) if run else [],
        "links": [{"path": one.path, "target": one.target} for one in (run.links if run else ())],
        "variables": dict(run.surroundings) if run else {},
        "stdin": run.stdin if run else None,
        "witness": attempt.witness if attempt else None,
        "interpreter": attempt.interpreter if attempt else None,
        "withheld": list(attempt.withheld) if attempt else [],
        "staged": list(found.staged),
        "unchanged": found.unchanged,
        "written": list(found.written),
        "tail": tail,
        "commit": result.commit.id if result.commit else None,
        "brought": list(result.brought),
        "warnings": list(found.warnings),
        "notes": [*found.notes, *_unstaged(result), *(result.commit.notes if result.commit else ())],
    }


def lines(result: "RunResult", typed: Callable[[str], str]) -> Iterator[Telling]:
    """Yield what is said of it, all beside the output of the command; `typed` gives a path as the user types it."""
    found = result.recorded
    yield from map(telling.warning, found.warnings)
    unstaged = _unstaged(result)
    yield from map(telling.note, (*found.notes, *unstaged))
    if found.run is not None and found.attempt is not None:
        yield from _recorded(found, found.run, found.attempt)
        yield from _lacking(found.run, found.attempt, typed)
    elif found.exit_code:
        yield telling.warning(f"the command failed with exit code {found.exit_code}: nothing was staged")
        for path in found.written:
            yield telling.note(f"  it had written {printable(path)}")
    else:
        yield telling.note("nothing was staged")
    if unstaged:
        yield telling.hint(
            "dsv commit -am MESSAGE commits that as well; without it the commit would be stale"
        )
    if result.commit is not None:
        yield from committed.after_run(result.commit, result.brought)


def _recorded(found: "Recorded", run: "Run", attempt: "Attempt") -> Iterator[Telling]:
    assert found.id is not None
    claimed = ", claimed" if attempt.claimed else f", {attempt.milliseconds / 1000:.1f} s"
    same = ": unchanged" if found.unchanged else ""
    yield telling.note(f"run {short(found.id)} {origin_words.label(run)}{claimed}{same}")
    for word, text in _parts(found, run, attempt):
        yield telling.note(f"  {word:<8} {text}")


def _parts(found: "Recorded", run: "Run", attempt: "Attempt") -> Iterator[tuple[str, str]]:
    """Yield what it used and made, each with a word before it."""
    for read in run.inputs:
        yield "input", _input(read, new=read.path in found.sources)
    for path in found.code:
        yield "in git" if path in run.in_git else "code", printable(path)
    for listed in run.listings:
        yield "listed", printable(listed.path or ".")
    for path in run.absent:
        yield "absent", printable(path)
    for link in run.links:
        yield "link", f"{printable(link.path)} -> {printable(link.target)}"
    if run.stdin is not None:
        yield "stdin", short(run.stdin)
    for path in attempt.withheld:
        yield "withheld", f"{printable(path)}: it may hold secrets"
    for one in run.outside:
        yield "outside", f"{printable(one.path)}  {short(one.content)}  {size(one.size)}"
    for made in run.outputs:
        yield "output", _output(made, found.rows.get(made.path))


def _lacking(run: "Run", attempt: "Attempt", typed: Callable[[str], str]) -> Iterator[Telling]:
    """Yield what the record lacks, with what follows from it."""
    for one in run.outside:
        yield telling.warning(f"{printable(one.path)} is outside of the workspace: its bytes are not kept")
    if run.outside:
        yield telling.hint(f"dsv import {quote(run.outside[0].path)} brings it into the workspace")
    if attempt.withheld:
        few = ", ".join(map(printable, attempt.withheld[:_NAMED]))
        rest = len(attempt.withheld) - _NAMED
        more = f" and {rest} more" if rest > 0 else ""
        yield telling.warning(f"without {few}{more}, what was made cannot be rebuilt elsewhere")
        inside = [path for path in attempt.withheld if not path.startswith(("/", "~"))]
        if inside:
            yield telling.hint(f"dsv config secrets allow {typed(inside[0])}, if there is no secret in it")
    if run.masked:
        yield telling.warning("secrets were left out of the record: it cannot be run again as it is recorded")
    for spot in attempt.blind_spots:
        yield telling.warning(f"incomplete: {spot}")


def _unstaged(result: "RunResult") -> list[str]:
    left = [path for path in result.recorded.unstaged if path not in result.brought]
    return [f"{path} was read with changes that are not staged" for path in left]


def _input(read: "Input", *, new: bool) -> str:
    told = f"{printable(read.path)}  {short(read.checkpoint.content)}"
    return f"{told}  new source" if new else told


def _output(made: "Output", rows: int | None) -> str:
    amount = counted(rows, "row") if rows is not None else size(made.size)
    return f"{printable(made.path)}  {short(made.content)}  {amount}"
