"""What all commands share: their help, `--json`, and how their result is documented."""

from collections.abc import Callable, Mapping
from typing import Any

import click

from dsv.cli.context import Context
from dsv.render.shape import Shape

OTHER_CODES = "2 wrong usage, 3 a mistake that you can mend, 4 conflict, 5 storage or network, 6 corruption"


class Verb(click.Command):
    """A command of dsv.

    Attributes:
        examples: Commands a user could type, each with what it does.
        exits: What the exit codes below 2 mean here.
        shape: What its JSON document holds; None if it has no `--json`.
        sections: More sections of its help: by title rows of a word and what it means.
        waits: What it does while nobody counts, for a progress bar; None if another command writes to the terminal.
    """

    def __init__(
        self,
        *args: Any,
        examples: Mapping[str, str],
        exits: Mapping[int, str],
        shape: Shape | None,
        sections: Mapping[str, Mapping[str, str]],
        waits: str | None,
        **attributes: Any,
    ) -> None:
        super().__init__(*args, **attributes)
        self.examples = examples
        self.exits = {0: "done", **exits}
        self.shape = shape
        self.sections = sections
        self.waits = waits
        if shape is not None:
            self.params.append(_json_option())

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Parse `args`, and note how many stood after `--`, which click does not tell."""
        if "--" in args:
            ctx.ensure_object(Context).after_dashes = len(args) - args.index("--") - 1
        return super().parse_args(ctx, args)

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command, under a progress bar if it takes long."""
        if self.waits is not None:
            ctx.ensure_object(Context).out.progress.watch(self.waits)
        return super().invoke(ctx)

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002 (click's signature)
        """Write the sections that follow the options."""
        for title, rows in self.sections.items():
            with formatter.section(title):
                formatter.write_dl(list(rows.items()))
        with formatter.section("Examples"):
            for number, (line, does) in enumerate(self.examples.items()):
                if number:
                    formatter.write_paragraph()
                formatter.write_text(does)
                formatter.write(f"{'':{formatter.current_indent}}  $ {line}\n")
        with formatter.section("Exit status"):
            formatter.write_dl([(str(code), meaning) for code, meaning in sorted(self.exits.items())])
            formatter.write_paragraph()
            formatter.write_text(OTHER_CODES)


def verb(
    *,
    examples: Mapping[str, str],
    shape: Shape | None,
    exits: Mapping[int, str] | None = None,
    sections: Mapping[str, Mapping[str, str]] | None = None,
    waits: str | None = "working",
    **settings: Any,
) -> Callable[[Callable[..., int | None]], Verb]:
    """Make a function that takes the `Context` and its parameters a command.

    Args:
        examples: By command line what it does; both are shown in its help.
        shape: What its JSON document holds; None for no `--json`.
        exits: What exit codes 0 and 1 mean here.
        sections: More sections of its help: by title rows of a word and what it means.
        waits: What it does while nobody counts, for a progress bar; None if another command writes to the terminal.
        settings: More for `click.Command`.
    """

    def make(function: Callable[..., int | None]) -> Verb:
        made = click.command(
            cls=Verb,
            examples=examples,
            exits=exits or {},
            shape=shape,
            sections=sections or {},
            waits=waits,
            **settings,
        )(click.pass_obj(function))
        assert isinstance(made, Verb)
        return made

    return make


def _json_option() -> click.Option:
    def remember(ctx: click.Context, _: click.Parameter, value: bool) -> None:
        if value:
            ctx.ensure_object(Context).out.json = True

    return click.Option(
        ["--json"],
        is_flag=True,
        is_eager=True,
        expose_value=False,
        callback=remember,
        help="Print one JSON document on stdout.",
    )
