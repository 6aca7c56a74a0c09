"""Why a dataset is what it is: lines for a terminal, and a JSON document."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from dsv.model.attempt import Attempt
from dsv.model.origin import Source
from dsv.model.run import Run
from dsv.render import commits, origin_words, telling
from dsv.render.shape import Maybe, Shape
from dsv.render.style import Style
from dsv.render.telling import Telling
from dsv.render.when import iso

if TYPE_CHECKING:
    from dsv.ids import ObjectId
    from dsv.model.commit import Commit
    from dsv.model.run import Outside
    from dsv.ops.why import ChangedPart, VersionStory, Why

_VERSION: dict[str, Shape] = {
    "content": "id: its content",
    "rows": "int?: of the table, where they are known",
    "size": "int: bytes",
    "made": "run|added|edited|merged|imported|unknown: how it came to be",
    "origin": "id: of the source or run record that it came from",
    "run": Maybe(origin_words.RUN_SHAPE),
    "url": "text?: where it was imported from",
    "witness": "text?: which eye saw the run: calls, files, events; declared if none did; null where not known",
    "incomplete": ["text: something that the capture of the run could have missed"],
    "capture": "text?: how the record of the run was made; null where that is not known",
    "started": "time?: when the run started",
    "git": "text?: commit of git at the start of the run",
    "commit": Maybe({name: commits.SHAPE[name] for name in ("id", "author", "time", "message")}),
}

SHAPE: dict[str, Shape] = {
    "path": "path: of the dataset",
    "now": _VERSION,
    "inputs": [
        {
            "path": "path: of a dataset that the run read",
            "content": "id: what it was",
            "rows": "int?: of its table, where they are known",
        }
    ],
    "code": [
        {
            "path": "path: of a file that the run read as code, or as data that git tracks; dsv keeps it with the run",
            "file": "id: its bytes",
            "data": "flag: whether it was read as data",
        }
    ],
    "outside": [
        {"path": "text: of a file outside of the workspace that the run read", "content": "id: what it was"}
    ],
    "before": Maybe(_VERSION),
    "compared": "flag: whether two runs were compared",
    "changes": [
        {
            "aspect": "command|folder|code|parameter|variable|input|environment|listing|absence|outside|stdin",
            "name": "text: of the file, parameter, variable, package or input; empty for the command",
            "before": "text?: what it was: an id for files and inputs, else a value or version",
            "after": "text?: what it is",
            "text": "text: the same in words",
            "matters": "flag: whether it can have changed the result",
            "because": ["any: for an input, what changed between the runs that made it, as in `changes`"],
        }
    ],
    "files": Maybe({"added": "int: files", "removed": "int: files", "modified": "int: files"}),
    "shallow": "flag: whether history ends in a commit that is not here",
}


def lines(found: "Why", style: Style, *, whole: bool = False) -> Iterator[Telling]:
    """Yield what is said; `whole`: also differences that cannot have mattered."""
    from dsv.render import why_words

    yield from map(telling.line, why_words.lines(found, style, whole=whole))


def document(found: "Why") -> dict[str, object]:
    """Return the JSON document."""
    files = found.files
    return {
        "path": found.path,
        "now": _version(found.now),
        "inputs": [{"path": path, "content": one.content, "rows": rows} for path, one, rows in found.inputs],
        "code": _code(found),
        "outside": [{"path": one.path, "content": one.content} for one in _outside(found)],
        "before": None if found.before is None else _version(found.before),
        "compared": found.compared is not None,
        "changes": [_change(cause) for cause in found.causes],
        "files": None
        if files is None
        else {"added": files.added, "removed": files.removed, "modified": files.modified},
        "shallow": found.shallow,
    }


def _code(found: "Why") -> list[dict[str, object]]:
    origin = found.now.origin
    data = origin.in_git if isinstance(origin, Run) else ()
    return [{"path": file.path, "file": file.file, "data": file.path in data} for file in found.code]


def _outside(found: "Why") -> "tuple[Outside, ...]":
    return found.now.origin.outside if isinstance(found.now.origin, Run) else ()


def _version(told: "VersionStory") -> dict[str, object]:
    origin = told.origin
    attempt: Attempt | None = told.attempt
    return {
        "content": told.checkpoint.content,
        "rows": told.rows,
        "size": told.checkpoint.size,
        "made": origin_words.made(origin),
        "origin": told.checkpoint.origin,
        "run": origin_words.record(origin, told.checkpoint.origin) if isinstance(origin, Run) else None,
        "url": origin.fetched.url if isinstance(origin, Source) and origin.fetched else None,
        "witness": attempt and origin_words.eye_of(attempt.capture, attempt.witness),
        "incomplete": list(attempt.blind_spots) if attempt else [],
        "capture": attempt and attempt.capture,
        "started": attempt and iso(attempt.started, 0),
        "git": attempt and attempt.git and attempt.git.commit,
        "commit": None if told.commit is None else _commit(*told.commit),
    }


def _commit(oid: "ObjectId", commit: "Commit") -> dict[str, object]:
    record = commits.record(oid, commit, ())
    return {name: record[name] for name in ("id", "author", "time", "message")}


def _change(cause: "ChangedPart") -> dict[str, object]:
    from dsv.render import circumstance_words

    one = cause.circumstance
    return {
        "aspect": str(one.aspect),
        "name": one.name,
        "before": one.before,
        "after": circumstance_words.after_of(one),
        "text": circumstance_words.text(one),
        "matters": one.matters,
        "because": [_change(each) for each in cause.because],
    }
