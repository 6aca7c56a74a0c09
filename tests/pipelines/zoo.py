"""The steps of `zoo.toml`, which says what each is."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any


@dataclass(frozen=True, slots=True)
class Animal:
    """A step, and what verify must say of it and must not; see the head of `zoo.toml`."""

    name: str
    text: str = ""
    run: str = "python make.py"
    files: Mapping[str, str] = field(default_factory=dict)
    env: Mapping[str, str] = field(default_factory=dict)
    before: str = ""
    after: str = ""
    stdin: str = ""
    status: str = ""
    twice: str = ""
    reason: tuple[str, ...] = ()
    never: tuple[str, ...] = ()
    refused: str = ""


def _animal(table: dict[str, Any]) -> Animal:
    members: dict[str, Any] = {
        key: tuple(one) if isinstance(one, list) else one for key, one in table.items()
    }
    return Animal(**members)


ALL = tuple(map(_animal, tomllib.loads(Path(__file__).with_name("zoo.toml").read_text())["animal"]))
