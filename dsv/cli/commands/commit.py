"""`dsv commit`."""

import click

from dsv.cli import messages
from dsv.cli.command import verb
from dsv.cli.context import Context
from dsv.render import commit as render


@verb(
    examples={
        'dsv commit -m "raw trips of 2026"': "Record what is staged:",
        'dsv commit -am "drop test rows"': "Stage all changes of tracked datasets first:",
    },
    shape=render.SHAPE,
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
        out.document(render.document(result))
        return
    out.show(render.lines(result, out.style))
    if not result.commit.parents:
        _tell_of_git(context)


def _tell_of_git(context: Context) -> None:
    """Say after the first commit what belongs in git, if git does not track it."""
    from dsv.worktree import git

    root = context.workspace.root
    if git.find(root) is not None and not git.tracked(root, ["dsv.toml"]):
        context.out.show(render.for_git(context.typed))
