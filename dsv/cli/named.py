"""What `dsv branch` and `dsv tag` share: listing, making and deleting names of commits."""

from typing import TYPE_CHECKING

from dsv.cli.context import Context
from dsv.errors import UsageFault
from dsv.render.style import printable

if TYPE_CHECKING:
    from dsv.ops.branch import Family, NamedRef

WORDS = {"branches": "branch", "tags": "tag"}


def shape(family: "Family") -> dict[str, object]:
    """Return what the JSON document of the command holds."""
    word = WORDS[family]
    one: dict[str, object] = {
        "name": f"text: of the {word}",
        "commit": "id?: that it names; null for a branch without commits",
    }
    if family == "branches":
        one["current"] = "flag: whether HEAD is on it"
    return {family: [one]}


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
        return
    style = context.out.style
    at = f" at {style.commit(ref.commit)}" if ref.commit else ""
    context.out.report(f"{what} {WORDS[family]} {style.name(ref.name)}{at}")


def _show(context: Context, family: "Family", refs: "tuple[NamedRef, ...]") -> None:
    out = context.out
    if out.json:
        out.document({family: [_record(family, ref) for ref in refs]})
        return
    wide = max((len(printable(ref.name)) for ref in refs), default=0)
    for ref in refs:
        mark = "* " if ref.current else "  "
        gap = " " * (wide - len(printable(ref.name)))
        commit = out.style.commit(ref.commit) if ref.commit else "no commits yet"
        name = out.style.added(printable(ref.name)) if ref.current else printable(ref.name)
        out.line(f"{mark if family == 'branches' else ''}{name}{gap}  {commit}")


def _record(family: "Family", ref: "NamedRef") -> dict[str, object]:
    record: dict[str, object] = {"name": ref.name, "commit": ref.commit}
    if family == "branches":
        record["current"] = ref.current
    return record
