"""How origins are told: in a word or two beside a dataset, and in whole."""

import shlex

from dsv.ids import ObjectId
from dsv.model.attempt import CLAIMED, DECLARED, VERIFIED
from dsv.model.origin import Source
from dsv.model.run import Run
from dsv.render.style import printable

_LONGEST = 60


RUN_SHAPE = {
    "id": "id: of its record",
    "name": "text?: its label",
    "argv": ["text: a word of its command"],
    "cwd": "text: the folder it ran in, relative to the workspace; empty for that itself",
    "params": {"*": "text: a parameter"},
}


def record(run: Run, oid: ObjectId) -> dict[str, object]:
    """Return what JSON documents say of the run `oid`, as `RUN_SHAPE` has it."""
    return {
        "id": oid,
        "name": run.name,
        "argv": list(run.argv),
        "cwd": run.cwd,
        "params": dict(run.params),
    }


def briefly(origin: Source | Run) -> str:
    """Return what stands beside a dataset in a list."""
    if isinstance(origin, Run):
        return f"run {label(origin)}"
    if origin.fetched is not None:
        return f"from {printable(origin.fetched.url)}"
    return "edited by hand" if origin.edited else "source (no run)"


def eye_of(capture: str, witness: str | None) -> str | None:
    """Return which eye saw a run: one of those of `Attempt.witness`, `declared` if none did; None: not known."""
    return DECLARED if witness is None and capture in (DECLARED, CLAIMED, VERIFIED) else witness


MADE = {
    "run": "made by a run",
    "added": "raw data",
    "edited": "edited by hand",
    "merged": "merged",
    "imported": "imported",
    "unknown": "nobody knows how it was made",
}
"""Words for how data came to be, and how they are told."""


def made(origin: Source | Run | None) -> str:
    """Return the word of `MADE` for what came from `origin`; None: its record cannot be read."""
    if origin is None:
        return "unknown"
    if isinstance(origin, Run):
        return "run"
    if origin.fetched is not None:
        return "imported"
    return "edited" if origin.edited else "merged" if origin.merged else "added"


def label(run: Run) -> str:
    """Return what a run is called: its name, else its command, shortened."""
    return printable(run.name or command(run, _LONGEST))


def command(run: Run, longest: int | None = None) -> str:
    """Return the command of a run as one would type it; at most `longest` characters of it."""
    text = shlex.join(run.argv)
    return text if longest is None or len(text) <= longest else f"{text[: longest - 3]}..."
