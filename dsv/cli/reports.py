"""Results of `dsv verify` for machines that show them: JUnit XML, GitHub Actions."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from dsv.atomic import replace_file, storing
from dsv.cli.context import Context

if TYPE_CHECKING:
    from dsv.model.verdict import Checked

_ACTIONS = "GITHUB_ACTIONS"
_SUMMARY = "GITHUB_STEP_SUMMARY"


def write_junit(context: Context, file: str, checks: "Sequence[Checked]", level: str) -> None:
    """Write the results to `file`, as JUnit XML.

    Raises:
        StorageError: It cannot be written.
    """
    from dsv.report.junit import junit

    place = context.path_here(file)
    with storing("write", place):
        place.parent.mkdir(parents=True, exist_ok=True)
    replace_file(place, junit(checks, level))


def tell_github(context: Context, checks: "Sequence[Checked]", level: str) -> None:
    """On GitHub Actions, mark what is not good, and add the results to the summary of the job.

    Raises:
        StorageError: The summary cannot be written.
    """
    if context.env.get(_ACTIONS) != "true":
        return
    from dsv.report.github import annotations, summary

    for line in annotations(checks, _folder(context)):
        context.out.raw_error(line)  # GitHub reads commands from both streams
    file = context.env.get(_SUMMARY)
    if file:
        with storing("write", file), Path(file).open("a", encoding="utf-8") as stream:
            stream.write(summary(checks, level))


def _folder(context: Context) -> str:
    """Return where the workspace is in the git repository; "" for its top, or without one."""
    from dsv import git

    root = context.repo.root
    top = git.find(root)
    if top is None or not root.is_relative_to(top):
        return ""
    inside = root.relative_to(top).as_posix()
    return "" if inside == "." else inside
