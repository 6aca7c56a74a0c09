"""Editing settings files: values change, and all else stays as the user wrote it."""

from collections.abc import Mapping, MutableMapping
from dataclasses import fields
from pathlib import Path
from typing import Any

from dsv.atomic import replace_file
from dsv.config.keys import LOCAL, SHARED
from dsv.config.load import Remote, parse, read_text
from dsv.errors import BadConfig

HEADING = """\
# Settings of this dsv workspace; they belong in git. `dsv config --help` lists the keys.
"""
"""How a new `dsv.toml` starts."""


def with_values(text: str, values: Mapping[str, object]) -> str:
    """Return the TOML `text` with values set by dotted name, or removed where None.

    Raises:
        BadConfig: It cannot be edited.
    """
    import tomlkit
    from tomlkit.exceptions import TOMLKitError

    try:
        document = tomlkit.parse(text)
    except (TOMLKitError, ValueError, RecursionError) as error:
        raise BadConfig(f"the settings cannot be edited: {error}") from error
    for name, value in values.items():
        _put(document, name.split("."), value)
    return tomlkit.dumps(document)


def _put(document: MutableMapping[str, Any], parts: list[str], value: object) -> None:
    import tomlkit

    table = document
    trail = []
    for number, part in enumerate(parts[:-1]):
        if part not in table:
            if value is None:
                return
            outer = number < len(parts) - 2
            table[part] = tomlkit.table(is_super_table=outer)
        trail.append((table, part))
        table = table[part]
    if value is not None:
        table[parts[-1]] = value
        return
    table.pop(parts[-1], None)
    for outer_table, part in reversed(trail):
        if not outer_table[part]:
            del outer_table[part]


def write(root: Path, where: str, text: str) -> None:
    """Replace a settings file of the workspace `root`.

    Raises:
        BadConfig: The settings could not be read any more; nothing was changed.
        StorageError: It cannot be written.
    """
    other = read_text(root / (LOCAL if where == SHARED else SHARED))
    mine = {"shared": text, "local": other} if where == SHARED else {"shared": other, "local": text}
    parse(**mine)
    replace_file(root / where, text.encode())


def remote_values(remote: Remote) -> dict[str, object]:
    """Return the settings of a remote by dotted name; those that are as by default are None."""
    plain = Remote("", "")
    found: dict[str, object] = {}
    for field in fields(remote):
        value = getattr(remote, field.name)
        if field.name != "name":
            kept = None if value == getattr(plain, field.name) else value
            found[f"remote.{remote.name}.{field.name}"] = kept
    return found
