"""How long work tells that it goes on: the library counts, the terminal draws."""

from collections.abc import Callable
from typing import Protocol

Total = int | None | Callable[[], int | None]
"""How much there is to do, None if nobody knows; or what finds out, asked only once that is to be shown."""


class Progress(Protocol):
    """Counts the steps of one piece of work; may be called from many threads."""

    def begin(self, label: str, total: Total, unit: str) -> None:
        """Start a new count towards `total` in `unit` (`B`, `files`, `rows`)."""

    def advance(self, amount: int) -> None:
        """Count `amount` more."""


class Silent:
    """Tells nobody."""

    def begin(self, label: str, total: Total, unit: str) -> None:
        """Do nothing."""

    def advance(self, amount: int) -> None:
        """Do nothing."""


SILENT: Progress = Silent()
