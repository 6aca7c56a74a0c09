"""Odd files, odd names, odd moments."""

import os
import threading
import time
from dataclasses import replace
from pathlib import Path
from random import Random

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from dsv.hashing import Kind, object_id
from dsv.ids import ObjectId
from dsv.store.refs import Refs
from dsv.store.writer import Writer
from dsv.workspace import Workspace
from tests.real_git import git
from tests.robustness.lab_fixtures import Lab, tree

MENDABLE = 3
LIMIT = 512 << 10  # KiB


@pytest.fixture
def one(lab: Lab) -> Lab:
    """A workspace with one commit of `a.bin` and the folder `d`."""
    lab.write("a.bin", b"first")
    lab.write("d/x", b"x")
    lab.ok("add", "a.bin", "d")
    lab.ok("commit", "-m", "first")
    return lab


def _round_trip(lab: Lab, path: str, content: bytes) -> None:
    """Add and commit what is at `path`, lose it, and get it back."""
    lab.ok("add", path)
    lab.ok("commit", "-m", "x")
    (lab.folder / path).unlink()
    lab.ok("restore", path)
    assert lab.read(path) == content
    lab.ok("show", f"{path}@HEAD")
    lab.sound()


def test_a_path_outside_the_workspace(one: Lab) -> None:
    for path in ("/etc/hostname", "../x", "d/../../x"):
        for verb in ("add", "rm", "restore"):
            assert "outside" in one.fails(verb, path, code=MENDABLE)


def test_a_link_out_of_the_workspace(one: Lab, tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out/x").write_bytes(b"x")
    (one.folder / "l").symlink_to(tmp_path / "out")
    for path in ("l", "l/x"):
        assert "link" in one.fails("add", path, code=MENDABLE)


def test_a_tracked_folder_that_became_a_link_out_of_the_workspace(one: Lab, tmp_path: Path) -> None:
    one.write("sub/f", b"f")
    one.ok("add", "sub/f")
    one.ok("commit", "-m", "sub")
    out = tmp_path / "out"
    (one.folder / "sub").rename(out)
    (one.folder / "sub").symlink_to(out)
    (out / "f").write_bytes(b"f")
    moves: list[tuple[str, ...]] = [
        ("checkout", "HEAD~1"),
        ("rm", "sub/f"),
        ("checkout", "--force", "HEAD~1"),
    ]
    for words in moves:
        one.fails(*words, code=MENDABLE)
        assert (out / "f").read_bytes() == b"f"
    (out / "f").write_bytes(b"not in the workspace")
    reads: list[tuple[str, ...]] = [("add", "sub/f"), ("commit", "-a", "-m", "no"), ("restore", "sub/f")]
    for words in reads:
        one.fails(*words, code=MENDABLE)
        assert (out / "f").read_bytes() == b"not in the workspace"


def test_what_is_not_there(one: Lab) -> None:
    assert "nothing-here" in one.fails("add", "nothing-here", code=MENDABLE)
    (one.folder / "a.bin").unlink()
    assert "dsv rm a.bin" in one.fails("add", "a.bin", code=MENDABLE)
    one.ok("commit", "-a", "-m", "gone")
    assert "a.bin" not in one.ok("ls")


def test_a_file_that_may_not_be_read(one: Lab) -> None:
    """Root may read everything, so a name that is too long stands for a refusal there."""
    secret = one.write("secret.bin", b"s")
    secret.chmod(0)
    if os.geteuid() == 0:
        one.fails("add", "n" * 300, code=MENDABLE)
    else:
        assert "permission" in one.fails("add", "secret.bin", code=MENDABLE)
    assert one.json("status")["staged"] == []


def test_a_file_that_changes_while_it_is_added(lab: Lab) -> None:
    path = lab.write("busy.bin", Random(1).randbytes(30 << 20))
    stop = threading.Event()

    def scribble() -> None:
        with path.open("r+b", buffering=0) as file:
            number = 0
            while not stop.is_set():
                number += 1
                file.seek(number * 4099 % (30 << 20))
                file.write(b"%d" % number)

    writer = threading.Thread(target=scribble)
    writer.start()
    try:
        error = lab.fails("add", "busy.bin", code=MENDABLE)
    finally:
        stop.set()
        writer.join()
    assert "chang" in error
    assert lab.json("status")["staged"] == []
    lab.ok("add", "busy.bin")
    lab.sound()


def test_files_that_vanish_while_their_folder_is_added(lab: Lab) -> None:
    for number in range(400):
        lab.write(f"d/{number}", b"%d" % number * 50)
    stop = threading.Event()

    def shuffle() -> None:
        while not stop.is_set():
            for number in range(0, 400, 7):
                path = lab.folder / f"d/{number}"
                path.unlink(missing_ok=True)
                path.write_bytes(b"again %d" % number)

    writer = threading.Thread(target=shuffle)
    writer.start()
    try:
        codes = {lab("add", "d").code for _ in range(4)}
    finally:
        stop.set()
        writer.join()
    assert codes <= {0, MENDABLE}
    lab.ok("add", "d")
    lab.ok("commit", "-m", "d")
    lab.sound()


def _parquet(path: Path, table: pa.Table, **how: object) -> bytes:
    pq.write_table(table, path, **how)
    return path.read_bytes()


def test_parquet_that_is_none_is_kept_as_bytes_and_said_so(lab: Lab) -> None:
    good = _parquet(lab.folder / "good.parquet", pa.table({"x": list(range(1000))}))
    bad = {
        "cut.parquet": good[: len(good) // 2],
        "garbage.parquet": Random(1).randbytes(5000),
        "encrypted.parquet": b"PARE" + good[4:-4] + b"PARE",
        "empty.parquet": b"",
        "lying.parquet": good[:-8] + (1 << 31).to_bytes(4, "little") + b"PAR1",
    }
    for path, content in bad.items():
        lab.write(path, content)
        _round_trip(lab, path, content)
        found = lab.json("show", f"{path}@HEAD")["checkpoint"]
        assert found["table"] is None
        assert found["size"] == len(content)
        said = lab.ok("show", f"{path}@HEAD")
        assert "table" in said.lower(), said
        lab.write(path, content + b"more")
        lab.ok("diff")
        lab.ok("commit", "-a", "-m", "more")
        lab.ok("diff", "HEAD~1", "HEAD")


def test_parquet_with_3000_columns(lab: Lab) -> None:
    table = pa.table({f"column {number}": [number, None] for number in range(3000)})
    content = _parquet(lab.folder / "wide.parquet", table)
    _round_trip(lab, "wide.parquet", content)
    assert lab.json("show", "wide.parquet@HEAD")["checkpoint"]["rows"] == 2
    assert lab("show", "wide.parquet@HEAD").peak < LIMIT


def test_parquet_with_values_of_60_mb(lab: Lab) -> None:
    value = 60_000_000
    text = pa.array([b"v" * value, Random(1).randbytes(value)], pa.binary())
    content = _parquet(lab.folder / "huge.parquet", pa.table({"x": text}), compression="none")
    for words in (("add", "huge.parquet"), ("commit", "-m", "huge"), ("show", "huge.parquet@HEAD")):
        done = lab(*words)
        assert done.code == 0, done.err
        # What one page forces comes on top of the bar: its bytes, decoded values, and a copy on the way.
        assert done.peak < LIMIT + 4 * value // 1024, f"{words}: {done.peak} KiB"
    (lab.folder / "huge.parquet").unlink()
    lab.ok("restore", "huge.parquet")
    assert lab.read("huge.parquet") == content


def test_empty_files_and_tables_without_rows(lab: Lab) -> None:
    for path in ("empty.bin", "empty.csv", "empty.jsonl"):
        lab.write(path, b"")
        _round_trip(lab, path, b"")
    content = _parquet(lab.folder / "none.parquet", pa.table({"x": pa.array([], pa.int64())}))
    _round_trip(lab, "none.parquet", content)
    found = lab.json("show", "none.parquet@HEAD")["checkpoint"]
    assert found["rows"] == 0
    assert found["table"] is not None
    lab.write("head.csv", b"x,y\n")
    _round_trip(lab, "head.csv", b"x,y\n")


@pytest.mark.parametrize(
    "name",
    ["new\nline", "\U0001f600 smile", "n" * 255, "-dash", "at@sign", "tab\tand \x1b[2J", "a b'\"$x", "#hash"],
)
def test_names(lab: Lab, name: str) -> None:
    lab.write(name, b"content")
    lab.write(f"d/{name}", b"inside")
    for path in (name, "d"):
        lab.ok("add", "--", path)
    lab.ok("commit", "-m", "names")
    assert "\x1b[2J" not in lab.ok("status") + lab.ok("log") + lab.ok("ls")
    assert lab.json("status")["untracked"] == []
    (lab.folder / name).unlink()
    (lab.folder / "d" / name).unlink()
    lab.ok("restore", "--", name, "d")
    assert lab.read(name) == b"content"
    assert lab.read(f"d/{name}") == b"inside"
    lab.sound()


def test_names_that_are_no_text(lab: Lab) -> None:
    (lab.folder / "d").mkdir()
    for path in (b"bad\xff", b"d/bad\xff"):
        (lab.folder / os.fsdecode(path)).write_bytes(b"x")
    for words in (("add", os.fsdecode(b"bad\xff")), ("add", "d")):
        assert "UTF-8" in lab.fails(*words, code=MENDABLE)
    lab.ok("status")


def test_a_pipe(lab: Lab) -> None:
    (lab.folder / "d").mkdir()
    for path in ("pipe", "d/pipe"):
        os.mkfifo(lab.folder / path)
    for path in ("pipe", "d"):
        assert "pipe" in lab.fails("add", path, code=MENDABLE)


def test_datasets_do_not_overlap(one: Lab) -> None:
    one.write("e/in/y", b"y")
    assert "overlap" in one.fails("add", "e/in", "e", code=MENDABLE)
    assert one.json("status")["staged"] == []
    one.write("d/y", b"y")
    assert "staged as a whole" in one("add", "d/y").err
    (one.folder / "d/y").unlink()
    assert "staged as a whole" in one("add", "d/y").err  # its removal
    assert "no such file or folder: d/z" in one.fails("add", "d/z", code=MENDABLE)
    one.write("d/y", b"y")
    one.ok("add", "e/in")
    one.ok("add", "e")  # a folder of datasets, not one
    assert "e" not in {each["path"] for each in one.json("status")["staged"]}


def test_a_checkout_over_changes(one: Lab) -> None:
    one.write("a.bin", b"second")
    one.write("d/x", b"xx")
    one.ok("commit", "-a", "-m", "second")
    one.write("a.bin", b"precious")
    one.write("d/mine", b"mine")
    before = tree(one.folder)
    for words in (("checkout", "HEAD~1"), ("checkout", "HEAD~1", "a.bin"), ("checkout", "HEAD~1", "d")):
        assert "uncommitted" in one.fails(*words, code=MENDABLE)
        assert tree(one.folder) == before
    one.ok("checkout", "--force", "HEAD~1")
    assert one.read("a.bin") == b"first"
    assert not (one.folder / "d/mine").exists()
    assert one.stored(b"precious")
    assert one.stored(b"mine")
    one.ok("gc", "--now")
    one.ok("undo")
    assert tree(one.folder) == before
    assert one.json("status")["branch"] == "main"
    one.sound()


def test_untracked_files_in_the_way(one: Lab) -> None:
    one.ok("checkout", "-b", "more")
    one.write("new.bin", b"new")
    one.write("d/new", b"new in d")
    one.ok("add", ".", "new.bin")
    one.ok("commit", "-m", "more")
    one.ok("checkout", "main")
    one.write("new.bin", b"the user's own")
    before = tree(one.folder)
    assert "new.bin" in one.fails("checkout", "more", code=MENDABLE)
    assert tree(one.folder) == before
    one.write("new.bin", b"new")
    one.ok("checkout", "more")
    one.ok("checkout", "main")
    one.write("new.bin", b"the user's own")
    one.ok("checkout", "--force", "more")
    assert one.stored(b"the user's own")
    one.ok("undo")
    assert one.read("new.bin") == b"the user's own"


def test_rm_keeps_what_is_not_stored(one: Lab) -> None:
    one.write("a.bin", b"precious")
    one.fails("rm", "a.bin", code=MENDABLE)
    assert one.read("a.bin") == b"precious"
    one.ok("rm", "--keep", "a.bin")
    assert one.read("a.bin") == b"precious"


def test_the_last_copy_of_dropped_bytes_is_not_deleted(one: Lab) -> None:
    content = Random(4).randbytes(100_000)
    one.write("a.bin", content)
    one.ok("commit", "-a", "-m", "large")
    one.ok("drop", "--force", "a.bin@HEAD")
    one.ok("gc", "--now", "--keep", "0")
    assert not one.stored(content)
    one.fails("rm", "a.bin", code=MENDABLE)
    one.fails("drop", "a.bin", code=MENDABLE)
    assert one.read("a.bin") == content
    one.ok("add", "a.bin")
    assert one.stored(content)


def test_an_ambiguous_prefix(one: Lab) -> None:
    """Commits whose ids start alike: looked for by their message, as dsv would write them."""
    workspace = Workspace(one.folder)
    head = workspace.repo.commit(ObjectId(one.json("log")["commits"][0]["id"]))
    seen: dict[str, bytes] = {}
    for number in range(10_000):
        data = replace(head, message=str(number)).encode()
        oid = object_id(Kind.COMMIT, data)
        if oid[:4] in seen:
            break
        seen[oid[:4]] = data

    def change(found: Refs, session: Writer) -> Refs:
        pair = [session.put(Kind.COMMIT, each) for each in (data, seen[oid[:4]])]
        return replace(found, tags={"one": pair[0], "two": pair[1]})

    workspace.publish("twins", change)
    said = one.fails("show", oid[:4], code=MENDABLE)
    assert "ambiguous" in said or "several" in said or "more than one" in said or "commits" in said, said
    one.ok("show", oid[:12])
    one.fails("show", oid[:3], code=MENDABLE)
    one.fails("show", "0123456789abcdef", code=MENDABLE)


def test_a_commit_on_a_detached_head(one: Lab) -> None:
    one.write("a.bin", b"second")
    one.ok("commit", "-a", "-m", "second")
    one.ok("checkout", "HEAD~1")
    one.write("a.bin", b"third")
    assert "checkout -b" in one.fails("commit", "-a", "-m", "third", code=MENDABLE)
    assert one.read("a.bin") == b"third"
    one.ok("checkout", "-b", "third")
    one.ok("commit", "-a", "-m", "third")


def test_a_lock_that_differs_or_is_in_conflict(one: Lab) -> None:
    first = one.read("dsv.lock")
    one.write("a.bin", b"second")
    one.ok("commit", "-a", "-m", "second")
    second = one.read("dsv.lock")
    one.write("dsv.lock", first)
    for words in (("add", "a.bin"), ("commit", "-a", "-m", "x"), ("rm", "a.bin")):
        assert "checkout --locked" in one.fails(*words, code=MENDABLE)
    assert one.json("status")["lock"] == "differs"
    one.ok("checkout", "--locked")
    assert one.read("a.bin") == b"first"
    one.ok("checkout", "main")
    one.write("dsv.lock", b"<<<<<<< ours\n" + first + b"=======\n" + second + b">>>>>>> theirs\n")
    assert "conflict" in one.fails("add", "a.bin", code=MENDABLE)
    one.ok("merge")
    one.ok("add", "a.bin")
    one.write("dsv.lock", b'branch = "main"\ncommit = "' + b"0" * 64 + b'"\n')
    assert "dsv push" in one.fails("checkout", "--locked", code=MENDABLE)


def test_the_branch_follows_git(lab: Lab) -> None:
    fresh = Lab(lab.folder.parent / "repository", lab.server)
    fresh.folder.mkdir()
    git(fresh.folder, "init", "-b", "trunk")
    fresh.ok("init")
    fresh.write("a.bin", b"first")
    fresh.write("code.py", b"pass")
    git(fresh.folder, "add", "code.py", ".gitignore", "dsv.toml")
    assert "git rm" in fresh.fails("add", "code.py", code=MENDABLE)
    fresh.ok("add", "a.bin")
    fresh.ok("commit", "-m", "first")
    git(fresh.folder, "add", "dsv.lock")
    git(fresh.folder, "commit", "-m", "first")
    assert fresh.json("status")["branch"] == "trunk"
    git(fresh.folder, "checkout", "-b", "topic")
    fresh.write("a.bin", b"second")
    assert "topic" in fresh.ok("commit", "-a", "-m", "second") + fresh("status").out
    assert fresh.json("status")["branch"] == "topic"
    git(fresh.folder, "commit", "-a", "-m", "second")
    git(fresh.folder, "checkout", "trunk")
    assert fresh.json("status")["lock"] == "differs"
    fresh.ok("checkout", "--locked")
    assert fresh.read("a.bin") == b"first"
    assert fresh.json("status")["branch"] == "trunk"


def test_an_interrupted_checkout_is_no_change_of_the_user(one: Lab) -> None:
    """`commit -a` after a kill in a checkout must not record half of it."""
    one.write("a.bin", b"second")
    one.write("d/x", b"xx")
    one.ok("commit", "-a", "-m", "second")
    calls = one.twin(one.folder.parent / "count")("checkout", "HEAD~1", count=True).calls
    for moment in range(calls - 25, calls, 3):
        twin = one.twin(one.folder.parent / f"twin-{moment}")
        twin("checkout", "HEAD~1", kill=moment)
        done = twin("commit", "-a", "-m", "half")
        assert done.code in {1, 3}, f"{moment}: {done.out}{done.err}"
        assert len({twin.read("a.bin"), {b"x": b"first", b"xx": b"second"}[twin.read("d/x")]}) == 1


def test_a_busy_store_is_waited_for(one: Lab) -> None:
    import fcntl

    one.write("a.bin", b"second")
    with (one.dot / "refs.lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        start = time.monotonic()
        assert "another process" in one.fails("commit", "-a", "-m", "x", code=4)
        assert time.monotonic() - start > 5
    one.ok("commit", "-a", "-m", "x")
