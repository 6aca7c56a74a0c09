"""`dsv demo`."""

import os
import shlex
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import click

from dsv.cli.command import verb
from dsv.cli.context import Context
from dsv.demo import story, trips
from dsv.demo.sizes import Sizes, measure
from dsv.demo.story import StoryStep
from dsv.errors import Corrupt, StorageError
from dsv.render.style import counted, printable, size
from dsv.workspace import Workspace

SHAPE = {
    "folder": "text: where the workspace is, absolute",
    "commands": ["text: a command that was run there; none with `--files`"],
    "versions": "int: how many versions of datasets it holds",
    "copies": "int: bytes of a copy of each version",
    "files": "int: bytes of their files, equal ones counted once",
    "store": "int: bytes of the store",
    "restored": "int: how many files of the old version came back to the byte; all of them",
}


@verb(
    waits=None,
    examples={
        "dsv demo": "See dsv at work on real tables, in ./demo-flights:",
        "dsv demo /tmp/tour": "The same elsewhere:",
        "dsv demo --files .": "Only the files of the README's tour, here, in an empty folder:",
    },
    shape=SHAPE,
)
@click.option(
    "--files", "files_only", is_flag=True, help="Only make the files of the README's tour; run nothing."
)
@click.argument("folder", metavar="[DIR]", default="", type=click.Path())
def command(context: Context, folder: str, files_only: bool) -> None:
    """Show what dsv does, on real tables.

    Makes a workspace of the flights that left New York in 2013, with weather and planes, and takes them through
    a few real transformations to a training set: recorded, committed, brought up to date when the raw data
    changes, traced back, and rebuilt from it. Every command is shown as you would type it, with what it
    prints. The workspace stays for you to play with. Needs the extra `demo`.

    With `--files` it makes three small files instead, a table and two scripts, and runs nothing: type the
    commands of the README's tour yourself.
    """
    folder = folder or ("demo-trips" if files_only else "demo-flights")
    root = context.path_here(folder)
    if files_only:
        _make_files(context, root)
        return
    story.check_tables()
    story.lay_out(root)
    tour = _Tour(context, root)
    for step in story.steps(with_git=shutil.which("git") is not None):
        tour.take(step)
    sizes = measure(Workspace(root))
    _tell_sizes(context, sizes)
    for step in story.PROOF:
        tour.take(step)
    restored = len((root / story.LIST).read_text(encoding="utf-8").splitlines())
    if context.out.json:
        context.out.document(_document(root, tour.taken, sizes, restored))
        return
    _tell_end(context, folder, restored)


def _make_files(context: Context, root: Path) -> None:
    story.lay_out(root, trips.FILES)
    if context.out.json:
        context.out.document(_document(root, [], Sizes(0, 0, 0, 0), 0))
        return
    context.out.report(f"made {', '.join(trips.FILES)}")


def _document(root: Path, commands: list[str], sizes: Sizes, restored: int) -> dict[str, object]:
    return {
        "folder": str(root),
        "commands": commands,
        "versions": sizes.versions,
        "copies": sizes.copies,
        "files": sizes.files,
        "store": sizes.store,
        "restored": restored,
    }


class _Tour:
    """Takes steps in the folder of the demo, each as a process of its own."""

    def __init__(self, context: Context, root: Path) -> None:
        self._out = context.out
        self._root = root
        self._env = _environment(context.env)
        self.taken: list[str] = []

    def take(self, step: StoryStep) -> None:
        """Show a step and take it.

        Raises:
            StorageError: It failed.
            Corrupt: It was the one that compares hashes.
        """
        out = self._out
        if not out.json:
            if step.why:
                out.line(out.style.faint(f"\n# {step.why}"))
            out.line(f"{out.style.faint('$')} {out.style.strong(step.typed)}")
            out.finish()
        code = self._run(step)
        self.taken.append(step.typed)
        if code:
            failed = Corrupt if "--check" in step.words else StorageError
            raise failed(
                f"the demo stopped: `{step.typed}` ended with {code}", hint=f"look into {self._root}"
            )

    def _run(self, step: StoryStep) -> int:
        programs = {"dsv": [sys.executable, "-m", "dsv"], "python": [sys.executable]}
        argv = [*programs.get(step.words[0], [step.words[0]]), *step.words[1:]]
        silent = subprocess.DEVNULL if self._out.json else None
        if not step.into:
            return subprocess.run(argv, cwd=self._root, env=self._env, stdout=silent, check=False).returncode
        with (self._root / step.into).open("wb") as into:
            return subprocess.run(argv, cwd=self._root, env=self._env, stdout=into, check=False).returncode


def _environment(given: Mapping[str, str]) -> dict[str, str]:
    """Return the environment of the steps.

    `python` is the one that has the packages of the demo, and git may commit for a user who never
    said who they are.
    """
    env = dict(given)
    env["PATH"] = os.pathsep.join((os.path.dirname(sys.executable), env.get("PATH", os.defpath)))  # noqa: PTH120
    for name in ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE"):
        env.pop(name, None)
    if shutil.which("git") is None:
        return env
    asked = subprocess.run(["git", "config", "user.email"], env=env, stdout=subprocess.DEVNULL, check=False)
    if asked.returncode:
        for role in ("AUTHOR", "COMMITTER"):
            env.setdefault(f"GIT_{role}_NAME", "dsv demo")
            env.setdefault(f"GIT_{role}_EMAIL", "demo@localhost")
    return env


def _tell_sizes(context: Context, sizes: Sizes) -> None:
    out = context.out
    if out.json:
        return
    out.line(out.style.faint(f"\n# What {counted(sizes.versions, 'version')} of datasets take."))
    share = [f"{100 * part / sizes.copies:.0f}%" for part in (sizes.copies, sizes.files, sizes.store)]
    out.table(
        [
            ("a copy of each version", size(sizes.copies), share[0]),
            ("every file once, as DVC and Git LFS keep them", size(sizes.files), share[1]),
            ("the dsv store", size(sizes.store), share[2]),
        ],
        right=(1, 2),
    )


def _activation(context: Context) -> str:
    """Return the script that puts this `dsv` on PATH, as it is typed in the current folder."""
    script = os.path.join(sys.prefix, "bin", "activate")  # noqa: PTH118 (links are not followed)
    near = os.path.relpath(script, context.cwd)
    return shlex.quote(script if near.startswith(os.pardir) else near)


def _tell_end(context: Context, folder: str, restored: int) -> None:
    out = context.out
    out.line()
    out.line(out.style.added(f"All {restored} files of the tagged version came back to the byte, and every"))
    out.line(out.style.added("dataset was made again from the raw data, with the same table ids."))
    out.line("\nThe workspace is yours. Try next:\n")
    if shutil.which("dsv", path=context.env.get("PATH", os.defpath)) is None:
        out.line(f"  . {printable(_activation(context))}")
    out.line(f"  cd {printable(folder)}")
    out.table([(line, f"# {does}") for line, does in story.NEXT.items()], indent="  ")
