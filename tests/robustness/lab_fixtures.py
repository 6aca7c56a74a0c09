"""A workspace to ill-treat, and what must be so afterwards."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

from dsv.hashing import file_id
from dsv.ids import ObjectId
from dsv.workspace import Workspace

ROOT = Path(__file__).parents[2]
AUTHOR = {"DSV_AUTHOR": "Ada <ada@example.org>", "NO_COLOR": "1"}
KILLED = -9


class Done(NamedTuple):
    """How a command ended: exit code (-9: killed), streams, changes of the disk, peak KiB."""

    code: int
    raw: bytes
    err: str
    calls: int
    peak: int

    @property
    def out(self) -> str:
        return self.raw.decode()

    @property
    def document(self) -> dict[str, Any]:
        found = json.loads(self.out)
        assert isinstance(found, dict)
        return found


class Server:
    """Commands in processes of their own."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.robustness.command_server"],
            cwd=ROOT,
            env={**os.environ, **AUTHOR, "PYTHONPATH": str(ROOT), "PYTHONWARNINGS": "default"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def close(self) -> None:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        self._process.stdout.close()
        self._process.wait(20)

    def together(self, jobs: Sequence[dict[str, Any]]) -> list[Done]:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(list(jobs)) + "\n")
        self._process.stdin.flush()
        return [
            Done(
                one["code"],
                bytes.fromhex(one["out"]),
                bytes.fromhex(one["err"]).decode("utf-8", "replace"),
                one["calls"],
                one["peak"],
            )
            for one in json.loads(self._process.stdout.readline())
        ]


def job(folder: Path, words: Sequence[str], **how: Any) -> dict[str, Any]:
    """Describe a command for the server; its words may be any bytes."""
    return {"cwd": str(folder), "words": [os.fsencode(word).hex() for word in words], **how}


class Lab:
    """One workspace.

    Args:
        folder: Where it is.
        server: Runs the commands.
        quick: Whether nothing is really synced to the disk: that takes most of the time, and nobody pulls the plug.
    """

    def __init__(self, folder: Path, server: Server, *, quick: bool = False) -> None:
        self.folder = folder
        self.server = server
        self.quick = quick
        self.note = ""

    def __call__(self, *words: str, **how: Any) -> Done:
        return self.server.together([job(self.folder, words, rebooted=self.note, quick=self.quick, **how)])[0]

    def cut(self, *words: str, at: int, mode: str, seed: int, before: Path | None = None) -> Done:
        """Run a command until its call number `at`; there the power is cut, and what comes later is after a reboot.

        Args:
            words: The command.
            at: The number of the call.
            mode: What is lost, one of `disk.MODES`.
            seed: Decides the rest.
            before: A workspace that has what is sure of the user's files; None: all is.
        """
        note = f"{self.folder}.cut.json"
        power = {
            "root": str(self.folder),
            "before": str(before or ""),
            "note": note,
            "mode": mode,
            "seed": seed,
        }
        done = self(*words, kill=at, power=power)
        self.note = note if done.code == KILLED else ""
        return done

    def ok(self, *words: str, **how: Any) -> str:
        """Run what must succeed."""
        done = self(*words, **how)
        assert done.code == 0, f"dsv {' '.join(words)}: {done.code}\n{done.out}{done.err}"
        return done.raw.decode("utf-8", "replace")

    def json(self, *words: str) -> dict[str, Any]:
        self_made = self(*words, "--json")
        assert self_made.code == 0, self_made.err
        return self_made.document

    def fails(self, *words: str, code: int, **how: Any) -> str:
        """Run what must fail with a message and nothing worse; return the message and the hint."""
        done = self(*words, **how)
        assert done.code == code, f"dsv {' '.join(words)}: {done.code}\n{done.out}{done.err}"
        assert "error: " in done.err
        assert "Traceback" not in done.err
        return done.err

    def sound(self) -> None:
        """Assert that fsck finds no damage."""
        done = self("fsck")
        assert done.code == 0, f"fsck: {done.code}\n{done.out}{done.err}"

    def write(self, path: str, content: bytes) -> Path:
        place = self.folder / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(content)
        return place

    def read(self, path: str) -> bytes:
        return (self.folder / path).read_bytes()

    def twin(self, folder: Path) -> "Lab":
        """Return a copy of the whole workspace."""
        shutil.copytree(self.folder, folder, symlinks=True)
        return Lab(folder, self.server, quick=self.quick)

    def workspace(self) -> Workspace:
        return Workspace(self.folder)

    @property
    def dot(self) -> Path:
        return self.folder / ".dsv"

    def blobs(self, kind: str) -> list[Path]:
        """Return the files of the store in `packs` or `index`, largest first."""
        found = [path for path in (self.dot / kind).rglob("*") if path.is_file()]
        return sorted(found, key=lambda path: (-path.stat().st_size, path.name))

    def stored(self, content: bytes) -> bool:
        """Whether the store gives these bytes back."""
        oid = file_id(content)
        contents = self.workspace().repo.contents
        return contents.has(oid) and contents.read(oid) == content

    def history(self) -> set[ObjectId]:
        """Return every commit that a branch or the oplog leads to."""
        workspace = self.workspace()
        refs = workspace.repo.refs()
        waiting = [*refs.branches.values()]
        for entry in workspace.oplog.entries(refs.mine.oplog):
            for name, change in entry.changes.items():
                if name.startswith("branches/"):
                    waiting += [ObjectId(oid) for oid in change if oid]
        seen: set[ObjectId] = set()
        while waiting:
            oid = waiting.pop()
            if oid not in seen:
                seen.add(oid)
                waiting += workspace.repo.commit(oid).parents
        return seen


def tree(folder: Path) -> dict[str, bytes]:
    """Return what is in a workspace, without the store: files by content, links and folders marked."""
    found: dict[str, bytes] = {}
    for base, folders, files in os.walk(folder):
        if base == str(folder) and ".dsv" in folders:
            folders.remove(".dsv")
        for name in [*folders, *files]:
            path = Path(base, name)
            shown = path.relative_to(folder).as_posix()
            if path.is_symlink():
                found[shown] = b"-> " + os.fsencode(path.readlink())
            elif path.is_dir():
                found[f"{shown}/"] = b""
            else:
                found[shown] = b"x" if os.access(path, os.X_OK) and path.stat().st_mode & 0o100 else b" "
                found[shown] += path.read_bytes()
    for own in ("dsv.lock", ".gitignore"):
        found.pop(own, None)
    return found
