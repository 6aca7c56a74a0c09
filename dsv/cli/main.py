"""The process: what the `dsv` program starts with.

Nothing is imported before it is known to be needed, since every command pays for it.
"""

import sys
from typing import NoReturn

from dsv import __version__


def entry() -> NoReturn:
    """Run the command that the arguments of this process name, and exit with its code."""
    arguments = sys.argv[1:]
    if arguments == ["--version"]:
        sys.stdout.write(f"dsv {__version__}\n")
        sys.exit(0)
    try:
        from dsv.cli.app import run
    except KeyboardInterrupt:
        sys.exit(130)
    sys.exit(run(arguments))
