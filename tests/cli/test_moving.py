"""checkout, restore, undo, oplog, merge, branch, tag, diff."""

import subprocess
from pathlib import Path

import pytest

from tests.cli.face_fixtures import Face

FIRST = "a,b\n1,x\n2,y\n"
SECOND = "a,b\n1,x\n2,y\n3,z\n"


def trips(dsv: Face) -> Path:
    return dsv.folder / "trips.csv"


@pytest.fixture
def dsv2(dsv: Face) -> Face:
    """Two commits of one file."""
    trips(dsv).write_text(FIRST, encoding="utf-8")
    dsv.ok("add", "trips.csv")
    dsv.ok("commit", "-m", "first")
    dsv.ok("tag", "v1")
    trips(dsv).write_text(SECOND, encoding="utf-8")
    dsv.ok("commit", "-am", "second")
    return dsv


def test_branches(dsv2: Face) -> None:
    made = dsv2.json("branch", "fix", "main~1")["branches"]
    assert [(one["name"], one["current"]) for one in made] == [("fix", False)]
    assert [one["name"] for one in dsv2.json("branch")["branches"]] == ["fix", "main"]
    assert dsv2.ok("branch").splitlines()[1].startswith("* main  ")
    assert dsv2.fails("branch", "fix", code=3)["kind"] == "refused"
    assert dsv2.fails("branch", "a b", code=3)["kind"] == "refused"
    assert dsv2.fails("branch", "-d", "main", code=3)["kind"] == "refused"
    dsv2.ok("branch", "-d", "fix")
    assert dsv2.fails("branch", "-d", "fix", code=3)["kind"] == "not-found"
    dsv2.fails("branch", "-d", code=2)


def test_tags(dsv2: Face) -> None:
    assert [one["name"] for one in dsv2.json("tag")["tags"]] == ["v1"]
    dsv2.ok("tag", "v2")
    dsv2.ok("tag", "-d", "v1")
    assert dsv2.ok("tag").startswith("v2  ")
    assert dsv2.fails("tag", "v3", "nowhere", code=3)["kind"] == "not-found"


def test_checkout_of_a_tag_and_back(dsv2: Face) -> None:
    document = dsv2.json("checkout", "v1")
    assert (document["branch"], document["written"]) == (None, ["trips.csv"])
    assert trips(dsv2).read_text(encoding="utf-8") == FIRST
    trips(dsv2).write_text("a,b\n", encoding="utf-8")
    assert dsv2.fails("commit", "-am", "lost", code=3)["hint"] == "dsv checkout -b NAME"
    dsv2.ok("restore", "trips.csv")
    assert dsv2.json("checkout", "main")["branch"] == "main"
    assert trips(dsv2).read_text(encoding="utf-8") == SECOND


def test_checkout_makes_a_branch(dsv2: Face) -> None:
    assert dsv2.json("checkout", "-b", "fix", "v1")["branch"] == "fix"
    assert dsv2.json("status")["branch"] == "fix"
    assert trips(dsv2).read_text(encoding="utf-8") == FIRST
    assert dsv2.fails("checkout", "-b", "fix", code=3)["kind"] == "refused"


def test_checkout_of_a_path_stages_it(dsv2: Face) -> None:
    document = dsv2.json("checkout", "v1", "trips.csv")
    assert (document["branch"], document["written"]) == ("main", ["trips.csv"])
    assert dsv2.json("status")["staged"][0]["path"] == "trips.csv"


def test_checkout_refuses_what_is_in_the_way(dsv2: Face) -> None:
    trips(dsv2).write_text("mine\n", encoding="utf-8")
    assert dsv2.fails("checkout", "v1", code=3)["kind"] == "in-the-way"
    assert trips(dsv2).read_text(encoding="utf-8") == "mine\n"
    assert dsv2.json("checkout", "v1", "--force")["kept"] == ["trips.csv"]
    assert trips(dsv2).read_text(encoding="utf-8") == FIRST
    dsv2.ok("undo")
    assert trips(dsv2).read_text(encoding="utf-8") == "mine\n"


def test_checkout_needs_something(dsv2: Face) -> None:
    dsv2.fails("checkout", code=2)
    dsv2.fails("checkout", "--locked", "main", code=2)
    dsv2.fails("checkout", "nowhere", code=3)


def test_checkout_locked(dsv2: Face) -> None:
    lock = dsv2.folder / "dsv.lock"
    newer = lock.read_text(encoding="utf-8")
    dsv2.ok("checkout", "v1")
    lock.write_text(newer, encoding="utf-8")
    assert dsv2.json("status")["lock"] == "differs"
    assert dsv2.fails("commit", "-am", "x", code=3)["hint"] == "dsv checkout --locked"
    assert dsv2.json("checkout", "--locked")["branch"] == "main"
    assert trips(dsv2).read_text(encoding="utf-8") == SECOND


def test_restore_and_unstage(dsv2: Face) -> None:
    trips(dsv2).write_text(FIRST, encoding="utf-8")
    dsv2.ok("add", "trips.csv")
    assert dsv2.json("restore", "--staged", "trips.csv")["unstaged"] == ["trips.csv"]
    status = dsv2.json("status")
    assert (status["staged"], [one["path"] for one in status["unstaged"]]) == ([], ["trips.csv"])
    assert dsv2.json("restore", "trips.csv")["written"] == ["trips.csv"]
    assert trips(dsv2).read_text(encoding="utf-8") == SECOND
    assert dsv2.fails("restore", "nothing", code=3)["kind"] == "not-found"


def test_undo_and_redo(dsv2: Face) -> None:
    head = dsv2.json("status")["head"]
    document = dsv2.json("undo")
    assert document["undone"]["what"] == "commit -a -m second"
    assert dsv2.json("status")["head"] != head
    dsv2.ok("undo")
    assert dsv2.json("status")["head"] == head


def test_nothing_to_undo(dsv: Face) -> None:
    assert dsv.fails("undo", code=1)["kind"] == "no"


def test_oplog_tells_what_was_done(dsv2: Face) -> None:
    operations = dsv2.json("oplog")["operations"]
    assert [one["what"] for one in operations] == [
        "commit -a -m second",
        "tag v1",
        "commit -m first",
        "add trips.csv",
    ]
    assert [one["number"] for one in operations] == [4, 3, 2, 1]
    assert operations[1]["changes"]["tags/v1"]["before"] is None
    assert len(dsv2.json("oplog", "-n", "2")["operations"]) == 2
    assert "tag v1" in dsv2.ok("oplog")
    assert "tags/v1" in dsv2.ok("-v", "oplog")


def test_restore_and_checkout_tell_of_what_stays(dsv2: Face) -> None:
    assert dsv2.ok("restore", "trips.csv") == "unchanged  trips.csv\n"
    assert dsv2.ok("restore", "--staged", "trips.csv") == "unchanged  trips.csv\n"
    assert dsv2.ok("checkout", "main", "trips.csv") == "unchanged  trips.csv\n"
    trips(dsv2).unlink()
    assert dsv2.ok("restore", ".") == "written   trips.csv\n"
    assert dsv2.ok("undo").startswith("took back: restore .\n")
    assert not trips(dsv2).exists()


def test_merge_fast_forward_three_way_and_conflict(dsv2: Face) -> None:
    dsv2.ok("checkout", "-b", "fix")
    (dsv2.folder / "new.csv").write_text("n\n1\n", encoding="utf-8")
    dsv2.ok("add", "new.csv")
    dsv2.ok("commit", "-m", "new")
    dsv2.ok("checkout", "main")
    assert not (dsv2.folder / "new.csv").exists()
    assert dsv2.json("merge", "fix")["kind"] == "fast-forward"
    assert dsv2.json("merge", "fix")["kind"] == "nothing"
    trips(dsv2).write_text(FIRST, encoding="utf-8")
    dsv2.ok("commit", "-am", "ours")
    dsv2.ok("checkout", "fix")
    trips(dsv2).write_text("a,b\n9,z\n", encoding="utf-8")
    dsv2.ok("commit", "-am", "theirs")
    dsv2.ok("checkout", "main")
    failure = dsv2.fails("merge", "fix", code=4)
    assert (failure["kind"], failure["hint"]) == (
        "merge-conflict",
        "dsv merge fix --ours trips.csv, or --theirs trips.csv",
    )
    assert dsv2.fails("merge", "fix", "--ours", "trips.cvs", code=3)["message"].endswith(": trips.cvs")
    assert dsv2.json("merge", "fix", "--theirs", "trips.csv", "-m", "join")["kind"] == "merge"
    assert trips(dsv2).read_text(encoding="utf-8") == "a,b\n9,z\n"
    commit = dsv2.json("log", "-n", "1")["commits"][0]
    assert (len(commit["parents"]), commit["message"]) == (2, "join")
    assert "|\\" in dsv2.ok("log", "--graph", "--oneline")


def test_merging_the_sides_of_a_lock_says_what_git_needs(dsv2: Face) -> None:
    dsv2.ok("checkout", "-b", "fix")
    trips(dsv2).write_text(FIRST, encoding="utf-8")
    dsv2.ok("commit", "-am", "theirs")
    theirs = dsv2.json("status")["head"]
    dsv2.ok("checkout", "main")
    ours = dsv2.json("status")["head"]
    conflict = (
        f'<<<<<<< HEAD\nbranch = "main"\ncommit = "{ours}"\n=======\n'
        f'branch = "fix"\ncommit = "{theirs}"\n>>>>>>> fix\n'
    )
    for said in ("fast-forward to", "nothing to merge"):
        (dsv2.folder / "dsv.lock").write_text(conflict, encoding="utf-8")
        merged = dsv2("merge")
        assert (merged.code, said in merged.out) == (0, True)
        assert "hint: git add dsv.lock, then git commit" in merged.err
        assert f'commit = "{theirs}"' in (dsv2.folder / "dsv.lock").read_text(encoding="utf-8")
    assert "git add" not in dsv2("merge", "fix").err


def test_diff_of_a_table(dsv2: Face) -> None:
    one = dsv2.json("diff", "v1", "main")["datasets"][0]
    assert (one["path"], one["change"]) == ("trips.csv", "modified")
    assert (one["rows_before"], one["rows_after"]) == (2, 3)
    assert {column["name"] for column in one["columns"]} == {"a", "b"}
    assert (one["same_rows"], one["end_only"]) == (2, True)
    told = dsv2.ok("diff", "v1", "main")
    assert "2 -> 3 (+1), only appended\n" in told
    assert "column" not in told
    assert "3 -> 2 (-1), only cut off at the end" in dsv2.ok("diff", "main", "v1")


def test_a_changed_cell_is_no_append(dsv2: Face) -> None:
    trips(dsv2).write_text(SECOND.replace("y", "Y") + "4,z\n", encoding="utf-8")
    one = dsv2.json("diff")["datasets"][0]
    assert (one["same_rows"], one["end_only"]) == (0, False)
    assert "~ b (modified)" in dsv2.ok("diff")


def test_diff_counts_the_same_blocks_wherever_it_looks(dsv2: Face) -> None:
    trips(dsv2).write_text(SECOND.replace("y", "Y"), encoding="utf-8")
    before = [dsv2.json("diff")["datasets"][0]["columns"] for _ in range(2)]
    dsv2.ok("commit", "-am", "third")
    after = [dsv2.json("diff", "main~1", "main")["datasets"][0]["columns"] for _ in range(2)]
    assert before + after == [[{"name": "b", "change": "modified", "blocks": 1}]] * 4


def test_diff_of_the_working_tree(dsv2: Face) -> None:
    assert dsv2.json("diff")["datasets"] == []
    assert dsv2("diff", "--exit-code").code == 0
    trips(dsv2).write_text(FIRST, encoding="utf-8")
    assert dsv2.json("diff")["datasets"][0]["rows_after"] == 2
    assert dsv2.json("diff", "--staged")["datasets"] == []
    assert dsv2.json("diff", "v1")["datasets"] == []
    assert dsv2("diff", "--exit-code").code == 1
    assert dsv2.json("diff", "trips.csv")["datasets"][0]["path"] == "trips.csv"
    dsv2.fails("diff", "--staged", "v1", "main", code=2)


def test_other_bytes_of_the_same_table_are_recoded(dsv2: Face) -> None:
    trips(dsv2).write_text(SECOND.replace("\n", "\r\n"), encoding="utf-8", newline="")
    one = dsv2.json("diff")["datasets"][0]
    assert (one["change"], one["columns"]) == ("recoded", [])
    assert "recoded" in dsv2.ok("diff")


def test_diff_of_a_folder_lists_files(dsv2: Face) -> None:
    folder = dsv2.folder / "images"
    folder.mkdir()
    (folder / "a.txt").write_text("a", encoding="utf-8")
    dsv2.ok("add", "images")
    dsv2.ok("commit", "-m", "images")
    (folder / "b.txt").write_text("b", encoding="utf-8")
    one = dsv2.json("diff")["datasets"][0]
    assert one["files"] == [{"path": "b.txt", "change": "added"}]
    assert "+ b.txt" in dsv2.ok("diff")
    assert dsv2.json("diff", "v1", "main")["datasets"][0]["change"] == "added"


def test_data_follows_the_code_there_and_back(dsv2: Face) -> None:
    def git(*words: str) -> None:
        identity = ("-c", "user.name=a", "-c", "user.email=a@b", "-c", "commit.gpgsign=false")
        subprocess.run(["git", *identity, *words], cwd=dsv2.folder, check=True, capture_output=True)

    first, second = dsv2.json("log")["commits"][::-1]
    lock = dsv2.folder / "dsv.lock"
    git("init", "-q", "-b", "main")
    lock.write_text(lock.read_text(encoding="utf-8").replace(second["id"], first["id"]), encoding="utf-8")
    git("add", "dsv.toml", "dsv.lock")
    git("commit", "-q", "-m", "one")
    dsv2.ok("checkout", "--force", "main")
    git("commit", "-q", "-a", "-m", "two")
    for _ in range(2):
        git("checkout", "-q", "HEAD~1")
        dsv2.ok("checkout", "--locked")
        assert trips(dsv2).read_text(encoding="utf-8") == FIRST
        git("diff", "--exit-code", "--", "dsv.lock")
        git("checkout", "-q", "main")
        assert dsv2.json("checkout", "--locked")["branch"] == "main"
        assert trips(dsv2).read_text(encoding="utf-8") == SECOND
        git("diff", "--exit-code", "--", "dsv.lock")


def test_a_lock_that_names_a_branch_stays_when_its_commit_is_checked_out_alone(dsv2: Face) -> None:
    lock = dsv2.folder / "dsv.lock"
    tip = lock.read_text(encoding="utf-8")
    dsv2.ok("tag", "now")
    dsv2.ok("checkout", "now")
    assert lock.read_text(encoding="utf-8") == tip
    dsv2.ok("checkout", "v1")
    assert "branch" not in lock.read_text(encoding="utf-8")


def test_locked_puts_back_what_git_took_away(dsv: Face) -> None:
    """Git deletes what it tracked in one commit and ignores in the next when it goes from one to the other."""
    for name in ("a.csv", "folder/b.csv"):
        (dsv.folder / name).parent.mkdir(exist_ok=True)
        (dsv.folder / name).write_text("a\n1\n")
    dsv.ok("add", "a.csv", "folder")
    dsv.ok("commit", "-m", "one")
    (dsv.folder / "a.csv").unlink()
    (dsv.folder / "folder" / "b.csv").unlink()
    (dsv.folder / "folder").rmdir()
    assert {one["change"] for one in dsv.json("status")["unstaged"]} == {"removed"}
    dsv.ok("checkout", "HEAD")
    assert not (dsv.folder / "a.csv").exists()
    dsv.ok("checkout", "--locked")
    assert (dsv.folder / "a.csv").exists()
    assert (dsv.folder / "folder" / "b.csv").exists()
    assert dsv.json("status")["unstaged"] == []
