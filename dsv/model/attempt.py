"""Attempts: when and how a run happened. What is clocked or accidental, apart from the run itself."""

from dataclasses import dataclass

from dsv.errors import Corrupt
from dsv.ids import ObjectId, parse_id
from dsv.model import canonical

CAPTURED = "captured"
"""What it read and wrote was found out while it ran."""

DECLARED = "declared"
"""Inputs and outputs were both declared, and the command was run."""

PARTLY = "partly"
"""One side was declared, the other captured."""

CLAIMED = "claimed"
"""Nothing was run: somebody says that this run made these outputs."""

VERIFIED = "verified"
"""A verify replayed the run and found what it claims."""

_CAPTURES = frozenset({CAPTURED, DECLARED, PARTLY, CLAIMED, VERIFIED})


@dataclass(frozen=True, slots=True)
class GitState:
    """Where git was.

    Attributes:
        remote: The URL of the remote, without secrets; None if there is none.
        commit: The commit, 40 or 64 hex digits; None before the first.
        dirty: Paths with uncommitted changes, relative to the workspace, sorted.
    """

    remote: str | None
    commit: str | None
    dirty: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Attempt:
    """When and how a run happened.

    Attributes:
        run: Id of the run.
        capture: How its record was made: `CAPTURED`, `DECLARED`, `PARTLY`, `CLAIMED` or `VERIFIED`.
        started: Seconds since 1970-01-01 UTC.
        milliseconds: How long it took; 0 for a claim.
        exit_code: Of the command; 0 for a claim.
        git: Where git was; None outside of a git repository.
        blind_spots: What a capture could have missed, a clause each; empty: the record is complete.
        withheld: Files that it read and that were left out of the record because they may hold secrets.
        imported: The distributions that its Pythons imported, by normal name, sorted; None if that is unknown.
    """

    run: ObjectId
    capture: str
    started: int
    milliseconds: int
    exit_code: int
    git: GitState | None = None
    blind_spots: tuple[str, ...] = ()
    withheld: tuple[str, ...] = ()
    imported: tuple[str, ...] | None = None

    @property
    def claimed(self) -> bool:
        """Whether nobody has seen the run happen."""
        return self.capture == CLAIMED

    def encode(self) -> bytes:
        """Return the canonical encoding."""
        git = self.git
        return canonical.encode(
            {
                "v": 1,
                "blind_spots": list(self.blind_spots),
                "capture": self.capture,
                "exit_code": self.exit_code,
                "git": None
                if git is None
                else {"commit": git.commit, "dirty": list(git.dirty), "remote": git.remote},
                "imported": None if self.imported is None else list(self.imported),
                "milliseconds": self.milliseconds,
                "run": self.run,
                "started": self.started,
                "withheld": list(self.withheld),
            }
        )

    @classmethod
    def decode(cls, data: bytes | memoryview, what: str) -> "Attempt":
        """Return the attempt that `data` encodes.

        Raises:
            Corrupt: It is not a valid attempt; `what` names it.
        """
        record = canonical.decode(data, what=what)
        try:
            git, imported = record["git"], record["imported"]
            found = cls(
                run=parse_id(record["run"]),
                capture=record["capture"],
                started=record["started"],
                milliseconds=record["milliseconds"],
                exit_code=record["exit_code"],
                git=None if git is None else GitState(git["remote"], git["commit"], _texts(git["dirty"])),
                blind_spots=_texts(record["blind_spots"]),
                withheld=_texts(record["withheld"]),
                imported=None if imported is None else _texts(imported),
            )
            if found.capture not in _CAPTURES:
                raise ValueError(f"there is no capture {found.capture!r}")
            if any(
                type(number) is not int for number in (found.started, found.milliseconds, found.exit_code)
            ):
                raise ValueError("a number is not an integer")
            if found.git is not None:
                _texts([found.git.remote or "", found.git.commit or ""])
            if found.encode() != data:
                raise ValueError("it has other fields")
        except (KeyError, TypeError, ValueError) as error:
            raise Corrupt(f"{what} is not a valid attempt: {error}") from error
        return found


def _texts(values: list[object]) -> tuple[str, ...]:
    if not all(type(value) is str for value in values):
        raise ValueError("a list holds something that is not text")
    return tuple(str(value) for value in values)
