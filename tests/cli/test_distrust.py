"""gc deletes nothing on the word of a damaged index, and nothing that dsv did not write."""

import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from random import Random

import pytest

from dsv.hashing import Kind, file_id
from dsv.store.packs import index_file, index_merge, index_rows
from dsv.store.packs import pack as packs
from dsv.store.refs import IndexRef
from dsv.workspace import Workspace
from tests.cli.face_fixtures import Face

VERSIONS = {f"v{number}": Random(number).randbytes(30_000) for number in range(4)}


@pytest.fixture
def store(dsv: Face) -> Face:
    """Four versions of a dataset, each in packs of its own."""
    for name, content in VERSIONS.items():
        (dsv.folder / "a.bin").write_bytes(content)
        dsv.ok("add", "a.bin")
        dsv.ok("commit", "-m", name)
        dsv.ok("tag", name)
    return dsv


def _indexes(face: Face) -> Iterator[tuple[IndexRef, Path]]:
    for ref in Workspace(face.folder).repo.refs().indexes:
        yield ref, face.folder / ".dsv" / index_merge.name(ref.id)


def _write(path: Path, data: bytes) -> None:
    path.chmod(0o644)
    path.write_bytes(data)


def _all_there(face: Face) -> None:
    for name, content in VERSIONS.items():
        assert face("cat", f"a.bin@{name}").raw == content
    face.ok("fsck")


def _ids(face: Face) -> dict[str, bytes]:
    """Return an id of each kind that the store needs, by the kind's name."""
    workspace = Workspace(face.folder)
    found = {}
    for data in (True, False):
        for index in workspace.repo.objects.indexes(data=data):
            for row in range(index.rows):
                found[Kind(index.at(row).kind).name] = index.id_at(row)
    return found


@pytest.mark.parametrize("kind", ["SEGMENT", "COMMIT", "NODE", "CHECKPOINT", "SOURCE"])
@pytest.mark.parametrize("place", ["id", "pack", "names"])
def test_a_flipped_bit_in_an_index_deletes_nothing(store: Face, kind: str, place: str) -> None:
    key = _ids(store)[kind]
    for ref, path in _indexes(store):
        data = bytearray(path.read_bytes())
        at = data.find(key)
        if at < 0:
            continue
        if place == "id":
            data[at + 17] ^= 4
        elif place == "pack":
            start = index_file.decode(bytes(data)).starts[3]
            data[start] ^= 1
        else:
            pack = index_file.decode(bytes(data)).packs[0]
            name = data.find(pack.encode())
            data[name + 9] = ord("0") if data[name + 9] != ord("0") else ord("1")
        saved = path.read_bytes()
        _write(path, bytes(data))
        before = sorted((store.folder / ".dsv").rglob("*.pack"))
        error = store.fails("gc", "--now", "--keep", "0", code=6)
        assert "nothing was collected" in error["message"]
        assert ref.id in error["message"]
        assert sorted((store.folder / ".dsv").rglob("*.pack")) == before
        _write(path, saved)
    _all_there(store)


def _lie(face: Face, change: Callable[[bytearray, list[str]], None]) -> None:
    """Have refs name an index with a sound name and wrong rows, as merging a damaged one once made them."""
    workspace = Workspace(face.folder)
    key = bytes.fromhex(file_id(VERSIONS["v0"]))
    refs = workspace.repo.refs()
    made = []
    for ref in refs.indexes:
        index = index_merge.open_index(workspace.blobs, ref)
        if index.find(key) < 0:
            made.append(ref)
            continue
        table = bytearray(index_merge.pick(index, slice(None)))
        names = list(index.packs)
        change(table, names)
        content = b"".join(index_file.encode(index_rows.columns(bytes(index_rows.sort(bytes(table)))), names))
        workspace.blobs.put(index_merge.name(file_id(content)), content)
        made.append(IndexRef(file_id(content), len(table) // index_rows.SIZE, len(content), ref.data))
    workspace.repo.swap(refs, replace(refs, indexes=tuple(made)))


def _another_id(table: bytearray, _: list[str]) -> None:
    at = bytes(table).find(bytes.fromhex(file_id(VERSIONS["v0"])))
    table[at + 30] ^= 1


def _another_pack(table: bytearray, names: list[str]) -> None:
    at = bytes(table).find(bytes.fromhex(file_id(VERSIONS["v0"])))
    number = table[at + 34]
    names[number] = ("0" if names[number][0] != "0" else "1") + names[number][1:]


def _no_row(table: bytearray, _: list[str]) -> None:
    at = bytes(table).find(bytes.fromhex(file_id(VERSIONS["v0"])))
    del table[at : at + index_rows.SIZE]


@pytest.mark.parametrize("change", [_another_id, _another_pack, _no_row])
@pytest.mark.parametrize("remote", [False, True])
def test_an_index_that_lies_under_a_sound_name(
    store: Face, change: Callable[[bytearray, list[str]], None], remote: bool, tmp_path: Path
) -> None:
    if remote:  # then a version may be absent on purpose, and only the packs know better
        store.ok("remote", "add", "origin", f"file://{tmp_path}/nowhere")
    _lie(store, change)
    before = sorted((store.folder / ".dsv").rglob("*.pack"))
    error = store.fails("gc", "--now", "--keep", "0", code=6)
    assert error["hint"] == "dsv fsck --repair"
    assert sorted((store.folder / ".dsv").rglob("*.pack")) == before
    store("fsck", "--repair")
    _all_there(store)
    store.ok("gc", "--now", "--keep", "0")
    _all_there(store)


def test_merging_never_copies_a_damaged_index(store: Face) -> None:
    key = bytes.fromhex(file_id(VERSIONS["v0"]))
    for _, path in list(_indexes(store)):
        data = bytearray(path.read_bytes())
        if (at := data.find(key)) >= 0:
            data[at + 11] ^= 32
            _write(path, bytes(data))
    for number in range(9):
        (store.folder / "a.bin").write_bytes(bytes([number]) * 300)
        store.ok("commit", "-am", f"{number}")
    assert store("fsck").code == 6
    store.ok("fsck", "--repair")
    _all_there(store)


def test_what_is_missing_stops_gc(store: Face) -> None:
    """A pack of history that is in no index and not there at all: nobody knows what it reached."""
    workspace = Workspace(store.folder)
    refs = workspace.repo.refs()
    commit = refs.tags["v1"]
    found = workspace.repo.objects.find(commit)
    assert found is not None
    (store.folder / ".dsv" / packs.name(found.pack)).unlink()
    before = sorted((store.folder / ".dsv").rglob("*.pack"))
    store.fails("gc", "--now", "--keep", "0", code=6)
    assert sorted((store.folder / ".dsv").rglob("*.pack")) == before


FOREIGN = {
    "tmp/report.csv": b"mine",
    "tmp/run-2024/x.bin": b"mine",
    "packs/readme.txt": b"mine",
    "packs/ab/notes.pack": b"mine",
    f"packs/ab/ab{'1' * 62}.pack": b"a game of cards",
    f"packs/cd/cd{'x' * 62}.pack": b"DSV-PACK no",
    "index/index.html": b"<html>",
    f"index/{'2' * 64}.arrow": b"ARROW1\0\0 a table of somebody else",
    "other/thing": b"mine",
}


def _plant(folder: Path) -> None:
    for name, content in FOREIGN.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        os.utime(path, (1_000_000, 1_000_000))


def _untouched(folder: Path) -> None:
    assert {name: (folder / name).read_bytes() for name in FOREIGN} == FOREIGN


def test_gc_of_a_remote_deletes_only_what_dsv_wrote(store: Face, tmp_path: Path) -> None:
    folder = tmp_path / "share"
    store.ok("remote", "add", "origin", f"file://{folder}")
    store.ok("push", "--tags")
    _plant(folder)
    for name in (".dsv-tmp-0123456789abcdef", f"check-{'3' * 64}"):
        (folder / "tmp" / name).write_bytes(b"dsv's own")
        os.utime(folder / "tmp" / name, (1_000_000, 1_000_000))
    done = store.json("gc", "--remote", "origin", "--now")
    _untouched(folder)
    assert len([name for name in done["deleted"] if name.startswith("tmp/")]) == 2


def test_gc_here_deletes_only_what_dsv_wrote(store: Face, tmp_path: Path) -> None:
    store.ok("config", "store", str(tmp_path / "big"))
    _plant(store.folder / ".dsv")
    _plant(tmp_path / "big")
    store.ok("gc", "--now", "--keep", "0")
    _untouched(store.folder / ".dsv")
    _untouched(tmp_path / "big")
    assert store("fsck").code == 6  # it names packs that are none, and deletes nothing


def test_gc_of_a_remote_stops_at_what_is_missing(store: Face, tmp_path: Path) -> None:
    folder = tmp_path / "share"
    store.ok("remote", "add", "origin", f"file://{folder}")
    for name in VERSIONS:
        store.ok("push", "origin", name)
    for path in folder.rglob("*.arrow"):
        data = bytearray(path.read_bytes())
        data[len(data) // 2] ^= 1
        _write(path, bytes(data))
    before = sorted(folder.rglob("*.pack"))
    shutil.rmtree(store.folder / ".dsv" / "cache")
    store.fails("gc", "--remote", "origin", "--now", code=6)
    assert sorted(folder.rglob("*.pack")) == before
