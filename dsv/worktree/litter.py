"""What a run writes and nobody wants to keep: caches, logs, the state of tools, what is named by the clock.

The defaults are here; `run.leave_out` adds lines in the syntax of `.gitignore`, and `!LINE` takes one back.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from fnmatch import translate
from functools import cached_property

from dsv.worktree.ignore import Ignore

_STATE = (
    ".cache/", "node_modules/", ".snakemake/", ".doit.db*", ".hydra/", "multirun/", "mlruns/", "mlartifacts/",
    "mlflow.db", "wandb/", "lightning_logs/", "events.out.tfevents.*", "catboost_info/", ".metaflow/", ".prefect/",
    ".dagster/", ".luigi/", ".neptune/", ".comet/", ".aim/", ".kedro/", ".nextflow/", ".nextflow.log*", ".ipynb_checkpoints/",
    ".pytest_cache/", ".mypy_cache/", ".ruff_cache/", ".tox/", ".eggs/", "*.egg-info/", ".gradle/", ".Rproj.user/",
    "dbt_packages/", ".user.yml", "partial_parse.msgpack",
)  # fmt: skip
"""The memory of tools: what they read and write at each run, and make again where it is missing."""

_LITTER = (
    "__pycache__/", "*.pyc", "*.pyo", "*.o", "*.obj", "*.log", "logs/", "nohup.out", "*.pid", "*.swp", "*~",
    "*.tmp", "*.lock", ".~lock.*", "lock.mdb", ".Rhistory", ".DS_Store", "cache-*.arrow", "dask-worker-space/",
)  # fmt: skip
"""What builds and programs leave behind."""

DEFAULTS = (*_STATE, *_LITTER)

CLOCK = "named by the time of the run"
RANDOM = "named by a random id"
HIDDEN = "hidden"

_RUN_FOLDERS = frozenset(
    {"run", "runs", "log", "experiment", "experiments", "output", "outputs", "session", "sessions"}
)
_UUID = re.compile(r"[0-9a-f]{8}-?[0-9a-f]{4}-?4[0-9a-f]{3}-?[89ab][0-9a-f]{3}-?[0-9a-f]{12}", re.IGNORECASE)
_WANDB = re.compile(r"(?:run|offline-run)-\d{8}_\d{6}-\w+")
_MOMENT = re.compile(
    r"(?<!\d)(20\d\d)[-_.]?(\d\d)[-_.]?(\d\d)(?:[-_. T/]|T-|__)?(\d\d)[-_.:h]?(\d\d)(?:[-_.:m]?(\d\d))?(?!\d)"
)
_SPOKEN = re.compile(r"(?<![A-Za-z])([A-Z][a-z]{2})(\d\d)_(\d\d)-(\d\d)-(\d\d)(?!\d)")  # Nov27_12-30-01_host
_EPOCH = re.compile(r"(?<!\d)(1[0-9]{9})(?:\d{3})?(?!\d)")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_SLACK = 61.0  # a name may tell no seconds


class Litter:
    """Tells what is left out of a run's outputs.

    Args:
        lines: The lines of `run.leave_out`.
        began: When the run began, in seconds since 1970; None if nobody saw it.
        seconds: How long it took.
    """

    def __init__(self, lines: Sequence[str] = (), began: float | None = None, seconds: float = 0.0) -> None:
        self._own = Ignore(lines)
        self._span = None if began is None else (began - _SLACK, began + seconds + _SLACK)

    def pattern_of(self, path: str) -> str | None:
        """Return by what rule the file at `path` is left out, in words for the user; None if it is none."""
        ruled = self._own.rule_of(path)
        if ruled is not None:
            return ruled if not ruled.startswith("!") else None
        found = _first(self._defaults, path)
        return found or self._by_clock(path)

    def is_state(self, path: str) -> bool:
        """Whether the file at `path` is the memory of a tool, whether it was read or written."""
        ruled = self._own.rule_of(path)
        if ruled is not None:
            return not ruled.startswith("!")
        return _first(self._state, path) is not None

    @cached_property
    def _defaults(self) -> list[tuple[str, "re.Pattern[str]"]]:
        return [(pattern, _compiled(pattern)) for pattern in DEFAULTS]

    @cached_property
    def _state(self) -> list[tuple[str, "re.Pattern[str]"]]:
        return [(pattern, _compiled(pattern)) for pattern in _STATE]

    def _by_clock(self, path: str) -> str | None:
        parts = path.split("/")
        for number, part in enumerate(parts):
            inside = number > 0 and parts[number - 1].lower() in _RUN_FOLDERS
            random = _UUID.search(part) or _WANDB.fullmatch(part)
            if random is not None and (inside or (number < len(parts) - 1 and _UUID.fullmatch(part))):
                return RANDOM
        if self._span is None:
            return None
        first, last = self._span
        return CLOCK if any(first <= moment <= last for moment in _moments(path, first)) else None


def told(found: Mapping[str, str]) -> list[str]:
    """Return what is said of files that were left out, given with their rules: a clause for each rule.

    Such as `3 files (*.log)`; a single file is named.
    """
    counts = Counter(found.values())
    names = {rule: path for path, rule in found.items()}
    return [
        f"{names[rule]} ({rule})" if count == 1 else f"{count:,} files ({rule})"
        for rule, count in sorted(counts.items(), key=lambda one: (-one[1], one[0]))
    ]


def _first(rules: Iterable[tuple[str, "re.Pattern[str]"]], path: str) -> str | None:
    return next((pattern for pattern, rule in rules if rule.search(path)), None)


def _compiled(pattern: str) -> "re.Pattern[str]":
    """Return what finds `pattern` as a whole name in a path, that of a folder if it ends with a slash."""
    name = translate(pattern.rstrip("/")).removeprefix("(?s:").removesuffix(")\\Z").replace(".*", "[^/]*")
    return re.compile(f"(?:^|/){name}(?:{'/' if pattern.endswith('/') else '/|$'})")


def _moments(path: str, near: float) -> Iterator[float]:
    """Yield the times that a path can be read to tell, in seconds since 1970, here and in UTC."""
    for found in _MOMENT.finditer(path):
        year, month, day, hour, minute, second = (int(digits or 0) for digits in found.groups())
        yield from _both(year, month, day, hour, minute, second)
    for found in _SPOKEN.finditer(path):
        if found[1] in _MONTHS:
            year = datetime.fromtimestamp(near, UTC).year
            yield from _both(
                year, _MONTHS.index(found[1]) + 1, *(int(digits) for digits in found.groups()[1:])
            )
    for found in _EPOCH.finditer(path):
        yield float(found[1])


def _both(*parts: int) -> Iterator[float]:
    try:
        moment = datetime(*parts)  # type: ignore[arg-type]  # noqa: DTZ001  both are tried
        yield moment.timestamp()
        yield moment.replace(tzinfo=UTC).timestamp()
    except (ValueError, OverflowError):
        return
