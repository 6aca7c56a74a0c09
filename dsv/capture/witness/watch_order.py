"""What dsv asks a supervisor to do."""

from collections.abc import Mapping, Sequence

from dsv.capture.witness.wire import pack, pack_many, unpack, unpack_many


class WatchOrder:
    """A command to be watched.

    Attributes:
        argv: The command.
        env: All its variables.
        cwd: The folder to start in.
        root: The workspace, without links.
        machine: What `uname -m` says.
        eye: `calls` or `files`.
        boring: Folders besides the system's that do not count, each with a `/` at its end.
        marks: Whether its Pythons will say when they have started.
    """

    def __init__(
        self, argv: list[bytes], env: Mapping[bytes, bytes], cwd: bytes, root: bytes, machine: str, eye: str,
        boring: Sequence[bytes], marks: bool,
    ) -> None:  # fmt: skip
        self.argv, self.env, self.cwd, self.root = argv, env, cwd, root
        self.machine, self.eye, self.boring, self.marks = machine, eye, boring, marks

    def encode(self) -> bytes:
        """Return the order as bytes."""
        texts = [self.cwd, self.root, self.machine.encode(), self.eye.encode(), b"%d" % self.marks]
        variables = [word for pair in self.env.items() for word in pair]
        return pack(texts) + pack_many(self.argv) + pack_many(variables) + pack_many(self.boring)

    @staticmethod
    def decode(data: bytes) -> "WatchOrder":
        """Return what `encode` made bytes of."""
        words = unpack(data)
        cwd, root, machine, eye, marks = (next(words) for _ in range(5))
        argv, variables, boring = unpack_many(words), iter(unpack_many(words)), unpack_many(words)
        env = dict(zip(variables, variables, strict=True))
        return WatchOrder(argv, env, cwd, root, machine.decode(), eye.decode(), boring, marks == b"1")
