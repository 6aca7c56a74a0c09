"""The process: what the `dsv` program starts with.

Nothing is imported before it is known to be needed, since every command pays for it.
"""

import gc
import sys
from typing import NoReturn

from dsv import __version__


def entry() -> NoReturn:
    """Run the command that the arguments of this process name, and exit with its code."""
    arguments = sys.argv[1:]
    if arguments == ["--version"]:
        sys.stdout.write(f"dsv {__version__}\n")
        sys.exit(0)
    # Starting makes very many objects that all stay: looking for garbage among them is a tenth of a short command.
    gc.set_threshold(100_000, 50, 50)
    try:
        from dsv.cli.app import run
    except KeyboardInterrupt:
        sys.exit(130)
    sys.exit(run(arguments))
