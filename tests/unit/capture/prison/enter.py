"""Runs a command in a sandbox, as the user that this is run by: `enter.py JSON`."""

import json
import os
import subprocess
import sys
from pathlib import Path

given = json.loads(sys.argv[1])
sys.path[:0] = given["search"]

from dsv.capture.execute import Here  # noqa: E402
from dsv.capture.interpreter import interpreter_at  # noqa: E402
from dsv.capture.isolation import Isolation, Openings  # noqa: E402
from dsv.capture.sandbox import Sandbox  # noqa: E402

openings = Openings(tuple(map(Path, given.get("allow", ()))), given.get("network", False))
sandbox = Sandbox(
    Path(given["clean"]), Path(given["scratch"]), {**os.environ, **given.get("env", {})}, {},
    [interpreter_at(Path(sys.executable))], Path(given["workspace"]), openings, Isolation(given["wall"]),
    timeout=given.get("timeout"),
)  # fmt: skip
with Path(os.devnull).open("wb") as sink:
    out = sink.fileno()
    done = sandbox.run(Here(), given["argv"], stdout=out, stderr=out, stdin=subprocess.DEVNULL)
seen = done.captured
found = {
    "isolation": done.isolation,
    "why": done.why,
    "code": done.execution.exit_code,
    "tail": done.execution.tail,
    "timed_out": done.execution.timed_out,
    "seconds": done.execution.seconds,
    "captured": None
    if seen is None
    else {name: sorted(getattr(seen, name)) for name in ("read", "written", "listed", "absent", "contacts")},
}
print(json.dumps(found))
