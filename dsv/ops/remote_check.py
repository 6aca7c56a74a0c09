"""Prove on the real place what a remote needs: access, and conditional writes."""

import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass

from dsv.errors import Corrupt, DsvError, StorageError
from dsv.hashing import file_id
from dsv.remotes.incoming import check_names
from dsv.remotes.remote import decode_refs
from dsv.store.blobs.base import Blobs, Conditions
from dsv.store.blobs.metered import Meter, Traffic

PUT_PRICE = 5e-6
GET_PRICE = 4e-7
"""Dollars a request: list prices of S3 Standard in us-east-1."""

_CHEAP = {"GetObject", "HeadObject", "read"}
_FREE = {"DeleteObject", "AbortMultipartUpload", "delete"}


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was tried.

    Attributes:
        name: What: `read`, `write`, `list`, `delete`, `create-only`, `compare-and-swap`, `parts`.
        ok: Whether it works; None if it was not tried because something before it failed.
        detail: What was found, in one line.
        advice: What helps where it does not work; None where it does.
    """

    name: str
    ok: bool | None
    detail: str
    advice: str | None = None


@dataclass(frozen=True, slots=True)
class RemoteTried:
    """What `remote check` found.

    Attributes:
        checks: In the order in which they were tried.
        traffic: Requests that it took.
        dollars: What those cost at Amazon's list price; other places have other prices.
        seconds: How long it took.
    """

    checks: tuple[Check, ...]
    traffic: Traffic
    dollars: float
    seconds: float

    @property
    def ok(self) -> bool:
        """Whether everything works."""
        return all(check.ok for check in self.checks)


def remote_check(blobs: Blobs, meter: Meter, name: str = "") -> RemoteTried:
    """Try everything that a remote has to do, on blobs of its own, which are removed again.

    Never raises for what the remote cannot do: that is the answer. Nothing is written into a place that push
    refuses.

    Args:
        blobs: The remote.
        meter: What counts its requests.
        name: What the user calls it.
    """
    before, asked, start = meter.traffic, dict(meter.operations), time.monotonic()
    checks = _checks(blobs, name)
    counts = {name: number - asked.get(name, 0) for name, number in meter.operations.items()}
    return RemoteTried(checks, meter.traffic.since(before), dollars(counts), time.monotonic() - start)


def dollars(operations: dict[str, int]) -> float:
    """Return what requests, counted by operation, cost at Amazon's list price, without storage and traffic."""
    paid = {name: number for name, number in operations.items() if name not in _FREE}
    return sum(number * (GET_PRICE if name in _CHEAP else PUT_PRICE) for name, number in paid.items())


def _checks(blobs: Blobs, remote: str) -> tuple[Check, ...]:
    data = secrets.token_bytes(64)
    name = f"tmp/check-{file_id(data)}"
    tried: list[Check] = []

    def attempt(what: str, work: Callable[[], str]) -> None:
        try:
            tried.append(Check(what, ok=True, detail=work()))
        except DsvError as error:
            tried.append(Check(what, ok=False, detail=error.message, advice=error.hint))

    attempt("read", lambda: _read(blobs, remote))
    if tried[0].ok:
        attempt("write", lambda: _write(blobs, name, data))
    if not all(check.ok for check in tried):
        rest = ("write", "list", "create-only", "compare-and-swap", "parts", "delete")[len(tried) - 1 :]
        return (*tried, *(Check(what, ok=None, detail="not tried") for what in rest))
    attempt("list", lambda: _list(blobs, name))
    tried += _conditions(blobs)
    attempt("delete", lambda: _delete(blobs, name))
    return tuple(tried)


def _read(blobs: Blobs, remote: str) -> str:
    raw = blobs.load()
    if raw is None:
        return "credentials are good; nothing was pushed there yet"
    refs = decode_refs(raw, remote)
    check_names(remote, refs)
    return f"credentials are good; it has {len(refs.branches)} branches and {len(refs.tags)} tags"


def _write(blobs: Blobs, name: str, data: bytes) -> str:
    blobs.put(name, data)
    try:
        same = blobs.read(name, 8, 16) == data[8:24]
    except FileNotFoundError:
        raise StorageError(
            "what was just written is not there", hint="use a place that reads its own writes"
        ) from None
    if not same:
        raise Corrupt(
            "a range that was read back is not what was written", hint="is there a cache or proxy between?"
        )
    return "an object was written, and a range of it read back"


def _list(blobs: Blobs, name: str) -> str:
    if not any(blob.name == name for blob in blobs.list("tmp/")):
        raise StorageError(
            "what was just written is not listed", hint="gc and fsck there may be late; push and pull work"
        )
    return "what was written is listed"


def _delete(blobs: Blobs, name: str) -> str:
    blobs.delete(name)
    try:
        blobs.read(name)
    except FileNotFoundError:
        return "what was written is gone again"
    raise StorageError("what was deleted is still there", hint="gc there frees nothing; push and pull work")


_WITHOUT = (
    "several people pushing at once would lose each other's work there; "
    "one alone may use `dsv push --assume-single-writer`"
)


def _conditions(blobs: Blobs) -> list[Check]:
    try:
        kept = blobs.conditions()
    except DsvError as error:
        return [
            Check(what, ok=False, detail=error.message, advice=error.hint)
            for what in ("create-only", "compare-and-swap", "parts")
        ]
    return _told(kept)


def _told(kept: Conditions) -> list[Check]:
    words = (
        ("create-only", kept.create_only, "If-None-Match is kept", "If-None-Match is ignored"),
        ("compare-and-swap", kept.compare_and_swap, "If-Match is kept", "If-Match is ignored"),
        (
            "parts",
            kept.in_parts,
            "an upload in parts replaces nothing",
            "an upload in parts replaces what is there",
        ),
    )
    return [
        Check(what, ok=ok, detail=good if ok else bad, advice=None if ok else _WITHOUT)
        for what, ok, good, bad in words
    ]
