"""Runs each command in a process of its own, forked from one that has imported everything.

Reads one JSON document a line from stdin and answers with one on stdout. Fresh processes,
real locks and real kills, at a tenth of the price of starting Python.
"""

import json
import os
import resource
import sys
import tempfile
import traceback
from importlib import import_module
from pathlib import Path
from typing import Any

from dsv import atomic
from dsv.worktree import boot
from tests.robustness.disk import keep_times
from tests.robustness.saboteur import Saboteur


def main() -> None:
    """Serve until stdin ends."""
    from dsv.cli.app import COMMANDS

    for module in (
        *COMMANDS.values(),
        "numpy",
        "dsv.tables.facts.table_facts",
        "dsv.store.writer",
        "dsv.store.contents",
        "dsv.worktree.materialise",
    ):
        import_module(module)
    for line in sys.stdin:
        children = [_start(job) for job in json.loads(line)]
        sys.stdout.write(json.dumps([_wait(*child) for child in children]) + "\n")
        sys.stdout.flush()


def _start(job: dict[str, Any]) -> tuple[int, str, str]:
    out, err = (tempfile.mkstemp(prefix=f"dsv-{name}-")[1] for name in ("out", "err"))
    pid = os.fork()
    if not pid:
        try:
            _child(job, out, err)
        except BaseException:  # noqa: BLE001 - the process ends with 99
            traceback.print_exc()
        finally:
            os._exit(99)
    return pid, out, err


def _child(job: dict[str, Any], out: str, err: str) -> None:
    for number, path in ((1, out), (2, err)):
        fd = os.open(path, os.O_WRONLY | os.O_TRUNC)
        os.dup2(fd, number)
        os.close(fd)
    os.environ.update(job.get("env", {}))
    os.chdir(job["cwd"])
    if job.get("file_limit"):
        resource.setrlimit(resource.RLIMIT_FSIZE, (job["file_limit"], job["file_limit"]))
    if job.get("rebooted"):
        reboot(job["rebooted"])
    if job.get("quick"):
        for module, name in ((os, "fsync"), (atomic, "syncfs")):
            setattr(module, name, _no_sync)
    saboteur = Saboteur(
        job.get("kill", 0),
        power=job.get("power"),
        fail=job.get("fail", ""),
    )
    counting = job.get("count") or job.get("kill")
    if counting:
        saboteur.install()
    from dsv.cli.app import run

    code = run([os.fsdecode(bytes.fromhex(word)) for word in job["words"]])
    sys.stdout.flush()
    sys.stderr.flush()
    if job.get("power"):
        saboteur.cut()
    if counting:
        calls = saboteur.calls
        saboteur.stop()
        Path(f"{err}.calls").write_text(str(calls))
    os._exit(code)


def _no_sync(_: object) -> None:
    pass


def reboot(note: str) -> None:
    """Have the machine look as after a power cut, in which a disk kept the times in the file `note`."""
    cut = Path(note).stat().st_mtime_ns
    for name in ("session", "started"):
        setattr(boot, name, lambda: cut)
    keep_times(note)


def _wait(pid: int, out: str, err: str) -> dict[str, Any]:
    _, status, usage = os.wait4(pid, 0)
    calls = 0
    told = Path(f"{err}.calls")
    if told.exists():
        calls = int(told.read_text())
        told.unlink()
    return {
        "code": os.waitstatus_to_exitcode(status),
        "calls": calls,
        "peak": usage.ru_maxrss,
        "out": _take(out),
        "err": _take(err),
    }


def _take(path: str) -> str:
    data = Path(path).read_bytes()
    Path(path).unlink()
    return data.hex()


if __name__ == "__main__":
    main()
