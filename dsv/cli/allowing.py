"""`dsv config secrets`: files that look as if they held a secret, and hold none."""

from dsv.cli.context import Context
from dsv.errors import UsageFault
from dsv.render.style import counted, printable

ACTIONS = ("allow", "list", "remove")


def secrets(context: Context, values: tuple[str, ...]) -> None:
    """Allow files to be recorded, list those that are, or take that back.

    Raises:
        UsageFault: It is none of these, or names no path.
        NotFound: A path is not there, or was not allowed.
    """
    from dsv.ops import secrets as ops

    action, paths = (values[0] if values else "list"), tuple(map(context.path, values[1:]))
    if action not in ACTIONS or (action == "list") == bool(paths):
        raise UsageFault(
            "secrets takes an action, and paths", hint="dsv config secrets allow PATH, list, or remove PATH"
        )
    workspace, out = context.workspace, context.out
    if action == "list":
        found = ops.allowed(workspace)
    elif action == "allow":
        found = ops.allow(workspace, paths)
    else:
        found = ops.forget(workspace, paths)
    if out.json:
        out.document({"settings": [], "allowed": list(found)})
    elif action == "list":
        out.lines([printable(path) for path in found])
    else:
        done = "will be recorded" if action == "allow" else "will be withheld if they seem to hold secrets"
        out.say(f"{counted(len(paths), 'path')} {done}: this is said in .dsv/config, for this workspace only")
