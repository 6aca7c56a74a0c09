import os
from pathlib import Path

import pytest

from dsv.hashing import Kind, object_id
from dsv.ids import ObjectId
from dsv.store.packs import index_merge
from dsv.store.packs import pack as packs
from dsv.store.upkeep.check import Finding, check
from dsv.store.writer import Writer
from tests.unit.store.store_fixtures import Shelf, blob_path, flip, local_shelf

SEGMENTS = [b"segment %d " % n * 20 for n in range(40)]


@pytest.fixture
def shelf(tmp_path: Path) -> Shelf:
    return local_shelf(tmp_path)


def findings(shelf: Shelf) -> list[Finding]:
    return list(check(shelf.blobs, shelf.refs))


def test_a_sound_store_has_no_findings(shelf: Shelf) -> None:
    shelf.add(*SEGMENTS)
    shelf.add_files([os.urandom(3 << 20), b"", b"a,b\n" * 10_000])
    checked: list[int] = []
    assert list(check(shelf.blobs, shelf.refs, advance=checked.append)) == []
    assert sum(checked) > 3 << 20


def test_every_flip_in_a_pack_is_found(shelf: Shelf, tmp_path: Path) -> None:
    (pack,) = shelf.add(*SEGMENTS).packs
    path = tmp_path / packs.name(pack.id)
    for at in range(0, pack.size, 211):
        flip(path, at)
        found = findings(shelf)
        assert ("pack", pack.id, "id") in [finding[:3] for finding in found]
        flip(path, at)
    assert findings(shelf) == []


def test_a_flip_in_an_object_names_it(shelf: Shelf, tmp_path: Path) -> None:
    (pack,) = shelf.add(*SEGMENTS).packs
    index = shelf.objects()._ready()[0][0]
    place = index.at(7)
    flip(tmp_path / packs.name(pack.id), place.offset)
    found = {(finding.what, finding.name, finding.damage) for finding in findings(shelf)}
    assert found == {("pack", pack.id, "id"), ("object", index.id_at(7).hex(), "checksum")}


def test_every_flip_in_an_index_is_found(shelf: Shelf, tmp_path: Path) -> None:
    (index,) = shelf.add(*SEGMENTS).indexes
    path = tmp_path / index_merge.name(index.id)
    for at in range(0, index.size, 211):
        flip(path, at)
        assert findings(shelf)[0][:3] == ("index", index.id, "id")
        flip(path, at)


@pytest.mark.parametrize("keep", [0, 20, 2000])
def test_truncation_is_found(shelf: Shelf, tmp_path: Path, keep: int) -> None:
    sealed = shelf.add(*SEGMENTS)
    os.truncate(blob_path(tmp_path, packs.name(sealed.packs[0].id)), keep)
    found = findings(shelf)
    assert ("pack", sealed.packs[0].id, "format") in [finding[:3] for finding in found]
    assert sum(finding.what == "object" for finding in found) >= 30
    os.truncate(blob_path(tmp_path, index_merge.name(sealed.indexes[0].id)), keep)
    assert ("index", sealed.indexes[0].id, "format") in [finding[:3] for finding in findings(shelf)]


def test_missing_things_are_named(shelf: Shelf, tmp_path: Path) -> None:
    first, second = shelf.add(b"one"), shelf.add(b"two")
    (tmp_path / packs.name(first.packs[0].id)).unlink()
    assert [finding[:3] for finding in findings(shelf)] == [("pack", first.packs[0].id, "missing")]
    (tmp_path / index_merge.name(second.indexes[0].id)).unlink()
    assert ("index", second.indexes[0].id, "missing") in [finding[:3] for finding in findings(shelf)]


def test_an_object_under_a_false_name_is_told_from_an_accident(shelf: Shelf) -> None:
    lie = object_id(Kind.COMMIT, b"true")
    with Writer(shelf.objects()) as writer:
        writer.add(Kind.COMMIT, lie, b"false")
        writer.add(Kind.SEGMENT, ObjectId("33" * 32), b"x")
        shelf.publish(writer.seal())
    found = {(finding.what, finding.name, finding.damage) for finding in findings(shelf)}
    assert found == {("object", lie, "id"), ("object", "33" * 32, "id")}


def test_an_index_that_contradicts_a_pack_is_found(shelf: Shelf) -> None:
    (pack,) = shelf.add(*SEGMENTS).packs
    kept = shelf.refs
    index = shelf.objects()._ready()[0][0]
    lie = index_merge.pick(index, [0, 1, 2])
    lie = lie[:42] + b"\x01" + lie[43:]  # the first row's stored length
    from dsv.store.packs import index_file, index_rows
    from dsv.store.packs.index import Index

    liar = Index("liar", b"".join(index_file.encode(index_rows.columns(lie), (pack.id,))))
    shelf.refs = type(kept)(indexes=tuple(index_merge.store(shelf.blobs, [liar], data=True)))
    found = [finding for finding in findings(shelf) if finding.damage != "garbage"]
    assert [(finding.what, finding.damage) for finding in found] == [("index", "format")]
    assert index.id_at(0).hex() in found[0].detail


def test_garbage_is_named_as_such(shelf: Shelf, tmp_path: Path) -> None:
    with Writer(shelf.objects()) as writer:
        writer.add(Kind.SEGMENT, ObjectId("33" * 32), b"x")
        writer.seal()
    (tmp_path / "tmp" / ".dsv-tmp-left").write_bytes(b"x")
    (tmp_path / "packs" / "README").write_bytes(b"x")
    assert {finding.damage for finding in findings(shelf) if finding.what != "object"} == {"garbage"}
