"""`dsv status`."""

from typing import TYPE_CHECKING

import click

from dsv.cli.command import verb
from dsv.cli.context import Context
from dsv.ids import short
from dsv.render import changes
from dsv.render.shape import Maybe
from dsv.render.style import counted, printable

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


@verb(
    examples={
        "dsv status": "Show what changed:",
        "dsv status --exit-code": "Ask in a script whether anything did:",
    },
    shape=SHAPE,
    exits={1: "something is staged, changed or untracked (with --exit-code only)"},
)
@click.option("--exit-code", is_flag=True, help="Exit with 1 if anything is staged, changed or untracked.")
@click.option("--rehash", is_flag=True, help="Read every file instead of trusting times and sizes.")
def command(context: Context, *, exit_code: bool, rehash: bool) -> int:
    """Show what is staged, changed, untracked and stale.

    Files whose size and times are as they were are not read again, and no table is decoded. A
    dataset is stale if a run made it whose inputs or code have changed since, or are stale themselves.
    """
    from dsv.ops.status import status

    result = status(context.workspace, rehash=rehash, progress=context.progress("reading", "B"))
    if context.out.json:
        context.out.document(_record(result))
    else:
        _render(context, result)
    return int(exit_code and not result.clean)


def _record(result: "WorkspaceStatus") -> dict[str, object]:
    remote = None if result.ahead is None else {"ahead": result.ahead, "behind": result.behind}
    return {
        "branch": result.branch,
        "head": result.head,
        "staged": [changes.record(change) for change in result.staged],
        "unstaged": [changes.record(change) for change in result.unstaged],
        "untracked": list(result.untracked),
        "code": list(result.code),
        "stale": [{"path": one.path, "reason": one.reason} for one in result.stale],
        "absent": list(result.absent),
        "lock": "match" if result.lock_matches else "differs",
        "interrupted": result.interrupted,
        "remote": remote,
    }


def _render(context: Context, result: "WorkspaceStatus") -> None:
    out, style = context.out, context.out.style
    if not result.lock_matches:
        out.line(style.removed("dsv.lock names another commit than HEAD"))
        out.hint(result.way_out or "dsv checkout --locked")
    if result.interrupted:
        out.line(style.removed("a checkout was begun and did not end"))
        out.hint("run it again, or dsv checkout HEAD --force")
    out.line(_where(context, result))
    for title, found in (("staged:", result.staged), ("not staged:", result.unstaged)):
        if found:
            out.lines(["", style.strong(title), *(f"  {changes.line(change, style)}" for change in found)])
    if result.stale:
        lines = [f"  {printable(one.path)} ({printable(one.reason)})" for one in result.stale]
        out.lines(["", style.strong("stale:"), *lines])
    lists = (
        ("untracked:", result.untracked),
        ("code, kept with the runs that read it:", result.code),
        ("absent:", result.absent),
    )
    for title, paths in lists:
        if paths:
            out.lines(["", style.strong(title), *(f"  {printable(path)}" for path in paths)])
    if result.clean:
        out.line("nothing to commit" if result.head else "nothing is tracked yet")
    _next(context, result)
    if result.absent and context.workspace.config.default_remote is not None:
        context.out.hint("dsv pull . brings the data of what is absent, dsv pull PATH of one")


def _where(context: Context, result: "WorkspaceStatus") -> str:
    style = context.out.style
    at = style.id(short(result.head)) if result.head else "no commits yet"
    text = f"on {style.name(result.branch)}, {at}" if result.branch else f"detached at {at}"
    if result.ahead is not None and result.behind is not None and (result.ahead or result.behind):
        text += f", {counted(result.ahead, 'commit')} to push, {result.behind:,} to pull"
    return text


def _next(context: Context, result: "WorkspaceStatus") -> None:
    if result.clean:
        if result.stale:
            context.out.say("")
            context.out.hint(
                "dsv rerun makes what is stale again, dsv rerun --dry-run says what that would be"
            )
        return
    context.out.say("")
    if result.unstaged:
        context.out.hint("dsv add PATH stages a change, dsv restore PATH takes it back, dsv diff shows it")
    elif result.staged:
        context.out.hint("dsv commit -m MESSAGE")
    else:
        context.out.hint("dsv add PATH")
