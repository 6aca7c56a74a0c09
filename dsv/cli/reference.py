"""`python -m dsv.cli.reference DIR` writes the reference pages, which are made from the code.

What is written depends on the commands alone, not on the version of click, so that a test
can tell whether the pages are current.
"""

import inspect
import sys
from collections.abc import Iterator
from pathlib import Path

import click

from dsv import errors
from dsv.cli.app import SECTIONS, root
from dsv.cli.command import Verb
from dsv.cli.failures import BROKEN_PIPE, BUG, INTERRUPTED
from dsv.errors import DsvError
from dsv.render.shape import render

_NOTE = "<!-- Made by `python -m dsv.cli.reference docs/reference`; edit the code instead. -->\n"
_CODES = {
    0: "done, or the answer is yes",
    1: "the answer is no; nothing to commit",
    2: "wrong usage",
    3: "a mistake that you can mend: no such path or revision, uncommitted changes in the way, bad configuration",
    4: "conflict: a ref moved meanwhile, a merge conflict, another process holds the lock",
    5: "storage or network failure; trying again may help",
    6: "corruption found",
    BUG: "a bug in dsv: there is a traceback on stderr",
    INTERRUPTED: "interrupted (Ctrl-C)",
    BROKEN_PIPE: "the reader of the output stopped reading, as `head` does",
}


def pages() -> dict[str, str]:
    """Return the reference pages by file name."""
    return {
        "cli.md": "\n".join(_commands()),
        "json.md": "\n".join(_documents()),
        "exit-codes.md": "\n".join(_exit_codes()),
    }


def command(name: str) -> Verb:
    """Return the command of that name."""
    found = root.get_command(click.Context(root), name)
    assert isinstance(found, Verb)
    return found


def _commands() -> Iterator[str]:
    yield "# Commands\n"
    yield _NOTE
    yield "`dsv [-C DIR] [-q] [-v] COMMAND [OPTIONS] [ARGS]`\n"
    yield from _options(root.params)
    yield ""
    for title, names in SECTIONS.items():
        yield f"## {title}\n"
        for name in names:
            yield from _command(name, command(name))


def _command(name: str, found: Verb) -> Iterator[str]:
    yield f"### dsv {name}\n"
    arguments = [_argument(param) for param in found.params if isinstance(param, click.Argument)]
    yield f"`{' '.join(['dsv', name, '[OPTIONS]', *arguments])}`\n"
    yield inspect.cleandoc(found.help or "") + "\n"
    yield from _options(found.params)
    for title, rows in found.sections.items():
        yield f"\n{title}:\n"
        yield from (f"- `{word}`: {meaning}" for word, meaning in rows.items())
    yield "\n```sh"
    for line, does in found.examples.items():
        yield f"# {does.rstrip(':')}"
        yield line
    yield "```\n"
    yield (
        "Exit status: "
        + "; ".join(f"{code}, {meaning}" for code, meaning in sorted(found.exits.items()))
        + ".\n"
    )


def _argument(param: click.Argument) -> str:
    if param.metavar:
        return param.metavar
    name = (param.name or "").upper()
    return name if param.required else f"[{name}]"


def _options(params: list[click.Parameter]) -> Iterator[str]:
    for param in params:
        if isinstance(param, click.Option) and not param.hidden:
            value = "" if param.is_flag or param.count else f" {param.metavar or (param.name or '').upper()}"
            yield f"- `{', '.join(param.opts)}{value}`: {param.help}"


def _documents() -> Iterator[str]:
    yield "# JSON\n"
    yield _NOTE
    yield (
        "`--json` after a command makes it print one JSON document on stdout and nothing else there. Each has\n"
        '`"v": 1`; fields may be added within that version, and none changes its meaning. Ids are 64 hex digits,\n'
        "paths are relative to the workspace with `/`, times are ISO 8601 with an offset.\n"
    )
    yield "Below, a type stands where the value would be:\n"
    yield (
        "- `text`, `id`, `path`, `time`, `int`, `number`, `flag` (true or false), `any`; words with `|` between\n"
        "  are the possible texts\n"
    )
    yield "## Failures\n"
    yield "Every failure is told on stdout too; [exit codes](exit-codes.md) lists the kinds.\n"
    error = {
        "error": {
            "kind": "text: a stable word",
            "message": "text: what happened",
            "hint": "text?: what helps",
            "exit_code": "int: what the process exits with",
        }
    }
    yield f"```jsonc\n{render({'v': '1', **error})}\n```\n"
    for names in SECTIONS.values():
        for name in names:
            found = command(name)
            if isinstance(found.shape, dict):
                yield f"## dsv {name}\n"
                yield f"```jsonc\n{render({'v': '1', **found.shape})}\n```\n"


def _exit_codes() -> Iterator[str]:
    yield "# Exit codes\n"
    yield _NOTE
    yield "A code that is not listed means failure.\n"
    yield "| code | meaning |\n|---|---|"
    yield from (f"| {code} | {meaning} |" for code, meaning in _CODES.items())
    yield "\n## Kinds of failure\n"
    yield '`kind` in the JSON document `{"v":1,"error":{...}}`; kinds are added, never renamed.\n'
    yield "| kind | exit code | what it means |\n|---|---|---|"
    for kind in _kinds(DsvError):
        yield f"| `{kind.kind}` | {kind.exit_code} | {inspect.cleandoc(kind.__doc__ or '').splitlines()[0]} |"
    yield f"| `interrupted` | {INTERRUPTED} | You pressed Ctrl-C. |"
    yield f"| `bug` | {BUG} | dsv has an error; please report it. |"
    yield ""


def _kinds(base: type[DsvError]) -> Iterator[type[DsvError]]:
    for kind in base.__subclasses__():
        if kind.__module__ == errors.__name__:
            yield kind
            yield from _kinds(kind)


def main(folder: Path) -> None:
    """Write the pages into `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in pages().items():
        (folder / name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
