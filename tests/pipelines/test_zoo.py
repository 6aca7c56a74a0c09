"""What cannot be made again is told so, with the reason that is true, and never passes."""

import os
import re
import shlex
import socket
import subprocess
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.forked import forked
from tests.pipelines import zoo
from tests.pipelines.wild.place import Place
from tests.pipelines.wild.project import sh
from tests.pipelines.zoo import Animal

PASSING = {"identical", "equal", "close"}

KNOWN: dict[str, str] = {}
"""Animals of which the right thing is not said yet, with the reason; struck out as soon as it is."""


@dataclass(frozen=True, slots=True)
class Seen:
    """What dsv said of all animals.

    Attributes:
        runs: The exit code and the words of `dsv run`, by animal.
        once: What `verify --json` said of each output, by animal.
        twice: The same with `--twice`.
        changed: The animals whose output verifying touched.
    """

    runs: dict[str, tuple[int, str]]
    once: dict[str, dict[str, Any]]
    twice: dict[str, dict[str, Any]]
    changed: list[str]


class Keeper:
    """Puts the animals into one workspace, has each recorded, and has them verified."""

    def __init__(self, base: Path) -> None:
        self.outside = base / "outside"
        self.outside.mkdir()
        self.place = Place(base / "work", base / "home", {})
        self.mark = base.name
        self.port = 0

    def keep(self) -> Seen:
        work = self.place.folder
        for animal in zoo.ALL:
            (work / animal.name).mkdir(parents=True)
            numbers = "".join(f"{number}\n" for number in range(1, 30))
            files = {
                "in.csv": f"n\n{numbers}",
                **({"make.py": animal.text} if animal.text else {}),
                **animal.files,
            }
            for name, text in files.items():
                path = work / animal.name / name
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(self._filled(text))
        self.place.sh(
            "git init -q -b main . && git add */make.py */pages */.gitignore && git commit -q -m zoo"
        )
        self.place.run("init")
        with self._server(), self._local_server():
            runs = {animal.name: self._record(animal) for animal in zoo.ALL}
        self.place.run("commit", "-m", "zoo")
        for animal in zoo.ALL:
            sh(work / animal.name, self.place.env, self._filled(animal.after) or ":")
        before = self._outputs()
        once, twice = (self._verify(*options) for options in ((), ("--twice",)))
        after = self._outputs()
        return Seen(runs, once, twice, [name for name in before if before[name] != after[name]])

    def _filled(self, text: str) -> str:
        for word, value in (("OUTSIDE", str(self.outside)), ("PORT", str(self.port)), ("ID", self.mark)):
            text = re.sub(rf"\b{word}\b", value, text)
        return text

    def _record(self, animal: Animal) -> tuple[int, str]:
        folder = self.place.folder / animal.name
        sh(folder, self.place.env, self._filled(animal.before) or ":")
        if animal.text:
            (folder / "make.py").write_text(self._filled(animal.text))
        shown = (
            shlex.split(animal.run)
            if animal.run.startswith(("sh ", "bash ", "python ", "task"))
            else ["sh", "-c", animal.run]
        )
        words, env = ["run", "--", *shown], {**self.place.env, **animal.env}
        if animal.stdin:
            done = subprocess.run(
                [*self.place.words, *words], cwd=folder, env=env, input=animal.stdin,
                capture_output=True, text=True, check=False,
            )  # fmt: skip
        else:
            done = forked().run(words, folder, env)
        return done.returncode, done.stdout + done.stderr

    def _verify(self, *options: str) -> dict[str, dict[str, Any]]:
        found = self.place.json("verify", "--yes", *options, code=None)
        return {
            one["path"].split("/")[0]: one for one in found["datasets"] if one["path"].endswith("/out.csv")
        }

    def _outputs(self) -> dict[str, bytes]:
        return {path.parent.name: path.read_bytes() for path in self.place.folder.glob("*/out.csv")}

    @contextmanager
    def _server(self) -> Iterator[None]:
        with socket.create_server(("127.0.0.1", 0)) as server:
            self.port = server.getsockname()[1]
            with _answering(server):
                yield

    @contextmanager
    def _local_server(self) -> Iterator[None]:
        with socket.socket(socket.AF_UNIX) as server:
            server.bind(os.fspath(self.outside / "zoo.sock"))
            server.listen()
            with _answering(server):
                yield


@contextmanager
def _answering(server: socket.socket) -> Iterator[None]:
    """Say "hello" to anyone who connects."""

    def answer() -> None:
        with suppress(OSError):
            while True:
                connection, _ = server.accept()
                with connection:
                    connection.sendall(b"hello")

    thread = threading.Thread(target=answer, daemon=True)
    thread.start()
    yield
    server.shutdown(socket.SHUT_RDWR)
    thread.join()


@pytest.fixture(scope="module")
def keeper() -> Iterator[Keeper]:
    with tempfile.TemporaryDirectory(prefix="dsvzoo", dir="/var/tmp") as base:
        keeper = Keeper(Path(base))
        yield keeper
        for left in (Path("/dev/shm"), Path("/tmp")):
            (left / f"dsv-zoo-{keeper.mark}").unlink(missing_ok=True)


@pytest.fixture(scope="module")
def seen(keeper: Keeper) -> Seen:
    return keeper.keep()


def case(animal: Animal) -> Any:
    marks = [pytest.mark.xfail(reason=KNOWN[animal.name], strict=True)] if animal.name in KNOWN else []
    return pytest.param(animal, id=animal.name, marks=marks)


@pytest.mark.parametrize("animal", [case(animal) for animal in zoo.ALL])
def test_the_truth_is_told(animal: Animal, seen: Seen, keeper: Keeper) -> None:
    code, words = seen.runs[animal.name]
    if animal.refused:
        assert code == 3, words
        assert re.search(animal.refused, words), words
        assert animal.name not in seen.once
        return
    assert code == 0, words
    for found, wanted in ((seen.once, animal.status), (seen.twice, animal.twice or animal.status)):
        one = found[animal.name]
        assert one["status"] in wanted.split("|"), one
        said = "\n".join([one["reason"], *one["details"]]).replace(f"{animal.name}/", "")
        for pattern in animal.reason:
            assert re.search(pattern.replace("PORT", str(keeper.port)), said), (pattern, one)
        for pattern in animal.never:
            assert not re.search(pattern, said), (pattern, one)
        if one["status"] in PASSING:
            assert not one["reason"], one


def test_looking_changes_nothing(seen: Seen) -> None:
    assert seen.changed == []
