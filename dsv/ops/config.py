"""Read and change settings."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path

from dsv.config.edit import with_values, write
from dsv.config.keys import KEYS, LOCAL, SHARED, Key, check, find_key
from dsv.config.load import flatten, read_text, read_toml
from dsv.errors import BadConfig, NotFound
from dsv.progress import SILENT, Progress
from dsv.store.blobs import owners
from dsv.store.upkeep.packs_home import check_new, move_packs
from dsv.workspace import Workspace

STORE_KEY = "store"

_FLAGS = {
    "true": True,
    "yes": True,
    "on": True,
    "1": True,
    "false": False,
    "no": False,
    "off": False,
    "0": False,
}

Value = str | bool | int | tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Setting:
    """A setting that has a value.

    Attributes:
        key: Its dotted name.
        value: What it is set to.
        where: The file that says so: `dsv.toml` or `.dsv/config`.
    """

    key: str
    value: Value
    where: str


def settings(workspace: Workspace) -> tuple[Setting, ...]:
    """Return all settings that have a value, in order of their names; the local file wins.

    Raises:
        BadConfig: A file cannot be read.
    """
    found = {}
    for where in (SHARED, LOCAL):
        document = read_toml(read_text(workspace.root / where), where)
        document.pop("dataset", None)
        for name, value in flatten(document).items():
            key = find_key(name)
            if key is not None:
                found[name] = Setting(name, check(key, name, value, where), where)
    return tuple(found[name] for name in sorted(found))


def get(workspace: Workspace, name: str) -> Setting:
    """Return a setting.

    Raises:
        BadConfig: There is no such key.
        NotFound: It has no value.
    """
    known(name)
    for setting in settings(workspace):
        if setting.key == name:
            return setting
    raise NotFound(f"{name} is not set", hint=f"dsv config {name} VALUE")


def put(
    workspace: Workspace,
    name: str,
    values: Sequence[str],
    *,
    shared: bool = False,
    progress: Progress = SILENT,
) -> Setting:
    """Set a key, in `.dsv/config`, or with `shared` in `dsv.toml`, whose comments are kept.

    Where packs are is a setting, too: if it changes they are moved, and no other command may run beside.

    Args:
        workspace: The workspace.
        name: The dotted name of a key.
        values: Its value as text; several for a list.
        shared: Which file to write.
        progress: Counts packs that are moved.

    Raises:
        BadConfig: There is no such key, or it cannot have this value.
        Refused: The folder cannot hold the packs.
        Corrupt: A pack is damaged; nothing was changed.
        StorageError: Something cannot be written.
    """
    key = known(name)
    where = SHARED if shared else LOCAL
    value = check(key, name, _read(key, values), where)
    path = workspace.root / where
    text = read_text(path)
    read_toml(text, where)
    plain = list(value) if isinstance(value, tuple) else value

    def change() -> None:
        write(workspace.root, where, with_values(text, {name: plain}))

    if name == STORE_KEY:
        _move_packs(workspace, workspace.root / str(value), change, progress)
    else:
        change()
    return Setting(name, value, where)


def unset(workspace: Workspace, name: str, *, shared: bool = False, progress: Progress = SILENT) -> Setting:
    """Remove a key from a file and return what it was.

    Raises:
        BadConfig: There is no such key.
        Corrupt, StorageError: As for `put`.
        NotFound: It is not set there.
    """
    key = known(name)
    where = SHARED if shared else LOCAL
    path = workspace.root / where
    text = read_text(path)
    values = flatten(read_toml(text, where))
    own = owners.owner(workspace.dot)
    if name == STORE_KEY and name not in values and own is not None and where == LOCAL:
        _move_packs(workspace, workspace.dot, lambda: None, progress)  # somebody removed the setting by hand
        return Setting(name, own.packs, where)
    if name not in values:
        raise NotFound(f"{name} is not set in {where}")

    def change() -> None:
        write(workspace.root, where, with_values(text, {name: None}))

    if name == STORE_KEY:
        _move_packs(workspace, workspace.dot, change, progress)
    else:
        change()
    return Setting(name, check(key, name, values[name], where), where)


def _move_packs(workspace: Workspace, place: Path, change: Callable[[], None], progress: Progress) -> None:
    """Make `place` the folder of the packs, with all that are there already, and then change the setting."""
    check_new(workspace.root, workspace.dot, place)
    if not (workspace.dot / "refs").exists():
        change()
        return
    known = owners.owner(workspace.dot)
    before = Path(known.packs) if known else workspace.pack_folder
    if known is None and owners.has_more(workspace.dot, before):
        before = workspace.dot  # somebody edited the setting by hand
    if before.resolve() == place.resolve():
        change()
        return
    move_packs(workspace.dot, before, place, change, progress)


def known(name: str) -> Key:
    """Return the key called `name`.

    Raises:
        BadConfig: There is none; the hint has one that looks like it.
    """
    key = find_key(name)
    if key is None:
        if name.partition(".")[0] == "dataset":
            raise BadConfig("rules for datasets are edited by hand", hint=f"[[dataset]] tables in {SHARED}")
        near = get_close_matches(name, [key.pattern for key in KEYS], n=1)
        raise BadConfig(
            f"unknown setting {name}", hint=f"did you mean {near[0]}?" if near else "dsv config --help"
        )
    return key


def _read(key: Key, values: Sequence[str]) -> object:
    if key.kind == "list":
        return list(values)
    if len(values) != 1:
        raise BadConfig(f"{key.pattern} takes one value, not {len(values)}")
    [text] = values
    if key.kind == "number" and text.isascii() and text.isdigit():
        return int(text)
    return _FLAGS.get(text.lower(), text) if key.kind == "flag" else text
