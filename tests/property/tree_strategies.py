"""What a dataset may be, as plain values, and how it looks on disk."""

import os
import random
import shutil
from functools import cache
from pathlib import Path
from typing import NamedTuple

from hypothesis import strategies as st


class Leaf(NamedTuple):
    """A file: its bytes and whether it may be run; or a link: its text."""

    data: bytes
    mode: str = "file"

    def __repr__(self) -> str:
        shown = repr(self.data) if len(self.data) < 20 else f"<{len(self.data)} bytes>"
        return f"{self.mode}({shown})"


State = Leaf | frozenset[tuple[str, Leaf | None]]
"""A file, or a folder: its files by path; None marks an empty folder."""


@cache
def noise(seed: int, size: int) -> bytes:
    return random.Random(seed).randbytes(size)


BYTES = {
    "empty": b"",
    "1": b"1",
    "2": b"2",
    "csv": b"a,b\n1,2\n",
    "other csv": b"a,b\n1,x\n",
    "noise": noise(1, 5000),
    "long": noise(2, 300_000),
    "nearly": noise(2, 300_000)[:-1] + b"!",
}
CONTENTS = st.sampled_from(sorted(BYTES)).map(lambda word: BYTES[word])
LEAVES = st.builds(Leaf, CONTENTS, st.sampled_from(["file", "file", "file", "exec"]))
INNER = ("x", "y", "s/x", "s/y", "s/deep/z", "k")
LINKS = st.sampled_from([Leaf(b"x", "link"), Leaf(b"../../nowhere", "link")])
FOLDERS = st.dictionaries(st.sampled_from(INNER), LEAVES | LEAVES | LINKS | st.none(), max_size=5).map(
    lambda files: frozenset(files.items())
)
STATES: st.SearchStrategy[State] = LEAVES | FOLDERS


def read(path: Path) -> State | None:
    """Return what is at `path` on disk."""
    if not os.path.lexists(path):
        return None
    if path.is_symlink() or not path.is_dir():
        return _leaf(path)
    found: set[tuple[str, Leaf | None]] = set()
    for below in path.rglob("*"):
        name = below.relative_to(path).as_posix()
        if below.is_symlink() or not below.is_dir():
            found.add((name, _leaf(below)))
        elif not any(below.iterdir()):
            found.add((name, None))
    return frozenset(found)


def write(path: Path, state: State | None) -> None:
    """Make `path` hold `state`; files that are right already are not touched."""
    before = read(path)
    if before == state:
        return
    if state is None or isinstance(state, Leaf) or isinstance(before, Leaf):
        clear(path)
    if state is None:
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    if isinstance(state, Leaf):
        _put(path, state)
        return
    path.mkdir(exist_ok=True)
    old = before if isinstance(before, frozenset) else frozenset()
    for name, _ in old - state:
        clear(path / name)
    for folder in sorted(
        (one for one in path.rglob("*") if one.is_dir() and not one.is_symlink()), reverse=True
    ):
        if not any(folder.iterdir()):
            folder.rmdir()
    for name, leaf in sorted(state):
        target = path / name
        if leaf is None:
            target.mkdir(parents=True, exist_ok=True)
        elif (name, leaf) not in old:
            target.parent.mkdir(parents=True, exist_ok=True)
            _put(target, leaf)


def clear(path: Path) -> None:
    """Remove whatever is at `path`."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def has_files(state: State) -> bool:
    return isinstance(state, Leaf) or any(leaf is not None for _, leaf in state)


def _leaf(path: Path) -> Leaf:
    if path.is_symlink():
        return Leaf(os.fsencode(path.readlink()), "link")
    return Leaf(path.read_bytes(), "exec" if path.stat().st_mode & 0o111 else "file")


def _put(path: Path, leaf: Leaf) -> None:
    if leaf.mode == "link":
        path.symlink_to(os.fsdecode(leaf.data))
        return
    path.write_bytes(leaf.data)
    path.chmod(0o755 if leaf.mode == "exec" else 0o644)
