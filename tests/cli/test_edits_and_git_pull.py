"""Data that is not committed when `git pull` brings another dsv.lock: each way that a hint names leads out."""

import subprocess
from pathlib import Path

import pytest

from tests.cli.face_fixtures import Face

FIRST, THEIRS, MINE = "x\n1\n", "x\n2\n", "x\nmine\n"


class Team:
    """Ada and Bob, each with a clone of one git repository and of one remote of dsv."""

    def __init__(self, face: Face, top: Path) -> None:
        self.face = face
        self.top = top
        self.ada, self.bob = top / "ada", top / "bob"
        self.git(top, "init", "-q", "--bare", "-b", "main", "hub.git")
        self.git(top, "clone", "-q", "hub.git", "ada")
        self.git(self.ada, "symbolic-ref", "HEAD", "refs/heads/main")
        for name in ("a.csv", "b.csv"):
            (self.ada / name).write_text(FIRST)
        (self.ada / "folder").mkdir()
        for name in "xyz":
            (self.ada / "folder" / name).write_text("1")
        self.mine("init")
        self.mine("add", "a.csv", "b.csv", "folder")
        self.mine("commit", "-m", "one")
        self.mine("remote", "add", "origin", f"file://{top}/store")
        self.mine("push")
        self.git(self.ada, "add", "-A")
        self.git(self.ada, "commit", "-q", "-m", "one")
        self.git(self.ada, "push", "-q", "-u", "origin", "main")
        self.git(top, "clone", "-q", "hub.git", "bob")
        self.theirs("pull")

    def git(self, folder: Path, *words: str, code: int = 0) -> str:
        settings = ("-c", "user.name=x", "-c", "user.email=x@x", "-c", "pull.rebase=false")
        done = subprocess.run(
            ("git", *settings, *words), cwd=folder, capture_output=True, text=True, check=False
        )
        assert done.returncode == code, done.stderr
        return done.stdout

    def mine(self, *words: str) -> str:
        return self.face.ok(*words, cwd=self.ada)

    def theirs(self, *words: str) -> str:
        return self.face.ok(*words, cwd=self.bob)

    def refused(self, *words: str, code: int = 3) -> str:
        """Run what Ada cannot do; return the hint."""
        hint = self.face.fails(*words, code=code, cwd=self.ada)["hint"]
        assert isinstance(hint, str)
        return hint

    def bob_gives(self, name: str, text: str, *, push: bool = True) -> None:
        (self.bob / name).write_text(text)
        self.theirs("add", name)
        self.theirs("commit", "-m", f"other {name}")
        if push:
            self.theirs("push")
        self.git(self.bob, "commit", "-q", "-a", "-m", "two")
        self.git(self.bob, "push", "-q")

    def edit(self, name: str = "a.csv", text: str = MINE) -> None:
        (self.ada / name).write_text(text)

    def read(self, name: str = "a.csv") -> str:
        return (self.ada / name).read_text()

    def pull_git(self, *, code: int = 0) -> None:
        self.git(self.ada, "pull", "-q", code=code)

    def lock(self) -> str:
        return (self.ada / "dsv.lock").read_text()

    def status(self) -> dict[str, object]:
        return self.face.json("status", cwd=self.ada)

    def ended(self) -> None:
        """Check that HEAD, `dsv.lock` and the working tree agree, and that both remotes take it."""
        found = self.status()
        assert (found["lock"], found["staged"], found["unstaged"]) == ("match", [], [])
        assert found["branch"] == "main"
        self.mine("push")
        self.mine("fsck")


@pytest.fixture
def team(outside: Face, tmp_path: Path) -> Team:
    return Team(outside, tmp_path)


def test_an_edit_of_another_dataset_is_carried_over(team: Team) -> None:
    team.bob_gives("b.csv", THEIRS)
    team.edit()
    team.pull_git()
    for words in (("commit", "-am", "mine"), ("add", "a.csv"), ("merge", "main"), ("mv", "a.csv", "c.csv")):
        assert team.refused(*words) == "dsv pull"
    assert "hint: dsv pull\n" in team.face("status", cwd=team.ada).err
    team.mine("pull")
    assert (team.read(), team.read("b.csv")) == (MINE, THEIRS)
    team.mine("commit", "-am", "mine")
    team.ended()


def test_what_is_staged_is_carried_over_and_stays_staged(team: Team) -> None:
    team.bob_gives("b.csv", THEIRS)
    team.edit()
    team.edit("new.csv")
    team.mine("add", "a.csv", "new.csv")
    team.pull_git()
    team.mine("pull")
    staged = team.face.json("status", cwd=team.ada)["staged"]
    assert [(one["path"], one["change"]) for one in staged] == [("a.csv", "modified"), ("new.csv", "added")]
    assert (team.read(), team.read("new.csv"), team.read("b.csv")) == (MINE, MINE, THEIRS)
    team.mine("commit", "-m", "mine")
    team.ended()


@pytest.mark.parametrize("command", ["pull", "checkout --locked", "merge origin/main"])
@pytest.mark.parametrize("staged", [False, True])
def test_the_same_dataset_committed_and_merged(team: Team, command: str, staged: bool) -> None:
    team.bob_gives("a.csv", THEIRS)
    team.edit()
    team.pull_git()
    team.mine("fetch")
    if staged:
        team.mine("add", "a.csv")
    named = team.lock()
    hint = team.refused(*command.split())
    assert "commit -" in hint
    assert team.read() == MINE
    said = team.face("commit", "-am", "mine", cwd=team.ada)
    assert said.code == 0
    assert "next: dsv merge origin/main" in said.err
    assert team.lock() == named, "the lock names what is to be merged until it is"
    assert team.refused("run", "--", "true") == "dsv merge origin/main"
    assert team.refused("pull", code=4) == "dsv merge origin/main"
    assert "dsv merge origin/main --ours a.csv, or --theirs a.csv" in team.refused(
        "merge", "origin/main", code=4
    )
    team.mine("merge", "origin/main", "--ours", "a.csv")
    assert team.read() == MINE
    team.ended()
    assert team.face("cat", "a.csv@origin/main", cwd=team.ada).out == MINE
    assert team.face("log", cwd=team.ada).out.count("other a.csv") == 1


def test_the_same_dataset_thrown_away(team: Team) -> None:
    team.bob_gives("a.csv", THEIRS)
    team.edit()
    team.pull_git()
    assert "dsv restore a.csv, then dsv pull" in team.refused("pull")
    named = team.lock()
    for _ in range(2):
        team.mine("restore", "a.csv")
        assert (team.read(), team.lock()) == (FIRST, named)
        team.mine("undo")
        assert (team.read(), team.lock()) == (MINE, named)
    team.mine("restore", "a.csv")
    team.mine("pull")
    assert team.read() == THEIRS
    team.ended()


def test_a_commit_taken_back_leaves_the_lock_to_git(team: Team) -> None:
    team.bob_gives("a.csv", THEIRS)
    team.edit()
    team.pull_git()
    team.mine("fetch")
    named = team.lock()
    team.mine("commit", "-am", "mine")
    team.mine("undo")
    assert (team.read(), team.lock()) == (MINE, named)
    assert "dsv restore a.csv" in team.refused("pull")


def test_the_same_dataset_unstaged_and_thrown_away(team: Team) -> None:
    team.bob_gives("a.csv", THEIRS)
    team.edit()
    team.mine("add", "a.csv")
    team.pull_git()
    assert "dsv restore --staged a.csv, then dsv pull" in team.refused("pull")
    team.mine("restore", "--staged", "a.csv")
    assert "dsv restore a.csv, then dsv pull" in team.refused("pull")
    team.mine("restore", "a.csv")
    team.mine("pull")
    assert team.read() == THEIRS
    team.ended()


def test_two_files_of_one_folder_are_merged(team: Team) -> None:
    team.bob_gives("folder/x", "theirs")
    team.edit("folder/y", "mine")
    team.pull_git()
    assert "dsv commit -am MESSAGE" in team.refused("pull")
    team.mine("commit", "-am", "mine")
    team.mine("merge", "origin/main")
    assert (team.read("folder/x"), team.read("folder/y")) == ("theirs", "mine")
    team.ended()


def test_an_untracked_file_where_git_brought_a_dataset(team: Team) -> None:
    team.bob_gives("new.csv", THEIRS)
    team.edit("new.csv")
    team.git(team.ada, "config", "core.excludesFile", str(team.ada / ".git" / "none"))
    team.pull_git()
    assert "move new.csv away, then dsv pull" in team.refused("pull")
    team.mine("add", "new.csv")
    team.mine("commit", "-m", "mine")
    team.mine("merge", "origin/main", "--theirs", "new.csv")
    assert team.read("new.csv") == THEIRS
    assert team.face("cat", "new.csv@HEAD~1", cwd=team.ada).out in (MINE, THEIRS)
    team.ended()


def test_commits_here_and_a_lock_of_theirs(team: Team) -> None:
    """As after `git checkout dsv.lock; git pull`, for git does not pull over a dsv.lock that dsv wrote."""
    team.bob_gives("b.csv", THEIRS)
    team.edit()
    team.mine("commit", "-am", "mine")
    team.git(team.ada, "checkout", "dsv.lock")
    team.pull_git()
    team.edit("a.csv", "x\nmore\n")
    assert team.refused("pull", code=4) == "dsv merge origin/main"
    team.mine("commit", "-am", "more")
    team.mine("merge", "origin/main")
    assert (team.read(), team.read("b.csv")) == ("x\nmore\n", THEIRS)
    team.ended()


@pytest.mark.parametrize("staged", [False, True])
def test_a_conflict_in_the_lock_and_an_edit(team: Team, staged: bool) -> None:
    team.bob_gives("a.csv", THEIRS)
    team.edit("b.csv")
    team.mine("commit", "-am", "mine")
    team.git(team.ada, "commit", "-q", "-a", "-m", "mine")
    team.pull_git(code=1)
    team.mine("fetch")
    team.edit("a.csv")
    if staged:
        team.mine("add", "a.csv")
    conflict = team.lock()
    assert "dsv commit -" in team.refused("merge")
    said = team.face("commit", "-am", "edit", cwd=team.ada)
    assert (said.code, team.lock()) == (0, conflict)
    assert "next: dsv merge\n" in said.err
    team.refused("merge", code=4)
    team.mine("merge", "--ours", "a.csv")
    assert (team.read(), team.read("b.csv")) == (MINE, MINE)
    team.git(team.ada, "commit", "-q", "-a", "-m", "merged")
    team.ended()


def test_an_older_lock_still_refuses_to_commit(team: Team) -> None:
    team.edit("b.csv", THEIRS)
    team.mine("commit", "-am", "two")
    team.git(team.ada, "commit", "-q", "-a", "-m", "two")
    team.git(team.ada, "checkout", "-q", "HEAD~1")
    team.edit("b.csv")
    assert team.refused("commit", "-am", "mine") == "dsv checkout --locked"
    assert "go back with git checkout" in team.refused("checkout", "--locked")
    team.git(team.ada, "checkout", "-q", "main")
    team.mine("commit", "-am", "mine")
    assert team.read("b.csv") == MINE
    team.ended()


def test_their_push_is_missing(team: Team) -> None:
    team.bob_gives("a.csv", THEIRS, push=False)
    team.edit()
    team.pull_git()
    assert team.refused("commit", "-am", "mine") == "dsv pull"
    assert "dsv checkout HEAD goes on" in team.refused("pull")
    team.mine("checkout", "HEAD")
    assert team.read() == MINE
    team.mine("commit", "-am", "mine")
    team.ended()
