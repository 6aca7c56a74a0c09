"""Stores that somebody evil wrote: refused by name, and nothing is written where it should not be."""

import json
import os
import struct
from pathlib import Path

import pytest

from dsv.hashing import Kind, checksum, file_id
from dsv.ids import ObjectId
from dsv.store.packs import codec
from dsv.store.packs.index import Located
from tests.robustness import hostile_fixtures
from tests.robustness.hostile_fixtures import Forger
from tests.robustness.lab_fixtures import Lab, tree

REFUSED = {3, 6}
LIMIT = 512 << 10  # KiB


@pytest.fixture
def around(lab: Lab) -> Path:
    """A folder beside the workspace that must stay as it is."""
    place = lab.folder.parent / "around"
    place.mkdir()
    (place / "precious").write_bytes(b"precious")
    return place


@pytest.fixture
def ready(lab: Lab, around: Path) -> Lab:
    lab.write("good.bin", b"good")
    lab.write("d/one", b"one")
    (lab.folder / "d/way").symlink_to(around)
    (lab.folder / ".git").mkdir()
    (lab.folder / ".git/config").write_bytes(b"[core]")
    lab.ok("add", "good.bin", "d")
    lab.ok("commit", "-m", "good")
    return lab


def _refused(lab: Lab, around: Path, *, fsck: bool = True) -> None:
    """Assert that nothing evil comes out of the branch `evil`, whatever is tried."""
    before = tree(lab.folder)
    outside = {path.name: path.read_bytes() for path in around.iterdir()}
    for words in (
        ("checkout", "evil"),
        ("checkout", "--force", "evil"),
        ("checkout", "evil", "."),
        ("merge", "evil", "-m", "x"),
        ("show", "evil"),
        ("diff", "main", "evil"),
        ("ls", "@evil"),
        ("cat", "d@evil:n/x"),
    ):
        done = lab(*words)
        assert done.code in {*REFUSED, 0, 2, 4, 5}, f"{words}: {done.code} {done.err}"
        assert "Traceback" not in done.err
        if words[0] == "checkout":
            assert done.code in REFUSED, f"{words}: {done.code} {done.err}"
        assert done.peak < LIMIT
    assert {path.name: path.read_bytes() for path in around.iterdir()} == outside
    if fsck:
        assert lab("fsck").code == 6
    done = lab("clone", str(lab.folder), str(lab.folder.parent / "copy"))
    assert done.code in {0, *REFUSED}
    assert {path.name: path.read_bytes() for path in around.iterdir()} == outside
    lab.ok("checkout", "main")
    assert tree(lab.folder) == before
    lab.write("good.bin", b"work goes on")
    lab.ok("commit", "-a", "-m", "on")


@pytest.mark.parametrize(
    "path",
    [
        "../around/x",
        "/tmp/x",
        "a/../../x",
        "a//x",
        "./x",
        "a/.",
        "nul\x00",
        "",
        ".git/hooks/x",
        ".GIT/config",
        ".dsv/refs",
        "a/.git/x",
        "dsv.toml",
        "dsv.lock",
        ".gi\u200ct/config",
        "git~1/x",
        ".dsv",
    ],
)
def test_paths_of_datasets_that_lead_astray(ready: Lab, around: Path, path: str) -> None:
    hostile_fixtures.commit(ready, lambda forger: hostile_fixtures.one_file(forger, path))
    _refused(ready, around)


@pytest.mark.parametrize(
    ("name", "kind"),
    [(name, "file") for name in ("..", "", "../x", "/tmp/x", "n\0l", ".Git", "way/evil")]
    + [("..", "dir"), (".git", "dir"), (".dsv", "dir"), (".git", "link"), (".dsv", "link")],
)
def test_names_in_folders_that_lead_astray(ready: Lab, around: Path, name: str, kind: str) -> None:
    def make(forger: Forger) -> ObjectId:
        target = {"file": forger.file(), "link": str(around), "dir": forger.node()}[kind]
        return hostile_fixtures.folder(forger, (name, kind, target))

    hostile_fixtures.commit(ready, make)
    _refused(ready, around)


def test_a_path_that_passes_for_a_dataset_inside_a_folder(ready: Lab, around: Path) -> None:
    """In a folder that has a link `way`, the entry `way/evil` must not be written through it."""

    def make(forger: Forger) -> ObjectId:
        return hostile_fixtures.folder(
            forger,
            ("one", "file", forger.file(b"one")),
            ("way", "link", str(around)),
            ("way/evil", "checkpoint", forger.file()),
        )

    hostile_fixtures.commit(ready, make)
    _refused(ready, around)


def test_a_dataset_inside_another_and_through_a_link(ready: Lab, around: Path) -> None:
    def make(forger: Forger) -> ObjectId:
        outer = forger.checkpoint(forger.node(("way", "link", str(around))), "dir", 0)
        inner = forger.checkpoint(forger.file())
        return forger.snapshot(("d", outer), ("d/way/evil", inner))

    hostile_fixtures.commit(ready, make)
    _refused(ready, around)


def test_a_link_where_a_dataset_goes_through(ready: Lab, around: Path) -> None:
    hostile_fixtures.commit(ready, lambda forger: hostile_fixtures.one_file(forger, "sub/evil"))
    (ready.folder / "sub").symlink_to(around)
    error = ready.fails("checkout", "evil", code=3)
    assert "sub" in error
    assert [path.name for path in around.iterdir()] == ["precious"]


def test_a_name_twice_as_a_link_and_as_a_folder(ready: Lab, around: Path) -> None:
    def make(forger: Forger) -> ObjectId:
        first = forger.node(("l", "link", str(around)))
        second = forger.node(("l", "dir", forger.node(("evil", "file", forger.file()))))
        return forger.snapshot(
            ("d", forger.checkpoint(forger.pages(1, ("l", 1, first), ("m", 1, second)), "dir"))
        )

    hostile_fixtures.commit(ready, make)
    done = ready("checkout", "evil")
    assert done.code in {3, 5, 6}
    assert [path.name for path in around.iterdir()] == ["precious"]


@pytest.mark.parametrize("depth", [320, 3000])
def test_folders_without_end(ready: Lab, around: Path, depth: int) -> None:
    hostile_fixtures.commit(ready, lambda forger: hostile_fixtures.nested(forger, depth))
    _refused(ready, around)


@pytest.mark.parametrize(
    "levels", [[1, 1], [1, 2, 2], [1] * 2000, [9]], ids=["same", "no less", "deep", "high"]
)
def test_pages_without_end(ready: Lab, around: Path, levels: list[int]) -> None:
    hostile_fixtures.commit(ready, lambda forger: hostile_fixtures.paged(forger, levels))
    _refused(ready, around)


def test_a_recipe_that_lies(ready: Lab) -> None:
    part = b"p" * 1000
    oid = file_id(part * 2)
    lies: list[tuple[list[tuple[str, int]], int]] = [
        ([(file_id(part), 1000), (file_id(part), 999)], 2000),
        ([(file_id(part), 1000), (file_id(part), 1 << 50)], 2000),
        ([(file_id(part), 1000)] * 3, 3000),
        ([(oid, 2000)], 2000),
        ([("0" * 64, 2000)], 2000),
    ]
    for number, (parts, size) in enumerate(lies):
        twin = ready.twin(ready.folder.parent / f"lie-{number}")

        def make(forger: Forger, parts: list[tuple[str, int]] = parts, size: int = size) -> ObjectId:
            forger.file(part)
            return hostile_fixtures.recipe(forger, oid, parts, size)

        hostile_fixtures.commit(twin, make)
        done = twin("checkout", "evil")
        assert done.code in {5, 6}, f"{number}: {done.code} {done.err}"
        assert "Traceback" not in done.err
        assert not (twin.folder / "f").exists()
        assert done.peak < LIMIT
        assert twin("fsck").code == 6
        assert twin("cat", "f@evil").code in {5, 6}
        twin.ok("checkout", "main")
        assert twin.json("status")["unstaged"] == []


def test_a_decompression_bomb(ready: Lab) -> None:
    """A record of a few bytes that says it has 1 GiB, and one that has more than it says."""
    for raw in (1 << 30, (8 << 20) + 1, 100):
        twin = ready.twin(ready.folder.parent / f"bomb-{raw}")

        def make(forger: Forger, raw: int = raw) -> ObjectId:
            how, stored = codec.compress(bytes(8 << 20))
            key = os.urandom(32)
            place = Located(Kind.SEGMENT, how, "", 0, len(stored), raw, checksum(stored))
            forger.session.relocate(key, place, stored)
            oid = ObjectId(key.hex())
            return forger.snapshot(("f", forger.checkpoint(oid, size=raw)))

        hostile_fixtures.commit(twin, make)
        for words in (("checkout", "evil"), ("cat", "f@evil"), ("fsck",)):
            done = twin(*words)
            assert done.code == 6, f"{words}: {done.code} {done.err}"
            assert "Traceback" not in done.err
            assert done.peak < LIMIT


@pytest.mark.parametrize("size", [1 << 52, 0, 5])
@pytest.mark.parametrize("kind", ["file", "dir"])
def test_a_checkpoint_that_lies_about_its_size(ready: Lab, size: int, kind: str) -> None:
    def make(forger: Forger) -> ObjectId:
        content = forger.file() if kind == "file" else forger.node(("x", "file", forger.file()))
        return forger.snapshot(("evil", forger.checkpoint(content, kind, size)))

    hostile_fixtures.commit(ready, make)
    done = ready("checkout", "evil")
    # A folder's size is only for people, as long as the disk seems to have room for it.
    assert done.code == (6 if kind == "file" or size == 1 << 52 else 0), done.err
    assert ready("checkout", "main").code == 0


def test_refs_and_oplog_that_name_nonsense(ready: Lab) -> None:
    path = ready.dot / "refs"
    record = json.loads(path.read_bytes())
    changes: list[dict[str, object]] = [
        {"branches": {"../../x": "0" * 64}},
        {"branches": {"main": "0" * 64}},
        {"branches": {"main": "../x"}},
        {"indexes": [["../../../etc/passwd", 1, 1, True]]},
        {"indexes": [["0" * 64, 1 << 31, 1 << 40, True]]},
        {"indexes": []},
        {"local": {**record["local"], "oplog": [99, "0" * 64]}},
        {"local": {**record["local"], "staged": "0" * 64}},
        {"local": {**record["local"], "moving": ["0" * 64, "1" * 64, None]}},
    ]
    for change in changes:
        _write_refs(path, {**record, **change})
        for words in (
            ("status",),
            ("fsck",),
            ("log",),
            ("checkout", "main"),
            ("undo",),
            ("gc",),
            ("add", "d"),
        ):
            done = ready(*words)
            assert "Traceback" not in done.err, f"{change}, {words}: {done.err}"
            assert done.code in {0, 1, 3, 5, 6}, f"{change}, {words}: {done.code}"
        _write_refs(path, {**record, **change})
        assert ready("fsck").code == 6, f"{change}"
    _write_refs(path, record)
    ready.sound()


def _write_refs(path: Path, record: dict[str, object]) -> None:
    from dsv.hashing import checksum
    from dsv.model import canonical

    plain = {name: value for name, value in record.items() if name != "check"}
    path.write_bytes(canonical.encode({**plain, "check": f"{checksum(canonical.encode(plain)):016x}"}))


def test_an_index_that_claims_more_rows_than_it_has(ready: Lab) -> None:
    for path in ready.blobs("index"):
        saved = path.read_bytes()
        for number in (1 << 31, (1 << 63) - 1, 0):
            for at in range(0, min(len(saved), 1200) - 8, 8):
                path.chmod(0o644)
                path.write_bytes(saved[:at] + struct.pack("<Q", number) + saved[at + 8 :])
                if at % 192 == 0:
                    done = ready("cat", "good.bin@HEAD")
                    assert done.raw == b"good" or done.code in {5, 6}, f"{at}: {done.err}"
                    assert done.peak < LIMIT
        path.write_bytes(saved)
    ready.sound()


def test_a_clone_of_a_store_that_lacks_a_pack(ready: Lab) -> None:
    pack = ready.blobs("packs")[0]
    pack.unlink()
    target = ready.folder.parent / "copy"
    done = ready("clone", str(ready.folder), str(target))
    assert done.code in {5, 6}, f"{done.code} {done.err}"
    assert not (target / "dsv.toml").exists()


def test_evil_text_in_messages_does_not_reach_the_terminal(ready: Lab) -> None:
    hostile_fixtures.commit(ready, lambda forger: hostile_fixtures.one_file(forger, "\x1b[2Jevil"))
    for words in (
        ("ls", "@evil"),
        ("show", "evil"),
        ("diff", "main", "evil"),
        ("checkout", "evil"),
        ("status",),
    ):
        done = ready(*words)
        assert "\x1b[2J" not in done.raw.decode("utf-8", "replace") + done.err
    assert (ready.folder / "\x1b[2Jevil").exists()
