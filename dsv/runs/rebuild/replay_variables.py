"""The environment variables of a replay: those of the record, and nothing else of the user's."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from dsv.model.run import Run

PARAMETER = "DSV_PARAM_"

_PYTHON_PATH = "PYTHONPATH"
_RECORDED = frozenset({"TZ", "LANG", "LANGUAGE"})
_LOCALE = "LC_"


@dataclass(frozen=True, slots=True)
class Variables:
    """What a command gets.

    Attributes:
        ambient: The user's environment, of which little is passed.
        declared: What it gets whatever is passed.
        search: Folders of the workspace on its PYTHONPATH, relative to it.
    """

    ambient: Mapping[str, str]
    declared: Mapping[str, str]
    search: tuple[str, ...]


def variables(run: Run, ambient: Mapping[str, str], pass_env: Sequence[str], home: str = "") -> Variables:
    """Return the variables of a replay of `run`.

    Those are its parameters, those that it declared, those that are recorded of every run, and those that the settings
    pass on. A declared one whose value is secret was not recorded: it has the value that it has now. Time zone
    and locale are the recorded ones; a record of version 1 has none, and then they are the user's.

    Args:
        run: The run.
        ambient: The user's environment variables.
        pass_env: The names that the settings pass on.
        home: What `~` stands for in recorded values.
    """
    passed = {name: ambient[name] for name in pass_env if name in ambient}
    own = {
        name: value if value is not None else ambient[name]
        for name, value in run.variables.items()
        if value is not None or name in ambient
    }
    around = {name: at_home(value, home) for name, value in run.surroundings.items() if name != _PYTHON_PATH}
    parameters = {f"{PARAMETER}{key}": value for key, value in run.params.items()}
    if run.version > 1:
        ambient = {name: value for name, value in ambient.items() if not _is_recorded(name)}
    folders = run.surroundings.get(_PYTHON_PATH, "")
    search = tuple(folders.split(":")) if folders else ()
    return Variables(ambient, {**around, **passed, **own, **parameters}, search)


def unset(run: Run, ambient: Mapping[str, str]) -> tuple[str, ...]:
    """Return the secret variables that a run had and that are not set now."""
    return tuple(name for name, value in run.variables.items() if value is None and name not in ambient)


def _is_recorded(name: str) -> bool:
    return name in _RECORDED or name.startswith(_LOCALE)


def at_home(value: str, home: str) -> str:
    """Return `value` with the home folder that `~` at its start stands for."""
    return home + value[1:] if home and (value == "~" or value.startswith(f"~{os.sep}")) else value
