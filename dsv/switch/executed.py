"""Names that programs execute without being asked: data that is called so is agreed to before it is written.

Who may write to a remote need not be one who may write to git. What comes by the remote is hidden from git by
dsv's block in `.gitignore`, so nobody reviews it there.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from dsv.errors import Refused
from dsv.ids import ObjectId
from dsv.model.node import DIR
from dsv.model.tree import check_depth, compare
from dsv.plain import read_plain_text
from dsv.repo import Datasets, Repo, Tracked
from dsv.workspace.observe import Observation
from dsv.workspace.paths import is_git_file
from dsv.workspace.scan import under

_RUN = re.compile(
    r"(?:.*/)?(?:conftest\.py|(?:site|user)customize\.py|setup\.py|noxfile\.py|dodo\.py|fabfile\.py|wscript"
    r"|\.envrc|\.env|(?:gnu)?makefile|justfile|rakefile|snakefile|dockerfile|jenkinsfile|vagrantfile|procfile"
    r"|tox\.ini|setup\.cfg|pytest\.ini|pyproject\.toml|package\.json|\.pre-commit-config\.ya?ml|\.gitlab-ci\.yml"
    r"|\.(?:bash|z|k|c)shrc|\.bashrc|\.(?:bash_|z|)profile|\.npmrc|\.yarnrc(?:\.yml)?|\.pdbrc|\.gdbinit|\.vimrc|\.exrc"
    r"|[^/]+\.pth)|(?:.*/)?\.(?:github|circleci|husky|vscode|idea|devcontainer)/.*",
    re.IGNORECASE,
)
_IMPORTED = re.compile(r".*\.(?:py|pyc|pyd|so|sh)", re.IGNORECASE)
_AGREED = "agreed"


def is_executed(path: str) -> bool:
    """Whether a program executes a file in a workspace because of its name."""
    return _RUN.fullmatch(path) is not None


def check(
    repo: Repo,
    goal: Mapping[str, Tracked | None],
    looks: Mapping[str, Observation | None],
    own: Sequence[Datasets],
) -> None:
    """Check that the user agreed to every name in `goal` that programs execute and that is not there yet.

    Args:
        repo: The workspace; its `agree` is asked.
        goal: By path what shall be there.
        looks: By path what is there.
        own: Datasets that this workspace has, or had staged: those it made or agreed to.

    Raises:
        Refused: One is git's own, or the user did not agree; the message names it.
    """
    found: list[str] = []
    for path, new in goal.items():
        if new is None or looks[path] is not None or any(path in datasets for datasets in own):
            continue
        if is_git_file(path):
            raise Refused(
                f"{path} is a file of settings of git, which no dataset may be", hint=f"dsv rm {path}"
            )
        if not new.checkpoint.is_dir:
            found += [path] if is_executed(path) or _IMPORTED.fullmatch(path) else []
        else:
            found += _inside(repo, path, new.checkpoint.content)
    found = [path for path in found if path not in _agreed(repo)]
    if not found:
        return
    if repo.agree is None or not repo.agree(found):
        named = ", ".join(found[:5]) + (f" and {len(found) - 5} more" if len(found) > 5 else "")
        raise Refused(
            f"{named} would be written for the first time, and programs run files that are called so",
            hint="dsv checkout --yes REV, or dsv pull --yes, if you know what is in them",
        )
    with (repo.dot / _AGREED).open("a", encoding="utf-8") as file:
        file.writelines(f"{path}\n" for path in found)


def _inside(repo: Repo, shown: str, node: ObjectId) -> Iterator[str]:
    check_depth(f"{shown}/")
    for _, new in compare(None, node, repo.node):
        if new is None:
            continue
        path = under(shown, new.name)
        if new.kind == DIR:
            yield from _inside(repo, path, ObjectId(new.target))
        elif is_executed(path):
            yield path


def _agreed(repo: Repo) -> frozenset[str]:
    path: Path = repo.dot / _AGREED
    try:
        return frozenset(read_plain_text(path).splitlines())
    except (OSError, UnicodeDecodeError):
        return frozenset()
