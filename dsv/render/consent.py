"""Commands of others that somebody is asked about."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from dsv.render.style import counted, printable
from dsv.wording import listed

if TYPE_CHECKING:
    from dsv.runs.rebuild.consent import NewCommand


def question(commands: "Sequence[NewCommand]") -> Iterator[str]:
    """Yield the lines that are asked about; the one who recorded a command can forge no line of it."""
    yield "commands that you have not run or agreed to before:"
    for one in commands:
        yield f"  {printable(one.text)}"
        if one.folder:
            yield f"    in {printable(one.folder)}"
        if one.code:
            yield f"    with {printable(', '.join(one.code))}"
        if one.changed:
            changed = ", ".join(file.path for file in one.changed)
            yield f"    would load {printable(changed)}, new or changed since you agreed"
        if one.variables:
            pairs = [f"{name}={value}" for name, value in one.variables.items()]
            yield f"    is given {printable(', '.join(pairs))}"
        if one.secrets:
            yield f"    is given your {printable(', '.join(one.secrets))}"
        if one.environment is not None:
            yield "    installs its recorded packages"


def refusal(commands: "Sequence[NewCommand]") -> str:
    """Return why nothing is run where nobody can be asked."""
    changed = sorted({one.path for command in commands for one in command.changed})
    what = f" with {printable(listed(changed))} as it is now" if changed else ""
    return f"{counted(len(commands), 'recorded command')} would be run{what}, and nobody agreed to that"
