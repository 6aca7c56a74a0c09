"""A real S3 server beside the benchmark, in a process of its own: `python -m tests.bench.server FOLDER`.

The process serves until its standard input ends. It is told `bucket`, `drop NAME` and `count` there, a
line each, and answers each with a line of JSON. The one that measures has to stay small (see
`tests.bench.measure.run`), so it talks to the server's S3 side only through this.
"""

import json
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple, Self

from tests.bench.peers import REPOSITORY


class Counts(NamedTuple):
    """What went through the proxy.

    Attributes:
        requests: How many, repeated ones included.
        sent: Bytes of their bodies.
    """

    requests: int
    sent: int


class Bucket(NamedTuple):
    """An empty bucket.

    Attributes:
        name: What it is called.
        endpoint: Address of its server.
        proxy: Address of a proxy before the server, which counts.
        environment: Variables with the credentials for it.
        server: Whose bucket it is.
    """

    name: str
    endpoint: str
    proxy: str
    environment: Mapping[str, str]
    server: "Server"

    def counts(self) -> Counts:
        """Return what went through the proxy since this was asked the last time."""
        return Counts(**self.server.ask("count"))


class Server:
    """The running process; leaving the context ends it.

    Args:
        folder: An empty one, for what it stores.
    """

    def __init__(self, folder: Path) -> None:
        folder.mkdir()
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.bench.server", str(folder)],
            cwd=REPOSITORY,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def ask(self, *words: str) -> dict[str, Any]:
        """Return the answer to a line."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(" ".join(words) + "\n")
        self._process.stdin.flush()
        found = json.loads(self._process.stdout.readline())
        assert isinstance(found, dict)
        return found

    @contextmanager
    def bucket(self) -> Iterator[Bucket]:
        """Make a bucket, and delete it with all that is in it in the end."""
        made = Bucket(server=self, **self.ask("bucket"))
        try:
            yield made
        finally:
            self.ask("drop", made.name)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait()


def serve(folder: Path) -> None:
    """Start the server, and answer lines until there are no more."""
    from tests.remote.faultproxy import FaultProxy
    from tests.remote.seaweedfs import Weed

    with Weed(folder) as weed, FaultProxy(weed.port) as proxy:
        # Homes are empty here; and DVC does not take /dev/null for a file of settings.
        environment = {name: value for name, value in weed.environment.items() if not name.endswith("_FILE")}
        for line in sys.stdin:
            verb, *words = line.split()
            answer: dict[str, Any] = {}
            if verb == "bucket":
                bucket = weed.new_bucket()
                # The first object makes the server set volumes aside; no tool shall pay for that.
                weed.client.put_object(Bucket=bucket.name, Key="first", Body=b"x")
                weed.client.delete_object(Bucket=bucket.name, Key="first")
                answer = {
                    "name": bucket.name,
                    "endpoint": weed.endpoint,
                    "proxy": proxy.endpoint,
                    "environment": environment,
                }
            elif verb == "drop":
                weed.client.delete_bucket(Bucket=words[0])
            elif verb == "count":
                counts = Counts(len(proxy.log), sum(asked.size for asked in proxy.log))
                proxy.clear()
                answer = counts._asdict()
            print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    serve(Path(sys.argv[1]))
