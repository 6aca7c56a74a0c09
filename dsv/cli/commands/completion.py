"""`dsv completion`."""

import click

from dsv.cli.command import verb
from dsv.cli.context import Context

_SHELLS = ("bash", "zsh", "fish")


@verb(
    examples={
        'eval "$(dsv completion bash)"': "Complete in this shell; put the line in ~/.bashrc to keep it:",
        "dsv completion fish > ~/.config/fish/completions/dsv.fish": "The same for fish:",
    },
    shape=None,
)
@click.argument("shell", type=click.Choice(_SHELLS))
def command(context: Context, shell: str) -> None:
    """Print a script that makes a shell complete dsv's commands.

    Commands, options, branches, tags and datasets are completed with the Tab key.
    """
    from click.shell_completion import BashComplete, FishComplete, ShellComplete, ZshComplete

    from dsv.cli.app import COMPLETE, root

    kinds: dict[str, type[ShellComplete]] = {"bash": BashComplete, "zsh": ZshComplete, "fish": FishComplete}
    kind = kinds[shell]
    # The script itself: click's `source()` would first run bash to ask for its version.
    script = kind.source_template % kind(root, {}, "dsv", COMPLETE).source_vars()
    context.out.line(script.rstrip("\n"))
