"""Where CI looks for the results of `verify`: a JUnit file, annotations, the summary of a job."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from dsv.atomic import storing
from dsv.cli.context import Context
from dsv.errors import Refused
from dsv.render.style import printable

if TYPE_CHECKING:
    from dsv.runs.rebuild.checked_dataset import Checked


def check_place(context: Context, file: Path) -> None:
    """Check that a report may be written to `file`, before hours of work: not over data or into the store.

    Raises:
        Refused: It would replace what dsv keeps or tracks.
    """
    from dsv.model.dataset_paths import NEVER_DATA, OWN_FILES

    workspace = context.workspace
    place, root = file.resolve(), workspace.root.resolve()
    if not place.is_relative_to(root):
        return
    path = place.relative_to(root).as_posix()
    if path in OWN_FILES or not NEVER_DATA.isdisjoint(path.split("/")):
        raise Refused(f"{path} is no place for a report")
    staged = workspace.repo.datasets(workspace.repo.refs().mine.staged)
    if any(path == one or path.startswith(f"{one}/") for one in staged):
        raise Refused(f"{path} is tracked: a report would replace data", hint="name another file")


def publish(context: Context, checks: "Sequence[Checked]", level: str, junit: Path | None) -> None:
    """Write results where they were asked for, and on GitHub Actions where it shows them.

    Annotations go to stderr, which GitHub reads as it does stdout: that may have to be JSON.

    Args:
        context: The surroundings; the variables of GitHub Actions are looked for there.
        checks: The results.
        level: At which level was verified.
        junit: The JUnit file to write, None for none.

    Raises:
        StorageError: A file cannot be written.
    """
    if junit is not None:
        from dsv.render.junit import junit as encoded

        with storing("write", junit):
            junit.parent.mkdir(parents=True, exist_ok=True)
            junit.write_bytes(encoded(checks, level))
    if context.env.get("GITHUB_ACTIONS") != "true":
        return
    from dsv.render import github

    for command in github.annotations(checks, _folder(context)):
        context.out.raw_error(printable(command))
    summary = context.env.get("GITHUB_STEP_SUMMARY")
    if summary:
        with storing("write", summary), Path(summary).open("a", encoding="utf-8") as file:
            file.write(github.summary(checks, level))


def _folder(context: Context) -> str:
    """Return the workspace's folder in the repository that the job checked out, "" if it is its top."""
    top = Path(context.env.get("GITHUB_WORKSPACE") or context.workspace.root).resolve()
    root = context.workspace.root.resolve()
    return root.relative_to(top).as_posix().removeprefix(".") if root.is_relative_to(top) else ""
