"""How long work tells that it goes on: the library counts, the terminal draws."""

from typing import Protocol


class Progress(Protocol):
    """Told of the steps of one piece of work; may be called from many threads."""

    def begin(self, label: str, total: int | None, unit: str) -> None:
        """Start a new count towards `total` (None: not known) in `unit` (`B`, `files`, `rows`)."""

    def advance(self, amount: int) -> None:
        """Count `amount` more."""


class Silent:
    """Tells nobody."""

    def begin(self, label: str, total: int | None, unit: str) -> None:
        """Do nothing."""

    def advance(self, amount: int) -> None:
        """Do nothing."""


SILENT: Progress = Silent()
