"""Git itself, for tests of what dsv does beside it."""

import subprocess
from pathlib import Path


def git(folder: Path, *words: str, given: str = "", check: bool = True) -> str:
    """Run git in `folder` as somebody with a name; return what it wrote, without the last line end.

    Raises:
        CalledProcessError: It failed, and `check` is set.
    """
    done = subprocess.run(
        ["git", "-c", "user.name=Ada", "-c", "user.email=ada@example.org", *words],
        cwd=folder,
        input=given,
        check=check,
        capture_output=True,
        text=True,
    )
    return done.stdout.strip()
