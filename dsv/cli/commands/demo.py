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
from dsv.demo.sizes import measure
from dsv.demo.story import StoryStep
from dsv.errors import Corrupt, StorageError
from dsv.render import demo as render
from dsv.workspace import Workspace


@verb(
    waits=None,
    examples={
        "dsv demo": "See dsv at work on real tables, in ./demo-flights:",
        "dsv demo /tmp/tour": "The same elsewhere:",
        "dsv demo --files .": "Only the files of the README's tour, here, in an empty folder:",
    },
    shape=render.SHAPE,
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
    found = render.Toured(
        str(root), versions=sizes.versions, copies=sizes.copies, files=sizes.files, store=sizes.store
    )
    out = context.out
    if not out.json:
        out.show(render.sizes(found, out.style))
    for step in story.PROOF:
        tour.take(step)
    restored = len((root / story.LIST).read_text(encoding="utf-8").splitlines())
    if out.json:
        out.document(render.document(found._replace(commands=tour.taken, restored=restored)))
    else:
        missing = shutil.which("dsv", path=context.env.get("PATH", os.defpath)) is None
        activation = _activation(context) if missing else ""
        out.show(render.end(restored, folder, story.NEXT, activation, out.style))


def _make_files(context: Context, root: Path) -> None:
    story.lay_out(root, trips.FILES)
    if context.out.json:
        context.out.document(render.document(render.Toured(str(root))))
    else:
        context.out.show(render.made(tuple(trips.FILES)))


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
            out.show(render.step(step.typed, step.why, out.style))
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


def _activation(context: Context) -> str:
    """Return the script that puts this `dsv` on PATH, as it is typed in the current folder."""
    script = os.path.join(sys.prefix, "bin", "activate")  # noqa: PTH118 (links are not followed)
    near = os.path.relpath(script, context.cwd)
    return shlex.quote(script if near.startswith(os.pardir) else near)
