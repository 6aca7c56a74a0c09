"""What the launcher is called with: a command, and the walls around it."""

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence

from dsv.capture.landlock import Confinement
from dsv.capture.witness.wire import pack, pack_many, unpack, unpack_many

READY = b"ready"
"""What the launcher reports when all walls stand and the command is about to begin."""

# Plain classes and tuples: those of `typing` would cost the launcher half the time of its start.
Bind = tuple[str, str, bool, bool]
"""A file or a folder of this machine that is in the room: which; where in the room, without links on the way; whether it
may be written, otherwise nothing of it can be changed, not even modes and times; whether it holds devices."""


class Room:
    """A file system for a command, and whether it has the network.

    Attributes:
        binds: What is in it.
        links: Links that are in it besides: where, and where to.
        covered: Paths in it that are empty, as they hold sockets or secrets.
        network: Whether it is on this machine's network; otherwise it has a loopback device and nothing else.
    """

    def __init__(
        self, binds: Sequence[Bind], links: Iterable[tuple[str, str]] = (), covered: Iterable[str] = (),
        *, network: bool = False,
    ) -> None:  # fmt: skip
        self.binds, self.links, self.covered, self.network = (
            tuple(binds),
            tuple(links),
            tuple(covered),
            network,
        )


class RoomWatch:
    """How the command is watched; process 1 of the room does it.

    Attributes:
        root: The workspace, as it is called in the room.
        boring: Folders besides the system's that do not count, each with a `/` at its end.
        marks: Whether its Pythons will say when they have started.
        facts: The descriptor of a file for what was seen.
    """

    def __init__(self, root: str, boring: Sequence[str], *, marks: bool, facts: int) -> None:
        self.root, self.boring, self.marks, self.facts = root, tuple(boring), marks, facts


class LaunchOrder:
    """All that the launcher has to know.

    Attributes:
        argv: The command.
        cwd: The folder that it starts in, as it is called in the room.
        env: All of its environment variables. Those of the loader take effect for the command alone.
        parent: The process that waits for it: if that ends, all ends.
        room: The room; None to stay in this machine's file system.
        policy: What Landlock leaves to it; None to do without.
        watch: How it is watched; None if it is not. Only in a room.
        report: A descriptor that is told `READY`, or why the walls cannot be made.
    """

    def __init__(
        self, argv: Sequence[str], cwd: str, env: Mapping[str, str], parent: int,
        room: Room | None = None, policy: Confinement | None = None, watch: RoomWatch | None = None, report: int = -1,
    ) -> None:  # fmt: skip
        self.argv, self.cwd, self.env, self.parent, self.report = tuple(argv), cwd, env, parent, report
        self.room, self.policy, self.watch = room, policy, watch

    def encode(self) -> bytes:
        """Return the order as bytes, for the launcher to `decode`."""
        words = [self.cwd, str(self.parent), str(self.report)]
        variables = [word for pair in self.env.items() for word in pair]
        lists = [self.argv, variables, _of_room(self.room), _of_policy(self.policy), _of_watch(self.watch)]
        return pack(map(os.fsencode, words)) + b"".join(pack_many(map(os.fsencode, one)) for one in lists)

    @staticmethod
    def decode(data: bytes) -> "LaunchOrder":
        """Return the order that `data` encodes."""
        words = unpack(data)
        cwd, parent, report = os.fsdecode(next(words)), int(next(words)), int(next(words))
        argv, variables, *walls = ([os.fsdecode(one) for one in unpack_many(words)] for _ in range(5))
        env = dict(zip(variables[::2], variables[1::2], strict=True))
        room, policy, watch = map(iter, walls)
        return LaunchOrder(argv, cwd, env, parent, _room(room), _policy(policy), _watch(watch), report)


def _of_room(room: Room | None) -> list[str]:
    if room is None:
        return []
    binds = [word for source, target, *flags in room.binds for word in (source, target, *map(_flag, flags))]
    links = [word for pair in room.links for word in pair]
    return [_flag(room.network), str(len(binds)), *binds, str(len(links)), *links, *room.covered]


def _room(words: Iterator[str]) -> Room | None:
    network = next(words, None)
    if network is None:
        return None
    binds = _several(words)
    rows = [binds[at : at + 4] for at in range(0, len(binds), 4)]
    links = _several(words)
    return Room(
        [(source, target, write == "1", device == "1") for source, target, write, device in rows],
        zip(links[::2], links[1::2], strict=True),
        list(words),
        network=network == "1",
    )


def _of_policy(policy: Confinement | None) -> list[str]:
    if policy is None:
        return []
    return [_flag(policy.network), str(len(policy.read)), *policy.read, *policy.write]


def _policy(words: Iterator[str]) -> Confinement | None:
    network = next(words, None)
    return None if network is None else Confinement(_several(words), list(words), network=network == "1")


def _of_watch(watch: RoomWatch | None) -> list[str]:
    return [] if watch is None else [watch.root, _flag(watch.marks), str(watch.facts), *watch.boring]


def _watch(words: Iterator[str]) -> RoomWatch | None:
    root = next(words, None)
    if root is None:
        return None
    marks, facts = next(words), int(next(words))
    return RoomWatch(root, list(words), marks=marks == "1", facts=facts)


def _several(words: Iterator[str]) -> list[str]:
    return [next(words) for _ in range(int(next(words)))]


def _flag(value: object) -> str:
    return "1" if value else "0"
