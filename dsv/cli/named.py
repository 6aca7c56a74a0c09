"""What `dsv branch` and `dsv tag` share: listing, making and deleting names of commits."""

from typing import TYPE_CHECKING

from dsv.cli.context import Context
from dsv.errors import UsageFault
from dsv.render import named_refs
from dsv.render.named_refs import WORDS

if TYPE_CHECKING:
    from dsv.ops.branch import Family, NamedRef


def run(
    context: Context,
    family: "Family",
    name: str | None,
    revision: str | None,
    *,
    remove: bool,
    force: bool = False,
) -> None:
    """List, make or delete, as the arguments say.

    Raises:
        UsageFault: They contradict each other.
    """
    from dsv.ops import branch

    word = WORDS[family]
    if name is None:
        if remove:
            raise UsageFault(f"-d needs the name of a {word}", hint=f"dsv {word} -d NAME")
        _show(context, family, branch.names(context.workspace.repo, family))
    elif remove:
        if revision is not None:
            raise UsageFault("-d takes one name", hint=f"dsv {word} -d {name}")
        gone = branch.delete(context.workspace, family, name, force=force)
        _did(context, family, gone, "deleted")
    else:
        _did(context, family, branch.create(context.workspace, family, name, revision), "made")


def show_branches(context: Context, *, own: bool, remotes: bool) -> None:
    """List branches: those here, those of remotes, or both."""
    from dsv.ops import branch

    found = branch.names(context.workspace.repo, "branches") if own else ()
    _show(context, "branches", (*found, *(branch.tracking(context.workspace.repo) if remotes else ())))


def _did(context: Context, family: "Family", ref: "NamedRef", what: str) -> None:
    if context.out.json:
        _show(context, family, (ref,))
    else:
        context.out.show(named_refs.done(family, ref, what, context.out.style))


def _show(context: Context, family: "Family", refs: "tuple[NamedRef, ...]") -> None:
    out = context.out
    if out.json:
        out.document(named_refs.document(family, refs))
    else:
        out.show(named_refs.lines(family, refs, out.style))
