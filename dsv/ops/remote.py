"""Name the places that a workspace shares its data through."""

from dataclasses import replace

from dsv.config.edit import remote_values, with_values, write
from dsv.config.keys import SHARED
from dsv.config.load import REMOTE_NAME, Remote, parse, read_text
from dsv.errors import BadConfig, NotFound, Refused
from dsv.store.refs import Refs
from dsv.store.writer import Writer
from dsv.wording import did_you_mean
from dsv.workspace import Workspace


def remotes(workspace: Workspace) -> tuple[Remote, ...]:
    """Return the remotes of a workspace, in order of their names."""
    return tuple(workspace.config.remotes[name] for name in sorted(workspace.config.remotes))


def check_remote_name(name: str) -> str:
    """Return `name` if a remote may be called so: letters, digits, `-` and `_`.

    Raises:
        Refused: It may not.
    """
    if not REMOTE_NAME.fullmatch(name):
        raise Refused(f"{name!r} cannot be the name of a remote", hint="use letters, digits, - and _")
    return name


def add_remote(workspace: Workspace, remote: Remote) -> Remote:
    """Write a remote into `dsv.toml`; nothing is asked of it.

    Raises:
        Refused: There is one of that name, or none can be called so.
        BadConfig: Its URL is of no kind that dsv knows, or holds credentials.
    """
    check_remote_name(remote.name)
    if remote.name in workspace.config.remotes:
        raise Refused(f"there is a remote {remote.name} already", hint=f"dsv remote remove {remote.name}")
    values = remote_values(remote)
    if remote.default:
        values |= {f"remote.{name}.default": None for name in workspace.config.remotes}
    text = with_values(read_text(workspace.root / SHARED), values)
    write(workspace.root, SHARED, text)
    return remote


def remove_remote(workspace: Workspace, name: str) -> Remote:
    """Take a remote out of `dsv.toml`, with what was last seen of its branches; its data stays there.

    Raises:
        NotFound: There is none.
        BadConfig: It is not `dsv.toml` that has it.
    """
    found = workspace.config.remotes.get(name)
    if found is None:
        raise NotFound(
            f"no remote {name}", hint=did_you_mean(name, workspace.config.remotes, "dsv remote list")
        )
    text = read_text(workspace.root / SHARED)
    if name not in parse(shared=text).remotes:
        raise BadConfig(f"remote {name} is in .dsv/config", hint=f"dsv config --unset remote.{name}.url")
    write(workspace.root, SHARED, with_values(text, dict.fromkeys(remote_values(found))))

    def change(refs: Refs, _: Writer) -> Refs:
        local = refs.mine
        kept = {ref: oid for ref, oid in local.remotes.items() if not ref.startswith(f"{name}/")}
        return replace(refs, local=replace(local, remotes=kept))

    if (workspace.dot / "refs").exists():
        workspace.repo.publish(change)
    return found
