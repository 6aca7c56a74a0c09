"""`remote`, `push`, `fetch`, `pull`, `clone URL`: two people and a folder that both can reach."""

import shutil
import sys
from pathlib import Path

import pytest

from dsv.runs.record import staging
from tests.cli.face_fixtures import Done, Face
from tests.real_git import git


class Person:
    """dsv in the workspace of one of several people."""

    def __init__(self, face: Face, folder: Path) -> None:
        self.face = face
        self.folder = folder

    def __call__(self, *arguments: str) -> Done:
        return self.face(*arguments, cwd=self.folder)

    def ok(self, *arguments: str) -> str:
        return self.face.ok(*arguments, cwd=self.folder)

    def write(self, name: str, text: str) -> None:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    def read(self, name: str) -> str:
        return (self.folder / name).read_text()

    def commit(self, name: str, text: str) -> str:
        """Write a dataset, commit it, and return the commit's id."""
        self.write(name, text)
        self.ok("add", name.partition("/")[0])
        self.ok("commit", "-m", f"{name}: {text}")
        return self.head

    @property
    def head(self) -> str:
        found = self.face.json("status", cwd=self.folder)["head"]
        assert isinstance(found, str)
        return found


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"file://{tmp_path}/remote"


@pytest.fixture
def ada(dsv: Face, url: str) -> Person:
    """Ada has pushed a file and a folder."""
    person = Person(dsv, dsv.folder)
    dsv.ok("remote", "add", "origin", url)
    person.write("a.csv", "x\n1\n")
    person.write("d/one.txt", "one")
    person.write("d/two.txt", "two")
    dsv.ok("add", "a.csv", "d")
    dsv.ok("commit", "-m", "first")
    dsv.ok("push")
    return person


@pytest.fixture
def ben(ada: Person, url: str, tmp_path: Path) -> Person:
    """Ben has cloned it."""
    ada.face.ok("clone", url, "ben", cwd=tmp_path)
    return Person(ada.face, tmp_path / "ben")


def test_a_clone_is_the_same(ada: Person, ben: Person) -> None:
    assert ben.head == ada.head
    assert ben.read("a.csv") == "x\n1\n"
    assert ben.read("d/two.txt") == "two"
    assert ben.ok("status").endswith("nothing to commit\n")
    assert "no damage" in ben.ok("fsck")


def test_pull_brings_what_others_pushed(ada: Person, ben: Person) -> None:
    ada.commit("a.csv", "x\n2\n")
    ada.ok("push")
    done = ben.face.json("pull", cwd=ben.folder)
    assert (done["written"], done["head"]) == (["a.csv"], ada.head)
    assert ben.read("a.csv") == "x\n2\n"
    assert ben.face.json("pull", cwd=ben.folder)["written"] == []


def test_a_push_of_a_small_commit_takes_seven_requests(ada: Person) -> None:
    for number in range(12):
        ada.commit("a.csv", f"x\n{number}\n")
        assert ada.face.json("push", cwd=ada.folder)["traffic"]["requests"] <= 7
    # One is a listing: what is up to date is so only if its packs are there.
    assert ada.face.json("push", cwd=ada.folder)["traffic"]["requests"] == 2


def test_a_push_over_others_is_refused(ada: Person, ben: Person) -> None:
    ada.commit("a.csv", "x\n2\n")
    ada.ok("push")
    ben.commit("d/three.txt", "three")
    assert ben.face.fails("push", code=4, cwd=ben.folder)["hint"] == "dsv pull, then push again"
    error = ben.face.fails("pull", code=4, cwd=ben.folder)
    assert error["hint"] == "dsv merge origin/main"
    ben.ok("merge", "origin/main")
    assert ben.read("a.csv") == "x\n2\n"
    ben.ok("push")
    ada.ok("pull")
    assert ada.read("d/three.txt") == "three"


def test_force_moves_only_what_was_seen(ada: Person, ben: Person) -> None:
    ada.commit("a.csv", "x\n2\n")
    ada.ok("push")
    ben.commit("a.csv", "x\n3\n")
    assert ben.face.fails("push", "--force", code=4, cwd=ben.folder)["kind"] == "ref-moved"
    ben.ok("fetch")
    ben.ok("push", "--force")
    assert ada.face.json("fetch", cwd=ada.folder)["branches"][0]["after"] == ben.head


def test_status_shows_ahead_and_behind(ada: Person, ben: Person) -> None:
    ada.commit("a.csv", "x\n2\n")
    assert ada.face.json("status", cwd=ada.folder)["remote"] == {"ahead": 1, "behind": 0}
    ada.ok("push")
    assert ada.face.json("status", cwd=ada.folder)["remote"] == {"ahead": 0, "behind": 0}
    ben.ok("fetch")
    assert ben.face.json("status", cwd=ben.folder)["remote"] == {"ahead": 0, "behind": 1}


def test_branches_and_tags(ada: Person, ben: Person) -> None:
    ada.ok("tag", "v1")
    ada.ok("checkout", "-b", "clean")
    commit = ada.commit("b.csv", "y\n1\n")
    ada.ok("push", "--all", "--tags")
    found = ben.face.json("fetch", cwd=ben.folder)
    assert [one["name"] for one in found["branches"]] == ["clean"]
    assert found["tags"] == ["v1"]
    ben.ok("checkout", "-b", "clean", "origin/clean")
    assert ben.head == commit
    assert ben.read("b.csv") == "y\n1\n"


def test_without_data_only_history_comes(ada: Person, url: str, tmp_path: Path) -> None:
    commit = ada.commit("a.csv", "x\n2\n")
    ada.ok("push")
    ada.face.ok("clone", url, "ben", "--no-data", cwd=tmp_path)
    ben = Person(ada.face, tmp_path / "ben")
    assert ben.head == commit
    status = ben.face.json("status", cwd=ben.folder)
    assert status["absent"] == ["a.csv", "d"]
    assert len(ben.ok("log", "--oneline").splitlines()) == 2
    assert "no damage" in ben.ok("fsck")
    assert ben.face.json("fsck", cwd=ben.folder)["ok"]
    assert ben.ok("cat", "a.csv@HEAD~1") == "x\n1\n"
    assert not (ben.folder / "a.csv").exists()
    ben.ok("pull", "a.csv")
    assert ben.read("a.csv") == "x\n2\n"
    assert ben.face.json("status", cwd=ben.folder)["absent"] == ["d"]
    assert ben.face.json("pull", ".", cwd=ben.folder)["written"] == ["d"]


def test_clone_of_one_dataset(ada: Person, url: str, tmp_path: Path) -> None:
    ada.face.ok("clone", url, "ben", "--path", "d", cwd=tmp_path)
    ben = Person(ada.face, tmp_path / "ben")
    assert not (ben.folder / "a.csv").exists()
    assert ben.read("d/one.txt") == "one"
    assert ben.face.json("status", cwd=ben.folder)["absent"] == ["a.csv"]


def test_clone_of_a_version(ada: Person, url: str, tmp_path: Path) -> None:
    ada.ok("tag", "v1")
    ada.commit("a.csv", "x\n2\n")
    ada.ok("push", "--tags")
    ada.face.ok("clone", url, "ben", "--rev", "v1", cwd=tmp_path)
    ben = Person(ada.face, tmp_path / "ben")
    assert ben.read("a.csv") == "x\n1\n"
    assert ben.face.json("status", cwd=ben.folder)["branch"] is None


def test_a_partial_clone_can_push(ada: Person, url: str, tmp_path: Path) -> None:
    ada.face.ok("clone", url, "ben", "--no-data", cwd=tmp_path)
    ben = Person(ada.face, tmp_path / "ben")
    ben.commit("c.csv", "z\n1\n")
    ben.ok("push")
    ada.ok("pull")
    assert ada.read("c.csv") == "z\n1\n"
    # Another remote has not got what ben never fetched.
    ben.ok("remote", "add", "other", f"file://{tmp_path}/other")
    error = ben.face.fails("push", "other", code=3, cwd=ben.folder)
    assert "neither here nor on remote other" in error["message"]
    assert any(name in error["message"] for name in ("a.csv", "d/one.txt", "d/two.txt"))


def test_a_git_clone_gets_its_store(ada: Person, tmp_path: Path) -> None:
    for command in (["pull"], ["checkout", "--locked"], ["fetch"]):
        folder = tmp_path / command[0]
        folder.mkdir()
        for name in ("dsv.toml", "dsv.lock"):
            shutil.copy(ada.folder / name, folder / name)
        ben = Person(ada.face, folder)
        ben.ok(*command)
        assert ben.head == ada.head
        assert (folder / "a.csv").exists() == (command != ["fetch"])
        shutil.rmtree(folder)


def test_a_lock_that_nobody_pushed(ada: Person, tmp_path: Path) -> None:
    ada.commit("a.csv", "x\n2\n")
    folder = tmp_path / "ben"
    folder.mkdir()
    for name in ("dsv.toml", "dsv.lock"):
        shutil.copy(ada.folder / name, folder / name)
    error = ada.face.fails("pull", code=3, cwd=folder)
    assert error["hint"] == "somebody has not run `dsv push`"


def test_pull_follows_git(ada: Person, ben: Person) -> None:
    ada.commit("a.csv", "x\n2\n")
    ada.ok("push")
    shutil.copy(ada.folder / "dsv.lock", ben.folder / "dsv.lock")  # as `git pull` does
    ben.ok("pull")
    assert ben.read("a.csv") == "x\n2\n"
    assert ben.face.json("status", cwd=ben.folder)["branch"] == "main"


def test_drop_gives_up_what_the_remote_has(ada: Person) -> None:
    ada.commit("big.bin", "b" * 5000)
    assert ada.face.fails("drop", "big.bin@HEAD", code=3, cwd=ada.folder)
    ada.ok("push")
    ada.ok("drop", "big.bin")
    ada.ok("drop", "big.bin@HEAD")
    ada.ok("gc", "--now", "--keep", "0")
    assert ada.ok("cat", "big.bin@HEAD") == "b" * 5000
    ada.ok("pull", "big.bin")
    assert ada.read("big.bin") == "b" * 5000


def test_remotes_are_written_into_the_settings(dsv: Face) -> None:
    dsv.ok("remote", "add", "origin", "s3://bucket/trips", "--region", "eu-central-1")
    dsv.ok("remote", "add", "disk", "file:///mnt/x", "--default")
    found = {one["name"]: one for one in dsv.json("remote", "list")["remotes"]}
    assert found["origin"]["region"] == "eu-central-1"
    assert found["disk"]["default"]
    assert dsv.fails("remote", "add", "disk", "file:///mnt/x", code=3)["kind"] == "refused"
    assert dsv.fails("remote", "add", "other", "s3://key:secret@bucket/x", code=3)["kind"] == "bad-config"
    assert dsv.fails("remote", "add", "a/b", "file:///mnt/x", code=3)["kind"] == "refused"
    dsv.ok("remote", "remove", "disk")
    assert [one["name"] for one in dsv.json("remote")["remotes"]] == ["origin"]
    assert dsv.fails("remote", "remove", "disk", code=3)["kind"] == "not-found"


def test_mistakes_are_told(dsv: Face, url: str, tmp_path: Path) -> None:
    assert dsv.fails("push", code=3)["kind"] == "refused"
    (dsv.folder / "a.csv").write_text("x\n1\n")
    dsv.ok("add", "a.csv")
    dsv.ok("commit", "-m", "first")
    assert dsv.fails("push", code=3)["hint"] == "dsv remote add origin URL"
    dsv.ok("remote", "add", "origin", url)
    assert dsv.fails("push", "nowhere", code=3)["kind"] == "not-found"
    assert dsv.fails("push", "origin", "nothing", code=3)["kind"] == "not-found"
    assert dsv.fails("fetch", code=3)["kind"] == "not-found"
    (tmp_path / "remote").mkdir()
    assert dsv.fails("fetch", code=5)["hint"] == "dsv push origin"
    assert dsv.fails("pull", code=5)["kind"] == "storage"
    assert dsv.fails("clone", f"file://{tmp_path}/none", "new", code=3, cwd=tmp_path)["kind"] == "not-found"
    assert not (tmp_path / "new").exists()


def test_garbage_of_a_remote(ada: Person, url: str, tmp_path: Path) -> None:
    ada.commit("big.bin", "b" * 50_000)
    ada.ok("push")
    ada.ok("undo")
    ada.ok("fetch")
    ada.ok("push", "--force")
    assert ada.face.json("fsck", "--remote", "origin", cwd=ada.folder)["ok"]
    plan = ada.face.json("gc", "--remote", "origin", "--dry-run", cwd=ada.folder)
    assert plan["condemned"]
    assert plan["deleted"] == []
    first = ada.face.json("gc", "--remote", "origin", cwd=ada.folder)
    assert first["condemned"] == plan["condemned"]
    assert [name for name in first["deleted"] if name.startswith("packs/")] == []
    ada.ok("fsck", "--remote", "origin", "--full")
    second = ada.face.json("gc", "--remote", "origin", "--now", cwd=ada.folder)
    assert len([name for name in second["deleted"] if name.startswith("packs/")]) == len(plan["condemned"])
    left = ada.face.json("fsck", "--remote", "origin", "--full", cwd=ada.folder)["findings"]
    assert [one for one in left if one["what"] != "file"] == []
    ada.face.ok("clone", url, "ben", cwd=tmp_path)
    assert (tmp_path / "ben" / "a.csv").read_text() == "x\n1\n"
    ada.commit("big.bin", "b" * 50_000)
    ada.ok("push")
    assert ada.face.json("fsck", "--remote", "origin", "--full", cwd=ada.folder)["ok"]


def test_damage_of_a_remote_is_found(ada: Person, tmp_path: Path) -> None:
    ada.commit("big.bin", "b" * 50_000)
    ada.ok("push")
    packs = sorted((tmp_path / "remote" / "packs").glob("*/*.pack"), key=lambda path: path.stat().st_size)
    data = bytearray(packs[-1].read_bytes())
    data[100] ^= 1
    packs[-1].chmod(0o644)
    packs[-1].write_bytes(data)
    assert ada.face.json("fsck", "--remote", "origin", cwd=ada.folder)["ok"]
    found = ada.face.json("fsck", "--remote", "origin", "--full", code=6, cwd=ada.folder)
    assert {one["damage"] for one in found["findings"]} >= {"id", "checksum"}
    packs[-1].unlink()
    found = ada.face.json("fsck", "--remote", "origin", code=6, cwd=ada.folder)
    assert [one["damage"] for one in found["findings"]] == ["missing"]
    assert ada.face.fails("fsck", "--full", code=2, cwd=ada.folder)


def _flip(path: Path, at: int) -> None:
    data = bytearray(path.read_bytes())
    data[at] ^= 1
    path.chmod(0o644)
    path.write_bytes(data)


def test_repair_brings_anew_what_is_damaged_here(ada: Person) -> None:
    text = "".join(f"{number}\n" for number in range(60_000))
    ada.commit("big.txt", text)
    ada.ok("push")
    ada.commit("mine.txt", "nobody else has it\n" * 500)
    store = ada.folder / ".dsv" / "packs"
    shared = max(store.glob("*/*.pack"), key=lambda path: path.stat().st_size)
    _flip(shared, 9999)
    assert "checksum" in ada("fsck").out
    done = ada.ok("fsck", "--repair")
    assert f"healed  pack {shared.stem[:8]}" in done
    assert "no damage" in done
    assert ada.face.json("fsck", cwd=ada.folder)["findings"][0]["damage"] == "garbage"
    assert ada.face.json("fsck", "--repair", cwd=ada.folder)["healed"] == []
    assert ada("cat", "big.txt@HEAD").raw.decode() == text
    ada.ok("gc", "--now")
    assert not shared.exists()
    assert ada.face.json("fsck", cwd=ada.folder)["findings"] == []
    # A pack that went away, history as well as data.
    for kind in ("commit", "data"):
        ada.commit("d/new.txt", kind)
        ada.ok("push")
        newest = sorted(store.glob("*/*.pack"), key=lambda path: path.stat().st_mtime_ns)[-2:]
        for pack in newest:
            pack.unlink()
        healed = ada.face.json("fsck", "--repair", cwd=ada.folder)
        assert healed["ok"]
        assert {one["pack"] for one in healed["healed"]} == {pack.stem for pack in newest}
        assert sum(one["brought"] for one in healed["healed"]) > 0


def test_repair_of_what_nobody_else_has(ada: Person) -> None:
    ada.commit("mine.txt", "nobody else has it\n" * 500)
    packs = sorted((ada.folder / ".dsv" / "packs").glob("*/*.pack"), key=lambda path: path.stat().st_mtime_ns)
    for pack in packs:
        _flip(pack, 40)
    found = ada.face.json("fsck", "--repair", code=6, cwd=ada.folder)
    assert not found["ok"]
    assert found["findings"]
    assert all(pack.exists() for pack in packs)  # what is corrupt is never deleted
    assert ada.face.fails("fsck", "--repair", "--remote", "origin", code=2, cwd=ada.folder)


def test_repair_writes_indexes_anew(ada: Person) -> None:
    for path in (ada.folder / ".dsv" / "index").glob("*.arrow"):
        _flip(path, path.stat().st_size // 3)
    healed = ada.face.json("fsck", "--repair", cwd=ada.folder)
    assert healed["ok"]
    assert [one["pack"] for one in healed["healed"]] == [None]
    ada.ok("checkout", "--force", "HEAD")
    for path in (ada.folder / ".dsv" / "index").glob("*.arrow"):
        path.unlink()
    assert "the indexes" in ada.ok("fsck", "--repair")
    assert ada.ok("cat", "a.csv@HEAD") == "x\n1\n"


@pytest.mark.skipif(sys.platform != "linux", reason="capturing needs Linux")
def test_a_run_beside_a_lock_file_is_pushed(ada: Person, url: str, tmp_path: Path) -> None:
    ada.write("requirements.txt", "pandas==2.0\n")
    ada.ok("run", "--", "sh", "-c", "cat a.csv > b.csv")
    ada.ok("commit", "-m", "made")
    ada.ok("push")
    ada.ok("fsck")
    ada.ok("fsck", "--remote", "origin", "--full")
    ben = tmp_path / "ben"
    ada.face.ok("clone", url, str(ben), cwd=tmp_path)
    assert (ben / "b.csv").read_text() == ada.read("b.csv")
    ada.face.ok("fsck", cwd=ben)


@pytest.mark.skipif(sys.platform != "linux", reason="capturing needs Linux")
def test_a_lock_file_that_is_only_named_stops_no_push(
    ada: Person, url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:  # as versions before recorded it
        patch.setattr(staging, "ingest", lambda *_: None)
        ada.write("requirements.txt", "pandas==2.0\n")
        ada.ok("run", "--", "sh", "-c", "cat a.csv > b.csv")
    ada.ok("commit", "-m", "made")
    ada.ok("fsck")
    ada.ok("push")
    ada.ok("fsck", "--remote", "origin", "--full")
    ada.face.ok("clone", url, str(tmp_path / "ben"), cwd=tmp_path)


@pytest.mark.parametrize(
    "command",
    [["verify", "--level", "hashes"], ["status"], ["fetch"], ["checkout", "--locked"], ["pull"], ["init"]],
)
def test_git_goes_on_ignoring_data_that_is_absent(ada: Person, tmp_path: Path, command: list[str]) -> None:
    ben = _git_clone(ada, tmp_path / "ben")
    before = ben.read(".gitignore")
    assert "/a.csv" in before
    assert "/d" in before
    ben(*command)
    assert ben.read(".gitignore") == before
    ben.ok("checkout", "--locked")
    assert ben.read(".gitignore") == before


def _git_clone(ada: Person, folder: Path) -> Person:
    """Return a clone by git of Ada's workspace: it has no store, and no data."""
    for command in (
        ["init", "-q", "-b", "main"],
        ["add", "dsv.toml", "dsv.lock"],
        ["commit", "-q", "-m", "first"],
    ):
        git(ada.folder, *command)
    ada.write("more.csv", "x\n1\n")
    ada.ok("add", "more.csv")
    ada.ok("commit", "-m", "more")
    ada.ok("push")
    git(ada.folder, "add", ".gitignore", "dsv.lock")
    git(ada.folder, "commit", "-q", "-m", "more")
    git(ada.folder.parent, "clone", "-q", str(ada.folder), str(folder))
    return Person(ada.face, folder)


def test_a_branch_that_only_the_remote_has_is_made_on_checkout(ada: Person, ben: Person) -> None:
    ada.ok("checkout", "-b", "month4")
    ada.commit("a.csv", "x\n4\n")
    ada.ok("push")
    assert ben("checkout", "month4").code == 3
    ben.ok("fetch")
    done = ben("checkout", "month4")
    assert done.code == 0
    assert "made branch month4 at origin/month4" in done.out + done.err
    assert ben.read("a.csv") == "x\n4\n"
    found = ben.face.json("status", cwd=ben.folder)
    assert (found["branch"], found["head"]) == ("month4", ada.head)
    assert found["remote"] == {"ahead": 0, "behind": 0}


def test_branches_of_remotes_are_listed(ben: Person) -> None:
    def names(*arguments: str) -> list[str]:
        return [one["name"] for one in ben.face.json("branch", *arguments, cwd=ben.folder)["branches"]]

    assert (names(), names("-a"), names("-r")) == (["main"], ["main", "origin/main"], ["origin/main"])
    assert ben("branch", "-r", "new").code == 2


def test_a_new_branch_has_nothing_to_push_that_the_remote_has_already(ada: Person) -> None:
    ada.ok("checkout", "-b", "fix")
    assert ada.face.json("status", cwd=ada.folder)["remote"] == {"ahead": 0, "behind": 0}
    ada.commit("a.csv", "x\n2\n")
    assert ada.face.json("status", cwd=ada.folder)["remote"] == {"ahead": 1, "behind": 0}


def test_absent_data_is_told_and_how_to_bring_it(ada: Person, tmp_path: Path) -> None:
    ben = _git_clone(ada, tmp_path / "ben")
    assert "dsv pull" in ben("status").err
    ben.ok("pull", "a.csv")
    done = ben("pull")
    assert "2 datasets absent" in done.out + done.err
    assert "dsv pull ." in done.err
    assert "dsv pull ." in ben("status").err
    assert ben.face.json("pull", cwd=ben.folder)["absent"] == ["d", "more.csv"]
    ben.ok("pull", ".")
    assert ben.read("d/one.txt") == "one"
    assert "absent" not in ben("status").err
    assert ben.face.json("pull", cwd=ben.folder)["absent"] == []


@pytest.mark.parametrize("first", [["status"], ["init"], ["verify", "--level", "hashes"], ["fetch"]])
def test_pull_brings_the_data_of_a_git_clone_whatever_came_before(
    ada: Person, tmp_path: Path, first: list[str]
) -> None:
    ben = _git_clone(ada, tmp_path / "ben")
    ben(*first)
    ben.ok("pull")
    assert ben.head == ada.head
    assert ben.read("more.csv") == "x\n1\n"
