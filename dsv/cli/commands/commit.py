"""`dsv commit`."""

from typing import TYPE_CHECKING

import click

from dsv.cli import messages
from dsv.cli.command import verb
from dsv.cli.context import Context
from dsv.ids import short
from dsv.render import commits
from dsv.render.origin_words import briefly
from dsv.render.style import counted, printable

if TYPE_CHECKING:
    from dsv.ops.commit import Committed

SHAPE = {
    "commit": commits.SHAPE,
    "branch": "text: the branch that it is on",
    "datasets": [
        {
            "path": "path: of the dataset",
            "change": "added|modified|removed",
            "content": "id?: its content; null if removed",
            "rows": "int?: rows of its table, where they are known without reading it",
            "origin": "id?: of the source or run record; null if removed",
        }
    ],
    "notes": ["text: further notes"],
}


@verb(
    examples={
        'dsv commit -m "raw trips of 2026"': "Record what is staged:",
        'dsv commit -am "drop test rows"': "Stage all changes of tracked datasets first:",
    },
    shape=SHAPE,
    exits={1: "there is nothing to commit"},
)
@click.option("-m", "--message", required=True, metavar="MSG", help="What changed and why.")
@messages.allow_secret
@click.option("-a", "--all", "everything", is_flag=True, help="Stage all tracked changes, removals too.")
def command(context: Context, message: str, *, everything: bool, allow_secret: bool) -> None:
    """Record what is staged as a commit.

    Prints each dataset that changed with its rows, its content id and where it came from; rows of text
    files only if they were counted before (`dsv show` does). Then `dsv.lock` names the commit; commit
    that file with git to keep code and data in step.
    """
    from dsv.ops.commit import commit

    messages.check(context, message, allowed=allow_secret)
    result = commit(
        context.workspace,
        message,
        author=context.author,
        everything=everything,
        progress=context.progress("storing", "B"),
    )
    out = context.out
    if out.json:
        out.document(
            {
                "commit": commits.record(result.id, result.commit, [one.path for one in result.datasets]),
                "branch": result.branch,
                "datasets": [_record(one) for one in result.datasets],
                "notes": list(result.notes),
            }
        )
        return
    for note in result.notes:
        out.say(note)
    at = f"{out.style.name(result.branch)} {out.style.commit(result.id)}"
    out.report(f"{at} {commits.title(result.commit)}")
    for one in result.datasets:
        out.report(f"  {_line(context, one)}")
    if not result.commit.parents:
        _tell_of_git(context)


def _tell_of_git(context: Context) -> None:
    """Say after the first commit what belongs in git, if git does not track it."""
    from dsv.worktree import git

    root = context.workspace.root
    if git.find(root) is not None and not git.tracked(root, ["dsv.toml"]):
        names = " ".join(map(context.typed, ("dsv.toml", "dsv.lock", ".gitignore")))
        context.out.hint(f"git add {names}: they belong in git, the data does not")


def _record(one: "Committed") -> dict[str, object]:
    found = one.dataset.checkpoint if one.dataset else None
    return {
        "path": one.path,
        "change": one.change,
        "content": found.content if found else None,
        "rows": one.rows,
        "origin": found.origin if found else None,
    }


def _line(context: Context, one: "Committed") -> str:
    style = context.out.style
    text = f"{style.change(one.change, f'{one.change:<8}')}  {printable(one.path)}"
    if one.dataset is None:
        return text
    if one.rows is not None:
        text += f"  {counted(one.rows, 'row')}"
    elif one.dataset.checkpoint.is_dir:
        text += f"  {counted(one.dataset.checkpoint.files, 'file')}"
    origin = ""
    if one.origin is not None:
        origin = f"  {briefly(one.origin)}"
    return f"{text}  {style.id(short(one.dataset.checkpoint.content))}{style.faint(origin)}"
