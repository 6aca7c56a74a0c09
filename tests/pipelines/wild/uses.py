"""What a run used and made, by its record or by the witness, and in what that is not the truth."""

import os
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from dsv.capture.execute import Command, Here
from dsv.capture.eyes import Eye
from dsv.capture.python_imports import observed
from dsv.ids import ObjectId
from dsv.workspace import Workspace
from tests.pipelines.strace_truth import Truth
from tests.pipelines.wild.project import Step


@dataclass(frozen=True, slots=True)
class Uses:
    """What a run used and made: paths relative to the workspace, of files or of folders that stand for theirs.

    Attributes:
        touched: Of what was written, that of which the bytes may be as before.
    """

    read: frozenset[str]
    written: frozenset[str]
    listed: frozenset[str]
    absent: frozenset[str]
    touched: frozenset[str] = frozenset()


def of_record(root: Path, oid: str) -> Uses:
    """Return what the record of the run `oid` of the workspace `root` says."""
    workspace = Workspace(root)
    run = workspace.repo.run(ObjectId(oid))
    code = workspace.repo.code(run.code).files
    return Uses(
        frozenset({one.path for one in run.inputs} | {one.path for one in code}),
        frozenset(one.path for one in run.outputs),
        frozenset(one.path for one in run.listings),
        frozenset(run.absent),
    )


def of_witness(command: str, cwd: str, root: Path, env: Mapping[str, str], folder: Path) -> Uses:
    """Run a shell's line in `cwd` of the workspace `root`, and return what the witness saw; `folder` is scratch."""
    reports, cache = folder / "reports", folder / "cache"
    for scratch in (reports, cache):
        scratch.mkdir(parents=True, exist_ok=True)
    with Path(os.devnull).open("r+b") as nothing, Eye(root) as eye:
        sink, variables = nothing.fileno(), observed(dict(env), reports, cache)
        line = Command(["sh", "-c", command], root / cwd, variables, sink, sink, stdin=subprocess.DEVNULL)
        done = Here().run(eye.watching(line))
    assert done.exit_code == 0, done.tail
    seen = eye.captured
    assert seen.eye == "calls", seen.blind_spots
    return Uses(seen.read, seen.written, seen.listed, seen.absent, seen.stamped)


def differences(seen: Uses, truth: Truth, step: Step) -> list[str]:
    """Return in what `seen` is not the truth about a run of `step`, in words.

    A folder that was listed need not be told where the folder itself is an input. A `.gitkeep` beside what is written
    belongs to the folder, read or not. A folder that was not there stands for all that was looked for in it.
    """

    def kept(paths: set[str] | frozenset[str]) -> set[str]:
        return {path for path in paths if not any(covers(one, path) for one in step.left_out)}

    read, written, absent = kept(truth.read), kept(truth.written), kept(truth.absent) | set(step.seeks)
    by_hand = set(step.lists)
    wrong = {
        "missed as read": {path for path in read if not any(covers(one, path) for one in seen.read)},
        "not read": {
            one
            for one in kept(seen.read)
            if not any(covers(one, path) for path in read) and not one.endswith("/.gitkeep")
        },
        "missed as written": {path for path in written if not any(covers(one, path) for one in seen.written)},
        "not written": {
            one for one in kept(seen.written - seen.touched) if not any(covers(one, path) for path in written)
        },
        "missed as listed": {
            path
            for path in truth.listed | by_hand
            if path not in seen.listed and not any(covers(one, path) for one in seen.read)
        },
        "not listed": seen.listed - truth.listed - by_hand - truth.unjudged,
        "missed as absent": {path for path in absent if not any(covers(one, path) for one in seen.absent)},
        "not looked for": {one for one in kept(seen.absent) if not any(covers(one, path) for path in absent)},
        "listed by the catalogue, and not by strace": by_hand - truth.listed - truth.perhaps - truth.unjudged,
    }
    return [f"{word}: {path or '.'}" for word, paths in wrong.items() for path in sorted(paths)]


def covers(dataset: str, path: str) -> bool:
    """Tell whether a file is a dataset or in it."""
    return path == dataset or path.startswith(f"{dataset}/")
