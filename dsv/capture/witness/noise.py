"""What programs look at for themselves, and which says nothing of the data."""

import re

_NAMES = re.compile(
    r"""
    (^|/)__pycache__/ | \.pyc$ | (^|/)__init__\.[^/]*$   # Python without marks
    | (^|/)<[^/]*>?$                                     # the "files" of code that is in none, in a traceback
    | (^|/)(RCS|SCCS)(/|$) | ,v$ | (^|/)s\.[^/]*$        # make
    | (^|/)(GNUmakefile|[Mm]akefile)$
    | \.gch$ | (^|/)-l[^/]*$ | (^|/)lib[^/]*\.(so|a)(\.\d+)*$   # compilers
    | (^|/)\.(python-version|tool-versions)$             # what chooses an interpreter, which is recorded by itself
    | (^|/)pyvenv\.cfg$ | (^|/)python\d+\.zip$ | \._pth$
    """,
    re.VERBOSE,
)

_LIBRARIES = re.compile(r"\.(so|pyc|pyo)(\.\d+)*$|/(site|dist)-packages/|/pyvenv\.cfg$")


def is_noise(path: str) -> bool:
    """Whether that `path`, relative to the workspace, is not there is of no interest: no script asks for such."""
    return _NAMES.search(path) is not None


def is_outside_noise(path: str, home: str) -> bool:
    """Whether the file at the absolute `path` is part of an installation, or a setting in the folder `home`."""
    if _LIBRARIES.search(path):
        return True
    return len(home) > 1 and path.startswith(f"{home.rstrip('/')}/.")
