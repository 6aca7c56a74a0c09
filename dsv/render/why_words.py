"""The words in which `dsv why` tells what made a dataset what it is."""

from collections.abc import Iterator
from shlex import join
from typing import TYPE_CHECKING

from dsv.ids import short
from dsv.model.attempt import EVENTS, Attempt
from dsv.model.origin import Source
from dsv.model.run import Run
from dsv.render import circumstance_words, commits
from dsv.render.origin_words import MADE, made
from dsv.render.style import Style, counted, printable, size
from dsv.render.when import readable
from dsv.runs.differences import Aspect

if TYPE_CHECKING:
    from dsv.ops.why import ChangedPart, VersionStory, Why

_CAPTURES = {
    "captured": "captured as it ran",
    "declared": "its inputs and outputs were declared",
    "partly": "its inputs or outputs were declared, the rest captured",
    "claimed": "claimed: nobody has seen it run",
    "verified": "claimed, and proved by a verify since",
}
_PACKAGES = 10
_FILES = 5


def lines(found: "Why", style: Style, *, whole: bool) -> list[str]:
    """Return the words for `found`; `whole`: also differences that cannot have mattered."""
    return [
        f"{style.strong(printable(found.path))}  {_version(found.now, style)}",
        *_origin(found, style),
        *_commit(found.now, style),
        "",
        *_since(found, style, whole=whole),
    ]


def _version(told: "VersionStory", style: Style) -> str:
    rows = "" if told.rows is None else f"{counted(told.rows, 'row')}, "
    return f"{style.id(short(told.checkpoint.content))}  {rows}{size(told.checkpoint.size)}"


def _origin(found: "Why", style: Style) -> Iterator[str]:
    origin = found.now.origin
    if isinstance(origin, Run):
        yield from _run(found, origin, found.now.attempt, style)
    elif origin is None:
        oid = style.id(short(found.now.checkpoint.origin))
        yield f"its origin {oid} is not in this store: dsv fetch may bring it"
    elif origin.fetched is not None:
        etag = f", etag {printable(origin.fetched.etag)}" if origin.fetched.etag else ""
        yield f"imported from {printable(origin.fetched.url)}{etag}"
    elif origin.edited is not None:
        yield f"edited by hand; before that it was made by {style.id(short(origin.edited))}"
    elif origin.merged:
        yield f"merged file by file from {len(origin.merged)} versions"
    else:
        yield "raw data that somebody added; no run made it"


def _run(found: "Why", run: Run, attempt: Attempt | None, style: Style) -> Iterator[str]:
    name = f" {style.name(run.name)}" if run.name else ""
    at = f" on {readable(attempt.started, 0)}" if attempt else ""
    yield f"made by run{name} {style.id(short(found.now.checkpoint.origin))}{at}"
    folder = f"  (in {printable(run.cwd)})" if run.cwd else ""
    yield f"  $ {printable(join(run.argv))}{folder}"
    if run.params:
        yield f"  with {printable(', '.join(f'{key}={value}' for key, value in run.params.items()))}"
    if attempt is None:
        yield "  how it happened is not known here"
    else:
        eye = ", by events of the file system" if attempt.witness == EVENTS else ""
        yield f"  {_CAPTURES[attempt.capture]}{eye}{_git(attempt)}"
        yield from (f"  {style.changed('incomplete:')} {printable(spot)}" for spot in attempt.blind_spots)
    for path, one, rows in found.inputs:
        many = "" if rows is None else f"  {counted(rows, 'row')}"
        yield f"  from {printable(path)}  {style.id(short(one.content))}{many}"
    for far in run.outside:
        yield f"  from outside {printable(far.path)}  {style.id(short(far.content))}"
    for file in found.code:
        if file.path in run.in_git:
            yield f"  from {printable(file.path)}  {style.id(short(file.file))}  in git"
    if not (found.inputs or run.outside or run.in_git):
        yield "  from no dataset"
    code = [printable(file.path) for file in found.code if file.path not in run.in_git]
    if code:
        more = f" and {len(code) - _FILES} more" if len(code) > _FILES else ""
        yield f"  by {', '.join(code[:_FILES])}{more}, kept with the run"


def _git(attempt: Attempt) -> str:
    git = attempt.git
    if git is None or git.commit is None:
        return ""
    dirty = f", {counted(len(git.dirty), 'path')} uncommitted" if git.dirty else ""
    return f"; code at git {git.commit[:8]}{dirty}"


def _commit(told: "VersionStory", style: Style) -> Iterator[str]:
    if told.commit is None:
        yield "staged, and not committed yet"
        return
    oid, commit = told.commit
    at = readable(commit.seconds, commit.offset)
    yield f'commit {style.id(short(oid))} "{commits.title(commit)}" by {printable(commit.author)}, {at}'


def _since(found: "Why", style: Style, *, whole: bool) -> Iterator[str]:
    before = found.before
    if before is None:
        yield (
            "the version before is not here: history was not fetched that far"
            if found.shallow
            else "its first version"
        )
        return
    what = MADE[made(before.origin)]
    where = f", commit {style.id(short(before.commit[0]))}" if before.commit else ""
    version = _version(before, style).replace("  ", ", ")
    again = before.checkpoint.content == found.now.checkpoint.content
    yield f"since the version before ({version}{where}; {what}):"
    if again:
        yield "  the same data came out again"
    if found.compared is not None and isinstance(found.now.origin, Run):
        if isinstance(before.origin, Source):
            yield "  that had been edited by hand; compared with the run before the edit:"
        yield from _causes(found.causes, style, "  ", whole=whole, again=again)
    elif isinstance(found.now.origin, Run):
        yield "  no run had made it until then"
    elif again:
        return
    elif found.files is not None:
        tally = found.files
        yield f"  files changed: +{tally.added} -{tally.removed} ~{tally.modified}"
    else:
        yield f"  {_by_hand(found)}"


def _by_hand(found: "Why") -> str:
    before, origin = found.before, found.now.origin
    assert before is not None
    if isinstance(origin, Source) and origin.fetched is not None:
        return "imported again, and there it was another"
    if isinstance(before.origin, Run):
        return "what the run had written was changed outside of any run that dsv recorded"
    return "changed outside of any run that dsv recorded"


def _causes(
    causes: "tuple[ChangedPart, ...]", style: Style, left: str, *, whole: bool, again: bool = False
) -> Iterator[str]:
    told = [one for one in causes if whole or one.circumstance.matters]
    packages = [one for one in told if one.circumstance.aspect is Aspect.ENVIRONMENT]
    if not whole and len(packages) > _PACKAGES:
        told = [one for one in told if one not in packages[_PACKAGES:]]
    if not told and not again:
        yield f"{left}nothing that was recorded explains it: the step may be random, or read what dsv did not see"
    for one in told:
        text = printable(circumstance_words.text(one.circumstance))
        yield f"{left}{text}{'; changed by hand' if one.by_hand else ''}"
        if one.because:
            yield f"{left}  because"
            yield from _causes(one.because, style, f"{left}    ", whole=whole)
    hidden = len(causes) - len(told)
    if hidden:
        noun = counted(hidden, "difference")
        yield style.faint(f"{left}and {noun} that can hardly matter (-v lists them)")
