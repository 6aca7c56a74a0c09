"""What a repeated command would load from the workspace, against what its user agreed to.

A replay runs the code of its record; `rerun` runs what is in the workspace, which somebody else may have changed since
(`git pull`). What is there to be loaded and was not agreed to is asked about.

Of a run that somebody else recorded, the user agreed to the files of its record. A run of the user's own goes
on with the user's own edits; only what git or a pull brought from elsewhere since counts (`dsv.capture.git_brought`, `dsv.runs.rerun.pulled`).
"""

import posixpath
import shlex
import sys
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from dsv.capture.git_brought import brought
from dsv.capture.loaders import is_loader
from dsv.capture.portable import fill
from dsv.errors import Refused
from dsv.ids import ObjectId
from dsv.model.code_list import CodeFile
from dsv.model.node import FILE
from dsv.model.run import Run
from dsv.records import origins
from dsv.runs.rebuild import agreed_commands
from dsv.runs.record.script_imports import imported
from dsv.runs.rerun import newcomers
from dsv.runs.rerun.pulled import pulled
from dsv.runs.stale.code_changes import present_ids
from dsv.runs.stale.links_now import is_outside
from dsv.runs.stale.step import Step
from dsv.store.repository import Repository
from dsv.wording import listed
from dsv.workspace import Workspace
from dsv.worktree.suffixes import has_data_name, is_program_name, is_work_name

_STARTED = frozenset({"sitecustomize", "usercustomize"})
"""Modules that Python imports unasked."""


class Agreement:
    """What the user agreed to.

    Args:
        workspace: The workspace.
        file: Where the user's trust is kept.

    Raises:
        StorageError: The file cannot be read.
    """

    def __init__(self, workspace: Workspace, file: Path) -> None:
        self._workspace = workspace
        self._own = agreed_commands.own(file)
        self._code = agreed_commands.trusted(file, agreed_commands.CODE)

    def missing(self, step: Step, run: Run) -> tuple[CodeFile, ...]:
        """Return what the command would load, as far as that is known before it runs, and nobody agreed to."""
        return self.of(step, loads(self._workspace, step, run))

    def of(self, step: Step, files: Iterable[CodeFile]) -> tuple[CodeFile, ...]:
        """Return those of `files`, which a repetition of `step` loads, that nobody agreed to, sorted."""
        recorded = {(file.path, file.file) for file in step.code}
        recorded |= {(one.path, one.checkpoint.content) for one in step.inputs}
        new = [
            file
            for file in files
            if (file.path, file.file) not in recorded and agreed_commands.code_id(file) not in self._code
        ]
        if new and step.run in self._own:
            commit = self._own[step.run]
            came = brought(self._workspace.root, [(commit, file.path) for file in new])
            came |= pulled(self._workspace, {file.path for file in new} & {one.path for one in step.inputs})
            new = [file for file in new if file.path in came]
        return tuple(sorted(new))

    def loaders(self, run: Run, oid: ObjectId, env: Mapping[str, str]) -> tuple[str, ...]:
        """Return the recorded variables that would load something into the programs of a run of somebody else's.

        What the user's own variables say the same is the user's will.
        """
        if oid in self._own:
            return ()
        return tuple(
            name
            for name, value in sorted(run.variables.items())
            if value is not None and is_loader(name) and env.get(name) != value
        )


def loads(workspace: Workspace, step: Step, run: Run) -> tuple[CodeFile, ...]:
    """Return what a command would load from the workspace, as far as that is known before it runs.

    That is its code, what its Python files import by name, files beside them that would stand in for a module of
    Python or of a package that it uses, what it looked for in vain and is there now, and programs that are new in
    folders that it listed.
    """
    words = {posixpath.normpath(posixpath.join(run.cwd, word)) for word in _words(fill(run.argv, run.params))}
    paths = {file.path for file in step.code if _is_program(step, file.path, words)}
    paths |= {one.path for one in step.inputs if is_program_name(one.path) and not has_data_name(one.path)}
    paths |= {
        link.target for link in step.links if is_program_name(link.path) and not is_outside(link.target)
    }
    paths |= imported(workspace.root, {path for path in paths if path.endswith(".py") or path in words})
    paths |= set(newcomers.stand_ins(workspace, run, paths, _names(workspace.repo, step, run)))
    paths |= set(newcomers.appeared(workspace, step))
    paths |= set(newcomers.new_programs(workspace, step))
    paths |= set(newcomers.makefiles(workspace, paths))
    paths -= step.outputs.keys()
    found = present_ids(workspace, paths, rehash=False)
    return tuple(CodeFile(path, FILE, oid) for path, oid in sorted(found.items()) if oid is not None)


def _words(argv: Iterable[str]) -> Iterator[str]:
    """Yield the words of a command, and those of the lines for a shell among them."""
    for word in argv:
        yield word
        if any(map(str.isspace, word)):
            try:
                yield from shlex.split(word)
            except ValueError:
                continue


def loaded(repo: Repository, run: Run) -> tuple[CodeFile, ...]:
    """Return the programs that a run has loaded."""
    data = set(run.in_git)
    files = repo.code(run.code).files
    return tuple(
        CodeFile(file.path, FILE, file.file)
        for file in files
        if file.path not in data or is_work_name(file.path)
    )


def _is_program(step: Step, path: str, words: Iterable[str]) -> bool:
    """Whether a code file may be executed: data that git tracks is not, unless its name says otherwise."""
    return path not in step.in_git or path in words or is_work_name(path)


def _names(repo: Repository, step: Step, run: Run) -> frozenset[str]:
    """Return the names of modules that the command may import without its code naming them."""
    attempt = origins.attempt(repo, repo.refs(), step.run)
    packages = (attempt.imported if attempt is not None else None) or ()
    installed = repo.environment(run.environment).packages
    named = {name.lower().replace("-", "_") for name in (*packages, *(one.name for one in installed))}
    return frozenset(sys.stdlib_module_names) | _STARTED | named


def refuse_loaders(
    workspace: Workspace,
    file: Path,
    steps: Iterable[Step],
    runs: Mapping[ObjectId, Run],
    env: Mapping[str, str],
) -> None:
    """Check that no record of somebody else's sets a variable that loads things: there are no walls around `rerun`.

    Raises:
        Refused: One does.
    """
    agreement = Agreement(workspace, file)
    for step in steps:
        names = agreement.loaders(runs[step.run], step.run, env)
        if names:
            raise Refused(
                f"{step.command}: its record sets {listed(names)}, which would load things into any program",
                hint=f"set {names[0]} yourself if you want that, or dsv rebuild, which sets it behind walls",
            )


def unagreed(
    workspace: Workspace, file: Path, steps: Iterable[Step], runs: Mapping[ObjectId, Run]
) -> dict[ObjectId, tuple[CodeFile, ...]]:
    """Return by run what repeating it would load and the user has not agreed to; raises as `Agreement`."""
    agreement = Agreement(workspace, file)
    return {step.run: agreement.missing(step, runs[step.run]) for step in steps}
