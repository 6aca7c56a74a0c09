"""What GitHub Actions shows of results: annotations, and a summary of the job."""

import html
import re
from collections.abc import Iterator, Sequence

from dsv.render import verdict_words
from dsv.render.statuses import MEANINGS
from dsv.runs.rebuild.checked_dataset import Checked, counted

ANNOTATIONS = 10
"""Annotations of one kind that GitHub keeps of a step."""

SUMMARY_ROWS = 500
"""Datasets that a summary lists; GitHub takes 1 MiB of it."""

_MARKDOWN = re.compile(r"([\\`*_\[\]|~#])")


def annotations(checks: Sequence[Checked], folder: str = "") -> Iterator[str]:
    """Yield workflow commands, one a line, that mark what is not good.

    Args:
        checks: The results.
        folder: The workspace's folder in the git repository, "" for its top.
    """
    bad = [check for check in checks if not check.good]
    shown = bad if len(bad) <= ANNOTATIONS else bad[: ANNOTATIONS - 1]
    for check in shown:
        place = f"{folder.rstrip('/')}/{check.path}" if folder else check.path
        said = "\n".join([verdict_words.says(check) or MEANINGS[check.status], *verdict_words.details(check)])
        yield f"::error file={_property(place)},title={_property(f'{check.path}: {check.status.value}')}::{_data(said)}"
    if len(bad) > len(shown):
        more = len(bad) - len(shown)
        yield f"::error title=dsv verify::{_data(f'{more} more datasets are not as recorded: see the summary')}"


def summary(checks: Sequence[Checked], level: str) -> str:
    """Return the results as Markdown: a heading, a table with the bad ones first, what differs in them."""
    bad = [check for check in checks if not check.good]
    listed = [*bad, *(check for check in checks if check.good)]
    counts = ", ".join(f"{count} {status.value}" for status, count in counted(checks).items())
    lines = [
        f"### dsv verify --level {level}: {'failed' if bad else 'passed'}",
        "",
        f"{len(checks)} datasets: {counts or 'none'}",
        "",
        "| | Dataset | Status | Policy | Seconds | Reason |",
        "|---|---|---|---|---:|---|",
        *(_row(check) for check in listed[:SUMMARY_ROWS]),
    ]
    if len(listed) > SUMMARY_ROWS:
        lines += ["", f"{len(listed) - SUMMARY_ROWS} more are not listed."]
    for check in bad[:SUMMARY_ROWS]:
        details = verdict_words.details(check)
        if details:
            lines += ["", f"<details><summary>{html.escape(_line(check.path))}</summary>", ""]
            lines += [f"- {_markdown(detail)}" for detail in details]
            lines += ["", "</details>"]
    return "\n".join(lines) + "\n"


def _row(check: Checked) -> str:
    mark = "✅" if check.good else "❌"
    cells = (_markdown(text) for text in (check.path, check.status.value, check.policy))
    reason = _markdown(verdict_words.because(check) or ("" if check.good else MEANINGS[check.status]))
    return f"| {mark} | {' | '.join(cells)} | {check.seconds:.1f} | {reason} |"


def _markdown(text: str) -> str:
    return _MARKDOWN.sub(r"\\\1", html.escape(_line(text), quote=False))


def _line(text: str) -> str:
    return " ".join(text.split())


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
