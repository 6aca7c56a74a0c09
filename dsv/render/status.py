"""What is staged, changed, untracked and stale: lines for a terminal, and a JSON document."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from dsv.ids import short
from dsv.render import changes, telling
from dsv.render.shape import Maybe
from dsv.render.style import Style, counted, printable
from dsv.render.telling import Telling

if TYPE_CHECKING:
    from dsv.ops.status import WorkspaceStatus

SHAPE = {
    "branch": "text?: the branch that HEAD is on; null if detached",
    "head": "id?: its commit; null before the first",
    "staged": [changes.CHANGE_SHAPE],
    "unstaged": [changes.CHANGE_SHAPE],
    "untracked": ["path: in neither dsv nor git; a folder ends with `/`"],
    "code": ["path: of a file that git does not track, and that dsv keeps with the runs that read it"],
    "stale": [{"path": "path: of a dataset", "reason": "text: why its run should be repeated"}],
    "absent": ["path: of a dataset that is not here by choice"],
    "lock": "match|differs: whether dsv.lock names HEAD",
    "interrupted": "flag: whether a checkout was begun and has not ended",
    "remote": Maybe({"ahead": "int: commits to push", "behind": "int: commits to pull, as last fetched"}),
}


def document(result: "WorkspaceStatus") -> dict[str, object]:
    """Return the JSON document."""
    remote = None if result.ahead is None else {"ahead": result.ahead, "behind": result.behind}
    return {
        "branch": result.branch,
        "head": result.head,
        "staged": [changes.record(change) for change in result.staged],
        "unstaged": [changes.record(change) for change in result.unstaged],
        "untracked": list(result.untracked),
        "code": list(result.code),
        "stale": [{"path": path, "reason": reason} for path, reason in _stale(result)],
        "absent": list(result.absent),
        "lock": "match" if result.lock_matches else "differs",
        "interrupted": result.interrupted,
        "remote": remote,
    }


def lines(result: "WorkspaceStatus", style: Style, *, remote: bool = False) -> Iterator[Telling]:
    """Yield what is said; `remote`: whether there is a remote that absent data can come from."""
    if not result.lock_matches:
        yield telling.line(style.removed("dsv.lock names another commit than HEAD"))
        yield telling.hint(result.way_out or "dsv checkout --locked")
    if result.interrupted:
        yield telling.line(style.removed("a checkout was begun and did not end"))
        yield telling.hint("run it again, or dsv checkout HEAD --force")
    yield telling.line(_where(result, style))
    for title, found in (("staged:", result.staged), ("not staged:", result.unstaged)):
        yield from _section(title, (changes.line(change, style) for change in found), style)
    yield from _section(
        "stale:", (f"{printable(path)} ({printable(reason)})" for path, reason in _stale(result)), style
    )
    for title, paths in (
        ("untracked:", result.untracked),
        ("code, kept with the runs that read it:", result.code),
        ("absent:", result.absent),
    ):
        yield from _section(title, map(printable, paths), style)
    if result.clean:
        yield telling.line("nothing to commit" if result.head else "nothing is tracked yet")
    yield from _next(result)
    if result.absent and remote:
        yield telling.hint("dsv pull . brings the data of what is absent, dsv pull PATH of one")


def _section(title: str, found: "Iterator[str]", style: Style) -> Iterator[Telling]:
    inner = [f"  {one}" for one in found]
    if inner:
        yield telling.line("\n".join(["", style.strong(title), *inner]))


def _stale(result: "WorkspaceStatus") -> Iterator[tuple[str, str]]:
    if result.stale:
        from dsv.render import stale_words

        yield from ((one.path, stale_words.text(one.reasons)) for one in result.stale)


def _where(result: "WorkspaceStatus", style: Style) -> str:
    at = style.id(short(result.head)) if result.head else "no commits yet"
    text = f"on {style.name(result.branch)}, {at}" if result.branch else f"detached at {at}"
    if result.ahead is not None and result.behind is not None and (result.ahead or result.behind):
        text += f", {counted(result.ahead, 'commit')} to push, {result.behind:,} to pull"
    return text


def _next(result: "WorkspaceStatus") -> Iterator[Telling]:
    if result.clean:
        if result.stale:
            yield telling.note("")
            yield telling.hint(
                "dsv rerun makes what is stale again, dsv rerun --dry-run says what that would be"
            )
        return
    yield telling.note("")
    if result.unstaged:
        yield telling.hint("dsv add PATH stages a change, dsv restore PATH takes it back, dsv diff shows it")
    elif result.staged:
        yield telling.hint("dsv commit -m MESSAGE")
    else:
        yield telling.hint("dsv add PATH")
