"""Runs each `dsv` in a process of its own, forked from this one, which has imported everything; see `tests.forked`.

It is started by its path, so that Python looks for modules where it would for `python -P -m dsv`. It reads one JSON
document a line (`words`, `cwd`, `env`, `out`, `err`) from stdin, and writes the exit code of the command.
"""

import gc
import importlib
import json
import os
import sys
import time


def main() -> None:
    """Serve until stdin ends."""
    from dsv.cli import main as program
    from dsv.cli.app import COMMANDS

    program._calm_libraries()
    for module in (
        *COMMANDS.values(),
        *("numpy", "pyarrow.csv", "pyarrow.parquet", "boto3"),
        *(
            "dsv.tables.facts.table_facts",
            "dsv.store.writer",
            "dsv.store.contents",
            "dsv.worktree.materialise",
        ),
    ):
        importlib.import_module(module)
    gc.freeze()
    for line in sys.stdin:
        pid = os.fork()
        if not pid:
            try:
                become(json.loads(line))
                program.entry()
            except SystemExit as end:
                os._exit(end.code if isinstance(end.code, int) else 1)
            finally:
                os._exit(99)
        sys.stdout.write(f"{os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])}\n")
        sys.stdout.flush()


def become(command: dict[str, object]) -> None:
    """Have this process look as if it had been started for `command`."""
    os.setpgid(0, 0)
    for number, path, flags in (
        (0, os.devnull, os.O_RDONLY),
        (1, command["out"], os.O_WRONLY),
        (2, command["err"], os.O_WRONLY),
    ):
        fd = os.open(str(path), flags)
        os.dup2(fd, number)
        os.close(fd)
    os.environ.clear()
    os.environ.update(command["env"])  # type: ignore[call-overload]
    time.tzset()
    os.chdir(str(command["cwd"]))
    sys.argv = ["dsv", *command["words"]]  # type: ignore[misc]


if __name__ == "__main__":
    main()
