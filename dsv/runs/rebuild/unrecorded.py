"""What a replay was seen to do that the record does not account for."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from dsv.capture.contacts import others
from dsv.capture.detect import Captured, Contact
from dsv.runs.rebuild.cause import Cause, CauseKind, Manner, MoreNames, Weight

Names = frozenset[str]


def _nothing(_: str) -> None:
    return None


@dataclass(frozen=True, slots=True)
class Expected:
    """What is known of a run, and of the workspace now, beside what its replay was seen to do.

    Attributes:
        laid: The paths of its inputs and code, which the replay found with their bytes.
        outputs: The paths that it writes.
        listings: By folder the names that it saw there when it was recorded; only of folders that it listed.
        absent: The paths that it looked for in vain.
        found: The paths that it looked for and that were there.
        withheld: The files that it read and that are left out of the record.
        state: What it read of the memory of tools, which is left out of records; a folder stands for what is in it.
        outside: The files outside of the workspace that it read, by their absolute paths.
        contacts: The addresses that it spoke to.
        network: Whether the replay could use the network.
        now: Gives the names that a folder of the workspace holds now; None if there is no such folder.
        there: Whether a path is in the workspace now.
    """

    laid: Names = frozenset()
    outputs: Names = frozenset()
    listings: Mapping[str, Names] = field(default_factory=dict)
    absent: Names = frozenset()
    found: Names = frozenset()
    withheld: Names = frozenset()
    state: Names = frozenset()
    outside: Names = frozenset()
    contacts: Names = frozenset()
    network: bool = False
    now: Callable[[str], Names | None] = _nothing
    there: Callable[[str], bool] = bool


def seen(captured: Captured, expected: Expected, tail: str = "") -> Iterator[Cause]:
    """Yield what a replay did that the record does not account for.

    Args:
        captured: What it did, in paths of the workspace.
        expected: What is known besides.
        tail: The end of what the command said, if it failed.
    """
    looked = captured.read | captured.absent | captured.found | captured.listed
    for path in sorted(expected.withheld & looked):
        yield Cause(CauseKind.WITHHELD, path, detail=Manner.OPENED if path in tail else None)
    left = sorted(path for path in looked - expected.withheld if _is_below(path, expected.state))
    for path, after in zip(left, (*left[1:], ""), strict=False):
        if not _in(after, path):  # the file says more than its folder
            yield Cause(CauseKind.STATE, path)
    for path in sorted(captured.absent - expected.withheld - expected.absent):
        if _is_below(path, expected.state):
            continue
        if path in expected.found or _was_listed(path, expected):
            yield Cause(CauseKind.MISSED, path)
        elif expected.there(path):
            yield Cause(CauseKind.MISSED, path, detail=Manner.IN_WORKSPACE)
    for path in sorted(captured.read - expected.laid - expected.outputs):
        if _was_listed(path, expected) and not _is_below(path, expected.laid):
            yield Cause(CauseKind.EMPTY, path)
    for path in sorted(
        expected.absent & (captured.read | captured.found | captured.listed) - captured.written
    ):
        yield Cause(CauseKind.APPEARED, path)
    for path in sorted(captured.outside - expected.outside):
        yield Cause(CauseKind.OUTSIDE, path)
    for folder in sorted(captured.listed):
        yield from _of_listing(folder, expected)
    yield from _of_contacts(captured.contacts, expected)


def _of_listing(folder: str, expected: Expected) -> Iterator[Cause]:
    """Yield that a folder was listed that holds other names now; of one that is recorded the recorded names count."""
    if folder in expected.listings or _is_below(folder, expected.laid):
        return
    now = expected.now(folder)
    if now is None:
        return
    shown = {
        path.removeprefix(_inside(folder)).split("/", 1)[0] for path in expected.laid if _in(path, folder)
    }
    made = {
        path.removeprefix(_inside(folder)).split("/", 1)[0] for path in expected.outputs if _in(path, folder)
    }
    more = sorted(now - shown - made)
    if more:
        yield Cause(CauseKind.LISTING, f"{folder or '.'}/", detail=MoreNames(tuple(more)))


def _of_contacts(contacts: Iterable[Contact], expected: Expected) -> Iterator[Cause]:
    """Yield whom it spoke to besides itself; of data that differs that may be the cause, and need not."""
    for address in others(contacts):
        refused = None if expected.network else Manner.REFUSED
        yield Cause(CauseKind.NETWORK, address, weight=Weight.SUGGESTED, detail=refused)


def _was_listed(path: str, expected: Expected) -> bool:
    folder, _, name = path.rpartition("/")
    return name in expected.listings.get(folder, ())


def _is_below(path: str, paths: Names) -> bool:
    """Whether a path is one of `paths`, or in a folder that is."""
    parts = path.split("/")
    return any("/".join(parts[:end]) in paths for end in range(1, len(parts) + 1))


def _in(path: str, folder: str) -> bool:
    return path.startswith(_inside(folder)) and path != folder


def _inside(folder: str) -> str:
    return f"{folder}/" if folder else ""
