"""`dsv config`."""

from typing import TYPE_CHECKING

import click

from dsv.cli.allowing import secrets
from dsv.cli.command import verb
from dsv.cli.context import Context
from dsv.config.keys import KEYS
from dsv.errors import StorageError, UsageFault
from dsv.render import config as render

if TYPE_CHECKING:
    from dsv.ops.config import Setting

TRUST = "trust"
SECRETS = "secrets"


def _keys(ctx: click.Context, _: click.Parameter, incomplete: str) -> list[str]:  # noqa: ARG001 (click's signature)
    return [key.pattern for key in KEYS if key.pattern.startswith(incomplete)]


@verb(
    examples={
        "dsv config": "Show all settings:",
        'dsv config user "Ada Lovelace <ada@example.org>"': "Say who you are, in this workspace:",
        "dsv config --shared remote.origin.url s3://bucket/trips": "Set something for the whole team:",
        "dsv config --unset user": "Remove a setting:",
        "dsv config secrets allow notes.yaml": "Record a file that looks as if it held a secret, and holds none:",
        "dsv config trust endpoint https://s3.lab.example": "Agree to a server that dsv.toml names:",
        "dsv config trust variable HF_TOKEN": "Agree that dsv.toml has a variable passed on to rebuilds:",
        "dsv config trust": "Agree to all recorded commands behind HEAD, for `dsv verify` and `dsv rebuild`:",
    },
    shape=render.SHAPE,
    sections={"Keys": {key.pattern: key.about for key in KEYS}},
)
@click.argument("key", required=False, shell_complete=_keys)
@click.argument("values", metavar="[VALUE]...", nargs=-1)
@click.option("--shared", is_flag=True, help="Write dsv.toml, which the team shares, instead of .dsv/config.")
@click.option("--unset", "remove", is_flag=True, help="Remove KEY.")
@click.option("--list", "everything", is_flag=True, help="Show all settings, as without KEY.")
def command(
    context: Context,
    key: str | None,
    values: tuple[str, ...],
    *,
    shared: bool,
    remove: bool,
    everything: bool,
) -> None:
    """Show or change settings.

    Without KEY all settings are shown, with KEY that one, with VALUE it is set (several values
    make a list). `.dsv/config` is for this workspace and overrides `dsv.toml`, which belongs in git.
    Rules for datasets (`[[dataset]]`) are edited in the file. `dsv config trust [REV]` is no setting: it
    notes, for you and outside of the workspace, that the commands recorded there may be run, with the code that the
    workspace has now. `dsv config trust endpoint URL` lets a server that dsv.toml names get requests that are signed
    with your credentials, `dsv config trust variable NAME` lets it pass a variable of yours on to replays.
    `dsv config secrets allow PATH` has a run record a file that looks as if it held a secret; `list` shows those,
    `remove PATH` takes it back.
    """
    from dsv.ops import config

    if key == SECRETS:
        if shared or remove or everything:
            raise UsageFault("secrets takes no options", hint="dsv config secrets allow PATH")
        secrets(context, values)
        return
    if key == TRUST:
        if shared or remove or everything:
            raise UsageFault("trust takes no options", hint="dsv config trust [REV]")
        _trust(context, values)
        return
    progress = context.progress("moving packs", "files")
    if key is None or everything:
        if key is not None or remove or shared:
            raise UsageFault(
                "--list goes without KEY" if everything else "KEY is missing", hint="dsv config --help"
            )
        found = config.settings(context.workspace)
        _show(context, found, alone=False)
    elif remove:
        if values:
            raise UsageFault("--unset takes no value", hint=f"dsv config --unset {key}")
        _show(context, (config.unset(context.workspace, key, shared=shared, progress=progress),), alone=None)
    elif values:
        put = config.put(context.workspace, key, values, shared=shared, progress=progress)
        _agree(context, key, values)
        _show(context, (put,), alone=None)
    else:
        _show(context, (config.get(context.workspace, key),), alone=True)


def _agree(context: Context, key: str, values: tuple[str, ...]) -> None:
    """Note that the user has named servers and variables: anyone who types a setting agrees to it."""
    from dsv.cli.trusting import trust_endpoint, trusted_file
    from dsv.runs.rebuild.setting_trust import agree_to_variables

    if key.endswith(".endpoint_url"):
        trust_endpoint(context, values[0])
    elif key == "rebuild.pass_env":
        try:
            agree_to_variables(trusted_file(), context.workspace.root, values)
        except StorageError as error:
            context.out.warn(error.message)


def _trust(context: Context, words: tuple[str, ...]) -> None:
    """Note what the user trusts: a revision, or what follows the words `endpoint` and `variable`."""
    from dsv.cli.trusting import trusted_file
    from dsv.runs.rebuild import setting_trust

    if len(words) <= 1:
        _trust_runs(context, *words)
        return
    what, *values = words
    if what == "endpoint":
        for url in values:
            setting_trust.agree_to_endpoint(trusted_file(), url)
    elif what == "variable":
        setting_trust.agree_to_variables(trusted_file(), context.workspace.root, values)
    else:
        raise UsageFault(
            f"nothing called {what} can be trusted",
            hint="dsv config trust [REV], trust endpoint URL, trust variable NAME",
        )
    if context.out.json:
        context.out.document(render.document_of_trust())
    context.out.show(render.trusted(what, values))


def _trust_runs(context: Context, revision: str = "HEAD") -> None:
    from dsv.cli.trusting import trusted_file
    from dsv.ops.trust import trust_all

    found = trust_all(context.workspace, trusted_file(), revision)
    out = context.out
    if out.json:
        out.document(render.document_of_trust(found))
    else:
        out.show(render.lines_of_trust(found, out.style))


def _show(context: Context, found: "tuple[Setting, ...]", *, alone: bool | None) -> None:
    """Show settings; `alone`: the bare value of the one; None: nothing, for it was a change."""
    out = context.out
    if out.json:
        out.document(render.document(found))
    elif alone:
        out.show(render.value(found[0]))
    elif alone is False:
        out.show(render.lines(found))
