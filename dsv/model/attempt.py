"""Attempts: when and how a run happened. What is clocked or accidental, apart from the run itself."""

from dataclasses import dataclass
from typing import Any

from dsv.errors import Corrupt
from dsv.ids import ObjectId, parse_id
from dsv.model import canonical

CAPTURED = "captured"
"""What it read and wrote was detected while it ran."""

DECLARED = "declared"
"""Inputs and outputs were both declared, and the command was run."""

PARTLY = "partly"
"""One side was declared, the other captured."""

CLAIMED = "claimed"
"""Nothing was run: somebody says that this run made these outputs."""

VERIFIED = "verified"
"""A verify replayed the run and found what it claims."""

CALLS = "calls"
"""The eye that saw every call that it made for a file (`Attempt.witness`)."""

EVENTS = "events"
"""The eye that saw events of the file system: no listings, no probes, nothing outside, no flags of opening."""

_EYES = frozenset({CALLS, "files", EVENTS})

VERSION = 2
"""The version of the records that are written; all before it are read."""

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
        witness: Which eye saw it: `CALLS`, `files` (calls without probes) or `EVENTS`; None if nobody watched, or
            the record is of version 1, as for all that follows.
        interpreter: Where the Python that ran it was, `~` standing for the home folder; None if there was none.
        found: Paths in the workspace that it looked for and that were there, with their kinds, sorted: what was
            neither read nor listed. A file is `file:SIZE`, a link `link:TARGET`, or `link` if it leads out.
        contacts: The network addresses that it spoke to, sorted.
        state: Files, and folders with files, that it read and that are left out of records: the memory of tools, sorted.
        order: The paths of its code and inputs that are files, the one that was changed first before all others.
        version: The version of the record.
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
    witness: str | None = None
    interpreter: str | None = None
    found: tuple[tuple[str, str], ...] = ()
    contacts: tuple[str, ...] = ()
    order: tuple[str, ...] = ()
    state: tuple[str, ...] = ()
    version: int = VERSION

    @property
    def claimed(self) -> bool:
        """Whether nobody has seen the run happen."""
        return self.capture == CLAIMED

    def encode(self) -> bytes:
        """Return the canonical encoding."""
        git = self.git
        record: canonical.Json = {
            "v": self.version,
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
        if self.version > 1:
            record |= {
                "contacts": list(self.contacts),
                "found": [list(one) for one in self.found],
                "interpreter": self.interpreter,
                "order": list(self.order),
                "state": list(self.state),
                "witness": self.witness,
            }
        return canonical.encode(record)

    @classmethod
    def decode(cls, data: bytes | memoryview, what: str) -> "Attempt":
        """Return the attempt that `data` encodes.

        Raises:
            Corrupt: It is not a valid attempt; `what` names it.
        """
        record = canonical.decode(data, what=what, version=VERSION)
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
                **({"version": 1} if record["v"] == 1 else _decode_second(record)),
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


def _decode_second(record: canonical.Json) -> dict[str, Any]:
    """Return what a record of version 2 has beyond one of version 1."""
    witness, interpreter = record["witness"], record["interpreter"]
    if witness is not None and witness not in _EYES:
        raise ValueError(f"there is no witness {witness!r}")
    if interpreter is not None:
        _texts([interpreter])
    found = tuple((path, kind) for path, kind in record["found"])
    _texts([word for one in found for word in one])
    return {
        "contacts": _texts(record["contacts"]),
        "found": found,
        "interpreter": interpreter,
        "order": _texts(record["order"]),
        "state": _texts(record["state"]),
        "witness": witness,
        "version": record["v"],
    }


def _texts(values: list[object]) -> tuple[str, ...]:
    if not all(type(value) is str for value in values):
        raise ValueError("a list holds something that is not text")
    return tuple(str(value) for value in values)
