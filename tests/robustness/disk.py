"""What a disk holds of a folder when the power fails: what was synced for sure, and of the rest any part.

Names and bytes are apart, as on a disk. A file's bytes are sure when it was synced, a folder's names when that
was; `syncfs` makes all sure. Of what is not sure, any subset may be there after a cut: names as they were at any
moment since, each on its own, bytes by sectors of old, new or zeros. Only a rename is one thing: no disk forgets
both its names. What other programs (SQLite, and what `dsv run` starts) do is noticed, and never sure.
"""

# It speaks of paths by the calls that the command makes, too.
# ruff: noqa: PTH208, PTH112, PTH113, PTH114

import contextlib
import json
import os
import stat
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any

SECTOR = 512
MODES = ("any", "tree", "nothing", "names", "bytes")
"""What outlives the cut of what is not sure: anything, all but bytes outside the store, nothing, all names, all bytes."""

_OWN = frozenset({".dsv", "dsv.toml", "dsv.lock", ".gitignore", "remote"})
"""What dsv itself wrote, and synced."""

Real = Mapping[str, Callable[..., Any]]
_Key = tuple[int, int]


@dataclass
class _Node:
    """A file, link or folder of the disk.

    Attributes:
        kind: `file`, `link` or `folder`.
        sure: The bytes that are on the disk; the text of a link.
        mode: Permissions.
        now: What the system says of it, last.
        held: The bytes that it had when its last name went.
        names: Of a folder: by name, what it stood for since the last sync, newest last.
    """

    kind: str
    sure: bytes
    mode: int
    now: os.stat_result
    held: bytes | None = None
    names: "dict[str, list[_State]]" = field(default_factory=dict)


@dataclass(frozen=True)
class _State:
    """What a name stood for: since which call, and which node; None: nothing."""

    call: int
    node: int | None


class Disk:
    """Follows the calls below a folder, and cuts the power.

    Args:
        root: The folder.
        before: A folder that has of the user's files what is sure of them; the store in it is not looked at.
            Empty: all is sure.
    """

    def __init__(self, root: str, before: str, real: Real) -> None:
        self._root = os.path.realpath(root)
        self._real = real
        self._nodes: dict[int, _Node] = {}
        self._keys: dict[_Key, int] = {}
        self._calls = 0
        self._notice(self._root, self._meet(self._root))
        self._all_sure()
        if before:
            self._unsure(self._root, before)

    # Following

    def before(self, *places: tuple[Any, int | None]) -> list[tuple[str, int | None, bool]]:
        """Note names that a call is about to change; hand what this returns to `after`."""
        found = []
        for path, folder in places:
            text = os.fsdecode(path)
            with contextlib.suppress(OSError):
                self._hold(os.lstat(text, dir_fd=folder), text, folder)
            found.append((text, folder, not _exists(text, folder)))
        return found

    def after(self, places: list[tuple[str, int | None, bool]], *, new: bool) -> None:
        """Note names that a call has changed; `new` if it made what is there, if nothing was."""
        self._calls += 1
        for path, folder, free in places:
            self._see(path, folder, new=new and free)

    def synced(self, fd: int) -> None:
        """Note that an open file or folder is on the disk."""
        found = os.fstat(fd)
        node = self._keys.get(_key(found))
        if node is None:
            return
        if stat.S_ISDIR(found.st_mode):
            self._list(f"/proc/self/fd/{fd}", node)
            self._sure_names(self._nodes[node])
        elif stat.S_ISREG(found.st_mode):
            self._nodes[node].sure = self._bytes(f"/proc/self/fd/{fd}")

    def synced_all(self) -> None:
        """Note that the whole disk is synced."""
        self._notice(self._root, self._keys[_key(os.lstat(self._root))])
        self._all_sure()

    def _see(self, path: str, folder: int | None, *, new: bool = False) -> None:
        above, _, name = path.rpartition("/")
        try:
            key = _key(os.stat(above or ("/" if path.startswith("/") else "."), dir_fd=folder))
        except OSError:
            return
        parent = self._keys.get(key)
        if parent is not None:
            self._put(parent, name, self._meet(path, folder, new=new) if _exists(path, folder) else None)

    def _put(self, parent: int, name: str, node: int | None) -> None:
        states = self._nodes[parent].names.setdefault(name, [_State(0, None)])
        if states[-1].node != node:
            states.append(_State(self._calls, node))

    def _meet(self, path: str, folder: int | None = None, *, new: bool = False) -> int:
        """Return the node of what is at a path; one that was not seen before has no sure bytes."""
        found = os.lstat(path, dir_fd=folder)
        node = self._keys.get(_key(found))
        kind = _kind(found.st_mode)
        if node is None or new or self._nodes[node].kind != kind:
            node = self._keys[_key(found)] = len(self._nodes)
            text = os.fsencode(os.readlink(path, dir_fd=folder)) if kind == "link" else b""
            self._nodes[node] = _Node(kind, text, stat.S_IMODE(found.st_mode), found)
        return node

    def _hold(self, found: os.stat_result, path: str, folder: int | None) -> None:
        """Keep what is about to lose a name: its number may be used again."""
        node = self._keys.get(_key(found))
        if node is None or not stat.S_ISREG(found.st_mode):
            return
        fd = self._real["open"](path, os.O_RDONLY, dir_fd=folder)
        try:
            self._nodes[node].held = self._bytes(f"/proc/self/fd/{fd}")
            self._nodes[node].now = found
        finally:
            self._real["close"](fd)

    def _bytes(self, path: str) -> bytes:
        with self._real["file"](path, "rb") as file:
            found: bytes = file.read()
        return found

    def _notice(self, path: str, node: int) -> None:
        """Note what is in a folder and below it, whoever made it."""
        for name in self._list(path, node):
            inner = self._nodes[node].names[name][-1].node
            if inner is not None and self._nodes[inner].kind == "folder":
                with contextlib.suppress(OSError):
                    self._notice(f"{path}/{name}", inner)

    def _list(self, path: str, node: int) -> list[str]:
        found = []
        for name in sorted({*os.listdir(path), *self._nodes[node].names}):
            here = None
            with contextlib.suppress(OSError):  # another program may take it away now
                here = self._meet(f"{path}/{name}")
                found.append(name)
            self._put(node, name, here)
        return found

    def _sure_names(self, folder: _Node) -> None:
        folder.names = {
            name: [states[-1]] for name, states in folder.names.items() if states[-1].node is not None
        }

    def _all_sure(self) -> None:
        for node in self._nodes.values():
            self._sure_names(node)
        for path, number in self._reached():
            node = self._nodes[number]
            if node.kind == "file":
                node.sure = self._bytes(path)

    def _reached(self) -> Iterator[tuple[str, int]]:
        """Yield all that has a name now, with the path; the newest names count."""
        waiting = [(self._root, self._keys[_key(os.lstat(self._root))])]
        while waiting:
            path, number = waiting.pop()
            yield path, number
            for name, states in self._nodes[number].names.items():
                if states[-1].node is not None:
                    waiting.append((f"{path}/{name}", states[-1].node))

    def _unsure(self, path: str, before: str) -> None:
        """Make what differs from the same path in `before` unsure; what that has is on the disk."""
        folder = self._nodes[self._keys[_key(os.lstat(path))]]
        old = set(os.listdir(before)) if os.path.isdir(before) else set()
        for name in sorted({*folder.names, *old} - _OWN):
            here, there = f"{path}/{name}", f"{before}/{name}"
            states = folder.names.get(name, [_State(0, None)])
            if states[0].node is not None and self._nodes[states[0].node].kind == "folder":
                self._unsure(here, there)
            elif os.path.isfile(there) and not os.path.islink(there):
                content = self._bytes(there)
                if states[0].node is not None:
                    self._nodes[states[0].node].sure = content
                    continue
                found = os.lstat(there)
                gone = len(self._nodes)
                self._nodes[gone] = _Node("file", content, stat.S_IMODE(found.st_mode), found, content)
                folder.names[name] = [_State(0, gone), *states]
            elif states[0].node is not None and self._nodes[states[0].node].kind == "file":
                self._nodes[states[0].node].sure = b""
                folder.names[name] = [_State(0, None), *states]

    # Cutting

    def cut(self, mode: str, dice: Random, note: str) -> None:
        """Make the folder hold what a disk could hold now.

        Args:
            mode: One of `MODES`.
            dice: Decides the rest.
            note: A file that learns the numbers and times that files have after it: a disk keeps those, and
                nobody can set them.
        """
        self._notice(self._root, self._keys[_key(os.lstat(self._root))])
        here: dict[int, list[str]] = {}
        for path, number in self._reached():
            here.setdefault(number, []).append(path)
            if self._nodes[number].kind == "file":
                self._nodes[number].now = os.lstat(path)
                self._nodes[number].held = self._bytes(path)
        wanted = self._wanted(self._choose(dice, mode))
        content = {
            number: _torn(self._nodes[number], dice, mode, own=path.startswith(f"{self._root}/.dsv/"))
            for path, number in wanted.items()
            if self._nodes[number].kind == "file"
        }
        self._apply(here, wanted, content)
        self._tell(wanted, content, Path(note))

    def _choose(self, dice: Random, mode: str) -> dict[tuple[int, str], int | None]:
        """Return what each name stands for after the cut."""
        picked: dict[tuple[int, str], int] = {}
        for number, node in self._nodes.items():
            for name, states in node.names.items():
                last = len(states) - 1
                first = {"nothing": 0, "bytes": 0, "names": last, "tree": last}.get(mode)
                picked[number, name] = dice.randint(0, last) if first is None else first
        added: dict[int, list[tuple[tuple[int, str], int]]] = {}
        for number, name in picked:
            for position, state in enumerate(self._nodes[number].names[name]):
                if position and state.node is not None:
                    added.setdefault(state.call, []).append(((number, name), position))
        changed = True
        while changed:
            changed = False
            for (number, name), chosen in list(picked.items()):
                for state in self._nodes[number].names[name][1 : chosen + 1]:
                    # What a rename took away here, it put there.
                    for target, position in added.get(state.call, ()) if state.node is None else ():
                        if picked[target] < position:
                            picked[target], changed = position, True
        return {key: self._nodes[key[0]].names[key[1]][at].node for key, at in picked.items()}

    def _wanted(self, names: dict[tuple[int, str], int | None]) -> dict[str, int]:
        """Return by path, in order from above, which node is there."""
        below: dict[int, list[tuple[str, int]]] = {}
        for (folder, name), number in names.items():
            if number is not None:
                below.setdefault(folder, []).append((name, number))
        root = self._keys[_key(os.lstat(self._root))]
        found: dict[str, int] = {}
        seen = {root}
        waiting = [(self._root, root)]
        while waiting:
            path, folder = waiting.pop()
            for name, number in below.get(folder, ()):
                if self._nodes[number].kind == "folder":
                    if number in seen:
                        continue  # a folder has one name
                    seen.add(number)
                    waiting.append((f"{path}/{name}", number))
                found[f"{path}/{name}"] = number
        return found

    def _apply(self, here: dict[int, list[str]], wanted: dict[str, int], content: dict[int, bytes]) -> None:
        real, aside = self._real, f"{self._root}.cut"
        real["mkdir"](aside)
        for number, paths in here.items():
            if self._nodes[number].kind != "folder":
                real["rename"](paths[0], f"{aside}/{number}")
                for path in paths[1:]:
                    real["unlink"](path)
        folders = {path for path, number in wanted.items() if self._nodes[number].kind == "folder"}
        for base, below, _ in os.walk(self._root, topdown=False):
            for name in below:
                if f"{base}/{name}" not in folders:
                    real["rmdir"](f"{base}/{name}")
        for path in sorted(folders):
            if not os.path.isdir(path):
                real["mkdir"](path)
        for path, number in wanted.items():
            node, kept = self._nodes[number], f"{aside}/{number}"
            if node.kind == "folder":
                continue
            if not os.path.lexists(kept):
                if node.kind == "link":
                    real["symlink"](os.fsdecode(node.sure), kept)
                else:
                    with real["file"](kept, "wb") as file:
                        file.write(content[number])
                    real["chmod"](kept, node.mode)
            elif node.kind == "file" and self._bytes(kept) != content[number]:
                with real["file"](kept, "wb") as file:  # root may write to what is read-only
                    file.write(content[number])
            real["link"](kept, path, follow_symlinks=False)
        for name in os.listdir(aside):
            real["unlink"](f"{aside}/{name}")
        real["rmdir"](aside)

    def _tell(self, wanted: dict[str, int], content: dict[int, bytes], note: Path) -> None:
        rows = []
        for path, number in wanted.items():
            now = self._nodes[number].now
            if number in content:
                found = os.lstat(path)
                rows.append([found.st_ino, found.st_ctime_ns, now.st_ino, now.st_mtime_ns, now.st_ctime_ns])
        with self._real["file"](note, "w") as file:
            json.dump(rows, file)


def _torn(node: _Node, dice: Random, mode: str, *, own: bool) -> bytes:
    """Return what is on the disk of the bytes of a file, which is the store's `own` or not."""
    new = node.sure if node.held is None else node.held
    if mode == "bytes" or new == node.sure or (own and mode == "tree"):
        return new
    ways = {"any": ["old", "cut", "zeros", "mixed", "new"], "tree": ["cut", "zeros", "mixed"]}
    how = dice.choice(ways.get(mode, ["old"]))
    if how == "new":
        return new
    if how == "old":
        return node.sure
    if how == "cut":
        # What was appended may be lost, not what was there before.
        return new[: dice.randint(len(node.sure) if new.startswith(node.sure) else 0, len(new))]
    parts = []
    for start in range(0, len(new), SECTOR):
        size = len(new[start : start + SECTOR])
        old = node.sure[start : start + size].ljust(size, b"\0")
        parts.append(dice.choice([old, new[start : start + size]]) if how == "mixed" else old)
    return b"".join(parts)


def _kind(mode: int) -> str:
    if stat.S_ISDIR(mode):
        return "folder"
    return "link" if stat.S_ISLNK(mode) else "file"


def _key(found: os.stat_result) -> _Key:
    return found.st_dev, found.st_ino


def _exists(path: str, folder: int | None) -> bool:
    try:
        os.lstat(path, dir_fd=folder)
    except OSError:
        return False
    return True


def keep_times(note: str) -> None:
    """Have files that a cut left, and that nobody changed since, show the numbers and times that `note` has."""
    known = {(row[0], row[1]): row[2:] for row in json.loads(Path(note).read_text())}

    def kept(real: Callable[..., os.stat_result]) -> Callable[..., os.stat_result]:
        def look(*arguments: Any, **named: Any) -> os.stat_result:
            found = real(*arguments, **named)
            times = known.get((found.st_ino, found.st_ctime_ns))
            return found if times is None else _with(found, *times)

        return look

    for name in ("stat", "lstat", "fstat"):
        setattr(os, name, kept(getattr(os, name)))


def _with(found: os.stat_result, inode: int, mtime: int, ctime: int) -> os.stat_result:
    plain = [*found[:10]]
    plain[1], plain[8], plain[9] = inode, mtime // 10**9, ctime // 10**9
    rest = {name: getattr(found, name) for name in dir(found) if name.startswith("st_")}
    rest |= {"st_mtime_ns": mtime, "st_ctime_ns": ctime, "st_mtime": mtime / 1e9, "st_ctime": ctime / 1e9}
    return os.stat_result(plain, rest)
