"""Names that programs execute without being asked: data that is called so is agreed to before it is written.

Who may write to a remote need not be one who may write to git. What comes by the remote is hidden from git by
dsv's block in `.gitignore`, so nobody reviews it there.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from dsv.errors import NotAgreed, Refused
from dsv.ids import ObjectId
from dsv.model.dataset_paths import disguised, is_git_file
from dsv.model.file_diff import ADDED, changes
from dsv.plain import read_plain_text
from dsv.store.repository import Datasets, Repository, Tracked
from dsv.versions.switch.planned import Planned
from dsv.workspace import Workspace
from dsv.worktree.suffixes import is_program_name, suffix

_RUN = re.compile(
    r"(?:.*/)?(?:conftest\.py|(?:site|user)customize\.py|setup\.py|noxfile\.py|dodo\.py|fabfile\.py|wscript"
    r"|\.envrc|\.env|(?:gnu)?makefile|justfile|rakefile|snakefile|dockerfile|jenkinsfile|vagrantfile|procfile"
    r"|tox\.ini|setup\.cfg|pytest\.ini|pyproject\.toml|package\.json|\.pre-commit-config\.ya?ml|\.gitlab-ci\.yml"
    r"|\.(?:bash|z|k|c)shrc|\.bashrc|\.(?:bash_|z|)profile|\.npmrc|\.yarnrc(?:\.yml)?|\.pdbrc|\.gdbinit|\.vimrc|\.exrc"
    r"|\.(?:r|l)profile|\.renviron|\.rdata|\.(?:irb|pry|lldb|perltidy|pylint|coverage|nvim|mise|babel|eslint|prettier)rc"
    r"(?:\.[cm]?js)?|pylintrc|\.?mypy\.ini|\.flake8|\.lldbinit|\.dir-locals\.el|\.?mise\.toml|\.travis\.yml|\.drone\.yml"
    r"|\.?woodpecker\.ya?ml|azure-pipelines\.yml|bitbucket-pipelines\.yml|\.?appveyor\.yml|\.?lefthook\.ya?ml"
    r"|(?:docker-)?compose(?:\.[^/]+)?\.ya?ml|containerfile|gemfile|brewfile|pipfile|guardfile|rakefile|sconstruct"
    r"|cmakelists\.txt|meson\.build|build\.(?:gradle|rs|xml)|pom\.xml|dvc\.yaml|mlproject|taskfile\.ya?ml|pixi\.toml"
    r"|(?:flake|shell|default)\.nix|\.mcp\.json|\.devcontainer\.json|(?:ipython|jupyter\w*)_config\.(?:py|json)"
    r"|[^/]+\.(?:pth|code-workspace))"
    r"|(?:.*/)?(?:\.(?:github|gitea|forgejo|gitlab|circleci|buildkite|woodpecker|husky|vscode|zed|idea|devcontainer|cargo"
    r"|claude|cursor|bundle|direnv|venv)|node_modules|__pycache__)/.*",
    re.IGNORECASE,
)
_PACKAGE = re.compile(r"__init__\.(?:.*\.)?(?:py|pyc|pyd|so)", re.IGNORECASE)
"""What makes a folder at the top of a dataset stand in for a module of its name."""

_UNASKED = frozenset({"sql", "ipynb"})
"""Suffixes of programs that nothing runs by their name."""

_AGREED = "agreed"


def is_executed(path: str) -> bool:
    """Whether a program executes a file in a workspace because of its name, in any spelling that file systems fold."""
    return _RUN.fullmatch("/".join(map(disguised, path.split("/")))) is not None


def check(workspace: Workspace, plan: Iterable[Planned], own: Sequence[Datasets]) -> None:
    """Check that the user agreed to every name that is planned, that programs execute, and that is not there yet.

    Args:
        workspace: The workspace; its `agree` is asked.
        plan: The datasets, each with what is there and what shall be.
        own: Datasets that are checked out here, and that were staged here.

    Raises:
        NotAgreed: The user did not agree; the message names them.
        Refused: One is git's own.
    """
    found: list[str] = []
    leaving: list[str] = []
    for one in plan:
        path, new = one.path, one.wanted
        known = [datasets[path] for datasets in own if path in datasets]
        if new is not None and not known and is_git_file(path):
            raise Refused(
                f"{path} is a file of settings of git, which no dataset may be", hint=f"dsv rm {path}"
            )
        if new is not None and (known or not one.done):
            found += _newly_executed(workspace.repo, path, new, known)
        for version in known:
            leaving += _newly_executed(workspace.repo, path, version, [new] if new else [])
    agreed = _agreed(workspace)
    found = [path for path in found if path not in agreed]
    if found and (workspace.caller.agree is None or not workspace.caller.agree(found)):
        named = ", ".join(found[:5]) + (f" and {len(found) - 5} more" if len(found) > 5 else "")
        raise NotAgreed(
            f"{named} would be written for the first time, and programs run files that are called so",
            hint="dsv checkout --yes REV, or dsv pull --yes or dsv merge --yes, if you know what is in them",
        )
    # What goes with this move was here: it is not new when it comes back.
    if more := {*found, *leaving} - agreed:
        with (workspace.dot / _AGREED).open("a", encoding="utf-8") as file:
            file.writelines(f"{path}\n" for path in sorted(more))


def _newly_executed(repo: Repository, path: str, new: Tracked, known: Sequence[Tracked]) -> Iterator[str]:
    """Yield what of a dataset is called like what programs execute, and is in none of its `known` versions."""
    if not new.checkpoint.is_dir:
        if not known and (is_executed(path) or is_program_name(path)) and suffix(path) not in _UNASKED:
            yield path
        return
    before: list[ObjectId | None] = [one.checkpoint.content for one in known if one.checkpoint.is_dir]
    added = [
        {
            one.path
            for one in changes(folder, new.checkpoint.content, repo.node, f"{path}/")
            if one.change == ADDED
        }
        for folder in before or [None]
    ]
    for name in sorted(added[0].intersection(*added[1:])):
        if is_executed(name) or _PACKAGE.fullmatch(name.removeprefix(f"{path}/")):
            yield name


def _agreed(workspace: Workspace) -> frozenset[str]:
    path: Path = workspace.dot / _AGREED
    try:
        # A line that does not end was cut off by a power failure, and is another name.
        return frozenset(read_plain_text(path).rpartition("\n")[0].splitlines())
    except (OSError, UnicodeDecodeError):
        return frozenset()
