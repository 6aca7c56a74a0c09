"""The one door to the git program: dsv asks it, and nothing that a repository says runs a program.

The settings of a repository (`.git/config`, `.gitattributes`) are a stranger's wherever an archive or a shared disk
brought them. Git runs programs that they name: file system monitors, hooks, filters, text converters, pagers,
transports, signature checkers. All of them are off here, whatever the settings say; the words of `git` that dsv uses
only read. What git cannot be kept from doing is not asked of it: see `dsv.worktree.git_blobs`.
"""

import shlex
import subprocess
from collections.abc import Collection
from contextlib import suppress
from pathlib import Path
from threading import Thread

from dsv.errors import Refused
from dsv.worktree import git_pipes

_VARIABLES = (
    "GIT_ALLOW_PROTOCOL=none",  # a clone that lacks objects would fetch them, by whatever its remote names
    "GIT_NO_LAZY_FETCH=1",
    "GIT_OPTIONAL_LOCKS=0",
    "GIT_TERMINAL_PROMPT=0",
)
"""They go by way of `env`, since a variable of git's counts for the programs that it starts, too."""

_SETTINGS = (
    "core.fsmonitor=false",
    "core.hooksPath=/dev/null",
    "core.pager=cat",
    "core.sshCommand=false",
    "core.editor=false",
    "core.alternateRefsCommand=false",
    "credential.helper=",
    "diff.external=",
    "gpg.program=false",
    "gpg.ssh.program=false",
    "gpg.x509.program=false",
    "log.showSignature=false",
    "protocol.allow=never",
    "safe.bareRepository=explicit",  # a folder of data that looks like a repository is none
    "status.submoduleSummary=false",
    "submodule.recurse=false",
)
_FILTER = ("clean", "smudge", "process")
_NOT_INSTALLED = 127
_PATIENCE = 4
"""Seconds after which dsv looks for what git may be waiting for; again after twice as many, and so on."""

_LONGEST = 900
"""Seconds after which no answer is expected any more."""

_NOTHING_FOUND = 1


class NoGit(Exception):
    """Git is not installed."""


def ask(
    root: Path, *words: str, given: bytes = b"", good: Collection[int] = (0,), unfiltered: bool = False
) -> bytes:
    """Return what git answers in the folder `root`.

    Args:
        root: Where it is asked.
        words: What it is asked, without `git`.
        given: Its standard input.
        good: The exit codes of an answer.
        unfiltered: Whether the question makes git look into files of the working tree: then the filters that any
            settings name are off, and a file that was written by one looks changed.

    Raises:
        NoGit: It is not installed.
        Refused: It does not answer, with what it says.
    """
    settings = [*_SETTINGS, *(_unfiltered(root) if unfiltered else ())]
    done = _run(root, settings, words, given)
    if done.returncode in good:
        return done.stdout
    said = done.stderr.decode("utf-8", "replace").strip().partition("\n")[0]
    raise Refused(
        f"git does not answer in {root}: {said or f'git {words[0]} ended with {done.returncode}'}",
        hint="git status shows whether git works there",
    )


def fields(answer: bytes) -> list[str]:
    """Return the parts of an answer that end with a zero byte each; bytes that are not UTF-8 are kept as surrogates."""
    return [part for part in answer.decode("utf-8", "surrogateescape").split("\0") if part]


def filters(root: Path) -> frozenset[str]:
    """Return the names of the filters that any settings define in the repository around `root`; raises as `ask`."""
    words = ("config", "-z", "--name-only", "--get-regexp", r"^filter\.")
    done = _run(root, _SETTINGS, words, b"")
    if done.returncode not in (0, _NOTHING_FOUND):
        raise Refused(
            f"git does not tell its settings in {root}: {done.stderr.decode('utf-8', 'replace').strip()}",
            hint="git config --list shows them",
        )
    return frozenset(key.removeprefix("filter.").rpartition(".")[0] for key in fields(done.stdout))


def _unfiltered(root: Path) -> list[str]:
    """Return the settings that turn all filters off."""
    found = []
    for name in sorted(filters(root)):
        if "=" in name or "\n" in name:
            raise Refused(
                f"git's settings in {root} define a filter called {name!r}, which cannot be turned off",
                hint="git config --show-origin --get-regexp ^filter shows where",
            )
        found += [f"filter.{name}.{key}=" for key in _FILTER] + [f"filter.{name}.required=false"]
    return found


def _run(
    root: Path, settings: Collection[str], words: Collection[str], given: bytes
) -> "subprocess.CompletedProcess[bytes]":
    options = [word for setting in settings for word in ("-c", setting)]
    command = ["env", *_VARIABLES, "git", "--no-pager", "--no-optional-locks", *options, *words]
    pipe = subprocess.PIPE
    try:
        started = subprocess.Popen(
            command, cwd=root, stdin=pipe if given else subprocess.DEVNULL, stdout=pipe, stderr=pipe
        )
    except OSError as error:
        raise NoGit from error
    with started:
        try:
            _feed(started, given)
            out, said = _answered(started, root)
        except BaseException:
            started.kill()
            raise
    if started.returncode == _NOT_INSTALLED:
        raise NoGit
    return subprocess.CompletedProcess(command, started.returncode, out, said)


def _feed(git: "subprocess.Popen[bytes]", given: bytes) -> None:
    """Write to git's standard input beside what waits for its answer: `communicate` loses the rest where it waits twice."""
    stdin, git.stdin = git.stdin, None
    if stdin is None:
        return

    def write() -> None:
        with suppress(BrokenPipeError), stdin:
            stdin.write(given)

    Thread(target=write, daemon=True).start()


def _answered(git: "subprocess.Popen[bytes]", root: Path) -> tuple[bytes, bytes]:
    """Return what git writes to its standard output and error, once it has ended.

    Git waits for ever where a file that it reads is a pipe; that is looked for only when it takes long.

    Raises:
        Refused: It waits for a pipe, or does not come to an end.
    """
    waited, patience = 0, _PATIENCE
    while True:
        try:
            return git.communicate(timeout=patience)
        except subprocess.TimeoutExpired:
            waited += patience
        if (pipe := git_pipes.find(root)) is not None:
            raise Refused(
                f"{pipe} is a pipe or a device, and git waits for what comes out of it",
                hint=f"ls -l {shlex.quote(str(pipe))}",
            )
        if waited >= _LONGEST:
            raise Refused(f"git has not answered for {_LONGEST // 60} minutes in {root}")
        patience = min(2 * patience, _LONGEST - waited)
