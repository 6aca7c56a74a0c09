"""What the Pythons of a run import, as they report it themselves."""

import os
from collections.abc import Mapping
from pathlib import Path

_REPORTS = "DSV_IMPORTS"

_WATCHED = "DSV_WATCHED"

HOOK = Path(__file__).parent / "sitecustomize"
"""The folder of our `sitecustomize`."""


def observed(env: Mapping[str, str], reports: Path, cache: Path) -> dict[str, str]:
    """Return the environment `env` for a command whose doings are to be seen.

    Every Python that the command starts finds our `sitecustomize` first, unless it is told to ignore
    its environment. Sources are read beside their caches, not through a folder of caches elsewhere; and a
    cache of data sets that is warm does not hide the files that they were made from.

    Args:
        env: The user's environment.
        reports: An empty folder for the reports; see `read_imports`.
        cache: An empty folder for the cache of Hugging Face `datasets`.
    """
    given = env.get("PYTHONPATH")
    changed = {
        **env,
        "PYTHONPATH": os.pathsep.join([os.fspath(HOOK), *([given] if given else [])]),
        _REPORTS: os.fspath(reports),
        "HF_DATASETS_CACHE": os.fspath(cache),
    }
    changed.pop("PYTHONPYCACHEPREFIX", None)
    return changed


def marking(env: Mapping[str, str], root: Path) -> dict[str, str]:
    """Return `env` such that Pythons that find our `sitecustomize` mark what they import from the workspace `root`."""
    return {**env, _WATCHED: os.fspath(root)} if says_marks(env) else dict(env)


def marked(env: Mapping[str, str], hook: str, root: str) -> dict[str, str]:
    """Return `env` such that Pythons find our `sitecustomize` in the folder `hook`, and mark; they report nothing."""
    given = env.get("PYTHONPATH")
    path = os.pathsep.join([hook, *([given] if given else [])])
    return {**env, "PYTHONPATH": path, _REPORTS: os.devnull, _WATCHED: root}


def says_marks(env: Mapping[str, str]) -> bool:
    """Whether Pythons that run in `env` find our `sitecustomize`, and mark what their import system does."""
    return _REPORTS in env and os.fspath(HOOK) in env.get("PYTHONPATH", "").split(os.pathsep)


def read_imports(reports: Path) -> frozenset[str] | None:
    """Return the top names of all modules in the folder `reports`; None if no Python left a report.

    Raises:
        OSError: The folder cannot be read.
    """
    texts = [path.read_text(encoding="utf-8") for path in reports.iterdir()]
    return frozenset(name for text in texts for name in text.split("\n") if name) if texts else None
