"""How well a replayed command is kept from what it did not record."""

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path


class Isolation(StrEnum):
    """The walls around a command, the strongest first."""

    NAMESPACES = "namespaces"
    """A room of its own: the clean folder at the workspace's path, the system, and nothing else; and Landlock."""

    LANDLOCK = "landlock"
    """It stays in this machine's file system, and can read only what is named there."""

    FOLDER = "folder"
    """It starts in the clean folder; nothing keeps it from reading elsewhere."""

    @property
    def weaker(self) -> "tuple[Isolation, ...]":
        """This one and those that promise less."""
        order = tuple(Isolation)
        return order[order.index(self) :]


@dataclass(frozen=True, slots=True)
class Openings:
    """What a command may use beyond the rule.

    Attributes:
        allow: Files and folders that it may read besides.
        network: Whether it may use the network.
    """

    allow: tuple[Path, ...] = ()
    network: bool = False
