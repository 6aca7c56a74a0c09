"""How a progress bar looks. Loads rich."""

import sys

from rich.console import Console
from rich.filesize import decimal
from rich.progress import (
    BarColumn,
    DownloadColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    Task,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
    TransferSpeedColumn,
)
from rich.text import Text


class _Rate(ProgressColumn):
    """How many a second."""

    def render(self, task: Task) -> Text:
        speed = task.finished_speed or task.speed
        return Text("" if speed is None else f"{speed:,.0f}/s")


class _Size(DownloadColumn):
    """How many bytes of how many; nothing while there are none, and just how many where nobody knows."""

    def render(self, task: Task) -> Text:
        if task.total is None:
            return Text(decimal(int(task.completed)) if task.completed else "")
        return super().render(task)


class _Speed(TransferSpeedColumn):
    """How many bytes a second, once that is known."""

    def render(self, task: Task) -> Text:
        return super().render(task) if task.finished_speed or task.speed else Text("")


def drawn(unit: str, *, counted: bool) -> Progress:
    """Return a bar: how much of how much, the rate, and the time that is left or, if nobody can say, that has passed."""
    amount: tuple[ProgressColumn, ...] = ()
    if unit == "B":
        amount = (_Size(), _Speed())
    elif unit or counted:
        amount = (MofNCompleteColumn(), TextColumn("{task.fields[unit]}"), _Rate())
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(bar_width=24),
        *amount,
        TimeRemainingColumn(compact=True) if counted else TimeElapsedColumn(),
        console=Console(file=sys.stderr),
        transient=True,
        redirect_stdout=False,
        redirect_stderr=False,
        refresh_per_second=8,
    )
