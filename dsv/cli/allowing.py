"""`dsv config secrets`: files that look as if they held a secret, and hold none."""

from dsv.cli.context import Context
from dsv.errors import UsageFault
from dsv.render import config as render

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
        out.document(render.document_of_allowed(found))
    elif action == "list":
        out.show(render.lines_of_allowed(found))
    else:
        out.show(render.allowed(len(paths), recorded=action == "allow"))
