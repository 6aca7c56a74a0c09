"""A remote that lies: nothing of it enters the store, and what is here stays usable."""

import os
import shutil
import struct
import tracemalloc
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from dsv.config.load import Remote
from dsv.errors import Corrupt, DsvError, Refused
from dsv.hashing import Kind, file_id, object_id
from dsv.ids import ObjectId
from dsv.model.recipe import FilePart, Recipe
from dsv.ops.checkout import checkout_paths
from dsv.ops.clone import clone_remote
from dsv.ops.drop import drop_stored, drop_working
from dsv.ops.fetch import fetch
from dsv.ops.fsck import fsck
from dsv.ops.head import head
from dsv.ops.push import push
from dsv.ops.remote import add_remote
from dsv.records import dataset_names
from dsv.records.dataset_names import DatasetName
from dsv.remotes.lazy_supply import default_supply
from dsv.remotes.start import ensure
from dsv.store.blobs.local import LocalBlobs
from dsv.store.objects import Objects
from dsv.store.packs import index_merge
from dsv.store.packs.index import Index
from dsv.store.refs import IndexRef, Refs
from dsv.store.repository import Repository
from dsv.store.writer import Writer
from dsv.workspace import Caller, Workspace
from tests.unit.workspace_fixtures import Workshop

BIG = "".join(f"{number}\n" for number in range(200_000))


class Lair:
    """A remote in a folder, and how it is made to lie."""

    def __init__(self, root: Path) -> None:
        self.blobs = LocalBlobs(root / "remote")
        self.remote = Remote("origin", f"file://{root}/remote")

    @property
    def refs(self) -> Refs:
        raw = self.blobs.load()
        assert raw is not None
        return Refs.decode(raw)

    def swap(self, wanted: Refs) -> None:
        self.blobs.swap(self.blobs.load(), wanted.encode())

    def claim(self, kind: Kind, oid: ObjectId, data: bytes) -> None:
        """List an object under an id that is not its own, before all others."""
        with Writer(Objects(self.blobs, Refs)) as writer:
            writer.add(kind, oid, data)
            sealed = writer.seal()
        self.swap(replace(self.refs, indexes=(*sealed.indexes, *self.refs.indexes)))

    def without(self, *oids: ObjectId) -> None:
        """List everything but some objects."""
        import numpy as np

        keys = {bytes.fromhex(oid) for oid in oids}
        live: list[IndexRef] = []
        for ref in self.refs.indexes:
            index = index_merge.open_index(self.blobs, ref)
            keep = np.array([index.id_at(row) not in keys for row in range(index.rows)])
            live += _store(self.blobs, index, keep, data=ref.data)
        self.swap(replace(self.refs, indexes=tuple(live)))


def _store(blobs: LocalBlobs, index: Index, keep: object, *, data: bool) -> list[IndexRef]:
    from dsv.store.packs import index_file
    from dsv.store.packs import index_rows as rows

    packed = index_merge.pick(index, keep)
    if not packed:
        return []
    content = b"".join(index_file.encode(rows.columns(packed), index.packs))
    return index_merge.store(blobs, [Index("some", content)], data=data)


@pytest.fixture
def ada(tmp_path: Path) -> Workshop:
    shop = Workshop(tmp_path / "ada")
    add_remote(shop.workspace, Remote("origin", f"file://{tmp_path}/remote"))
    shop.commit({"big.csv": BIG, "small.csv": "x\n1\n"}, "big.csv", "small.csv")
    push(shop.workspace)
    return shop


@pytest.fixture
def lair(ada: Workshop, tmp_path: Path) -> Lair:
    assert ada.root.exists()
    return Lair(tmp_path)


def opened(root: Path) -> Workspace:
    return Workspace.discover(root, Caller(supply=default_supply))


def clone(lair: Lair, root: Path) -> Workspace:
    clone_remote(lair.remote, root)
    return opened(root)


def test_a_look_at_what_a_lying_recipe_makes_leaves_nothing_behind(lair: Lair, tmp_path: Path) -> None:
    oid, other = file_id(BIG.encode()), file_id(b"x\n1\n")
    lair.without(oid)
    lair.claim(Kind.RECIPE, oid, Recipe((FilePart(other, 4),)).encode())
    workspace = clone(lair, tmp_path / "ben")
    assert head(workspace.repo, DatasetName("big.csv", "HEAD")).names == ("x",)  # the word of the remote
    assert not workspace.repo.objects.has(oid)
    with pytest.raises(Corrupt, match="makes another file"):
        workspace.repo.contents.read(oid)
    assert fsck(opened(tmp_path / "ben")).damage == ()


@pytest.mark.parametrize("size", [3, 5, 1 << 40])
def test_a_look_at_a_recipe_that_lies_about_sizes(lair: Lair, tmp_path: Path, size: int) -> None:
    oid, other = file_id(BIG.encode()), file_id(b"x\n1\n")
    lair.without(oid)
    lair.claim(Kind.RECIPE, oid, Recipe((FilePart(other, size),)).encode())
    workspace = clone(lair, tmp_path / "ben")
    with pytest.raises(Corrupt, match="has 4 bytes, not"):
        workspace.repo.contents.peek(oid, "big.csv").read_at(0, 2)


def test_a_look_at_recipes_that_unfold_without_end(lair: Lair, tmp_path: Path) -> None:
    oid, part, size = file_id(BIG.encode()), file_id(b"x\n1\n"), 4
    lair.without(oid)
    for level in range(5):
        recipe = Recipe((FilePart(part, size),) * 64).encode()
        part, size = object_id(Kind.RECIPE, recipe), size * 64
        lair.claim(Kind.RECIPE, oid if level == 4 else part, recipe)
    workspace = clone(lair, tmp_path / "ben")
    supply = workspace.repo.objects.supply
    assert supply is not None
    assert supply.layout(oid) is None
    assert supply.layout(ObjectId("0" * 64)) is None


def test_a_recipe_that_makes_another_file(lair: Lair, tmp_path: Path) -> None:
    oid = file_id(BIG.encode())
    other = file_id(b"x\n1\n")
    lair.without(oid)
    lair.claim(Kind.RECIPE, oid, Recipe((FilePart(other, 4),)).encode())
    workspace = clone(lair, tmp_path / "ben")
    with pytest.raises(Corrupt, match="makes another file"):
        checkout_paths(workspace, "HEAD", ["big.csv"])
    assert not workspace.repo.objects.has(oid)
    assert not (tmp_path / "ben" / "big.csv").exists()
    # Nothing stands in the way of the true one.
    ben = Workshop(tmp_path / "ben")
    ben.write({"mine.csv": BIG})
    ben.add("mine.csv")
    assert ben.cat("mine.csv") == BIG


def test_a_segment_that_is_not_what_its_id_says(lair: Lair, tmp_path: Path) -> None:
    oid = file_id(b"x\n1\n")
    lair.without(oid)
    lair.claim(Kind.SEGMENT, oid, b"x\n2\n")
    workspace = clone(lair, tmp_path / "ben")
    with pytest.raises(Corrupt):
        checkout_paths(workspace, "HEAD", ["small.csv"])
    assert not workspace.repo.objects.has(oid)


def test_a_sound_copy_serves_where_another_lies(lair: Lair, tmp_path: Path) -> None:
    lair.claim(Kind.SEGMENT, file_id(b"x\n1\n"), b"x\n2\n")
    workspace = clone(lair, tmp_path / "ben")
    checkout_paths(workspace, "HEAD", ["small.csv"])
    assert (tmp_path / "ben" / "small.csv").read_text() == "x\n1\n"


@pytest.mark.parametrize("kind", [Kind.NODE, Kind.CHECKPOINT, Kind.COMMIT, Kind.SOURCE])
def test_a_record_that_is_not_what_its_id_says(ada: Workshop, lair: Lair, tmp_path: Path, kind: Kind) -> None:
    oid = of_kind(ada.workspace.repo, kind)
    lair.without(oid)
    lair.claim(kind, oid, b"{}")
    with pytest.raises(Corrupt):
        clone(lair, tmp_path / "ben")
    assert not (tmp_path / "ben").exists()


def test_facts_under_the_id_of_something_else(ada: Workshop, lair: Lair, tmp_path: Path) -> None:
    workspace = clone(lair, tmp_path / "ben")
    victim = ada.commit({"small.csv": "x\n2\n"})
    lair.claim(Kind.FACTS, victim, b'{"v":1}')
    fetch(workspace)
    assert not workspace.repo.objects.has(victim)
    push(ada.workspace)
    fetch(workspace)
    assert workspace.repo.commit(victim).parents


@pytest.mark.parametrize("kind", [Kind.NODE, Kind.CHECKPOINT, Kind.SOURCE])
def test_history_with_a_gap(ada: Workshop, lair: Lair, tmp_path: Path, kind: Kind) -> None:
    workspace = clone(lair, tmp_path / "ben")
    ada.commit({"small.csv": "x\n3\n", "d/new.txt": "new"}, "d")
    push(ada.workspace)
    before = workspace.repo.refs().mine.remotes
    known = {oid for oid in ids(ada.workspace.repo, kind) if workspace.repo.objects.has(oid)}
    lair.without(*(oid for oid in ids(ada.workspace.repo, kind) if oid not in known))
    with pytest.raises(DsvError):
        fetch(workspace)
    assert Workspace.discover(tmp_path / "ben").repo.refs().local.remotes == before  # type: ignore[union-attr]
    assert fsck(opened(tmp_path / "ben")).damage == ()


@pytest.mark.parametrize("name", ["../../evil", "a b", "-x", "x.lock", "HEAD", "a\x00b"])
def test_names_that_no_branch_has(lair: Lair, tmp_path: Path, name: str) -> None:
    refs = lair.refs
    lair.swap(replace(refs, branches={**refs.branches, name: refs.branches["main"]}))
    with pytest.raises(Corrupt):
        clone(lair, tmp_path / "ben")


@pytest.mark.parametrize("name", ["../../evil", "\x1b]0;mine\x07", 'a"\nb'])
def test_a_default_branch_that_no_dsv_names(ada: Workshop, lair: Lair, tmp_path: Path, name: str) -> None:
    lair.swap(replace(lair.refs, default=name))
    with pytest.raises(Corrupt, match="cannot be the name"):
        clone(lair, tmp_path / "ben")
    assert not (tmp_path / "ben").exists()
    git_clone = tmp_path / "git"
    git_clone.mkdir()
    shutil.copy(ada.root / "dsv.toml", git_clone)
    with pytest.raises(Corrupt, match="cannot be the name"):
        ensure(opened(git_clone))
    assert not (git_clone / ".dsv").exists()


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes in this file system")
def test_refs_that_are_endless_or_a_pipe(lair: Lair, tmp_path: Path) -> None:
    place = tmp_path / "remote" / "refs"
    os.truncate(place, 1 << 40)
    with pytest.raises(Corrupt, match="more than any dsv writes"):
        clone(lair, tmp_path / "ben")
    place.unlink()
    os.mkfifo(place)
    with pytest.raises(Corrupt):
        clone(lair, tmp_path / "ben")


def test_an_index_that_claims_to_be_endless(lair: Lair, tmp_path: Path) -> None:
    refs = lair.refs
    lair.swap(replace(refs, indexes=tuple(one._replace(size=1 << 40) for one in refs.indexes)))
    with pytest.raises(Corrupt, match="claims"):
        clone(lair, tmp_path / "ben")


def test_an_index_that_claims_what_nobody_has(lair: Lair, tmp_path: Path) -> None:
    """What fails is not kept, nor is all read that an index lists, before the first lie is told."""
    from dsv.store.packs import index_file

    refs = lair.refs
    meta = next(ref for ref in refs.indexes if not ref.data)
    true = index_merge.open_index(lair.blobs, meta)
    rows, one = 200_000, true.packed(0, 1)[0]
    ids = b"".join(file_id(b"%d" % number).encode()[:32] for number in range(rows))
    columns = [
        b"".join(sorted(ids[at : at + 32] for at in range(0, len(ids), 32))),
        *(struct.pack(form, value) * rows for form, value in zip("BBIIIIQ", one[1:], strict=True)),
    ]
    data = b"".join(index_file.encode(columns, true.packs))
    lair.blobs.put(index_merge.name(file_id(data)), data)
    lair.swap(replace(refs, indexes=(*refs.indexes, IndexRef(file_id(data), rows, len(data), data=False))))
    tracemalloc.start()
    try:
        with pytest.raises(Corrupt, match="is not what its id says"):
            clone(lair, tmp_path / "ben")
        assert tracemalloc.get_traced_memory()[1] < 128 << 20
    finally:
        tracemalloc.stop()


CHANGES: list[Callable[[bytes], bytes]] = [
    lambda data: data[:64],
    lambda data: data[:40] + bytes([data[40] ^ 4]) + data[41:],
    lambda _: b"",
]


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("folder", ["packs", "index"])
def test_bytes_that_were_altered(
    lair: Lair, tmp_path: Path, folder: str, change: Callable[[bytes], bytes]
) -> None:
    for path in (tmp_path / "remote" / folder).rglob("*.*"):
        path.chmod(0o644)
        path.write_bytes(change(path.read_bytes()))
    with pytest.raises(Corrupt):
        clone(lair, tmp_path / "ben")
    assert not (tmp_path / "ben").exists()


def test_a_pack_that_is_gone(lair: Lair, tmp_path: Path) -> None:
    workspace = clone(lair, tmp_path / "ben")
    for path in (tmp_path / "remote" / "packs").rglob("*.pack"):
        path.unlink()
    with pytest.raises(Corrupt, match="lacks a pack"):
        checkout_paths(workspace, "HEAD", ["small.csv"])


@pytest.mark.parametrize("size", [None, 100])
@pytest.mark.parametrize("name", ["big.csv", "small.csv"])
def test_nothing_is_dropped_for_a_pack_that_is_gone_or_cut(
    ada: Workshop, tmp_path: Path, size: int | None, name: str
) -> None:
    for path in (tmp_path / "remote" / "packs").rglob("*.pack"):
        path.chmod(0o644)
        if size is None:
            path.unlink()
        else:
            os.truncate(path, size)
    drop_working(ada.workspace, [name])
    workspace = opened(ada.root)
    with pytest.raises((Refused, Corrupt)):
        drop_stored(
            workspace,
            dataset_names.place(
                workspace.repo, f"{name}@HEAD", dataset_names.datasets_at(workspace.repo, None)
            ),
        )
    assert ada.cat(name)


def test_what_is_damaged_here_is_healed(lair: Lair, tmp_path: Path) -> None:
    workspace = clone(lair, tmp_path / "ben")
    checkout_paths(workspace, "HEAD", ["."])
    place = workspace.repo.objects.find(file_id(b"x\n1\n"))
    assert place is not None
    path = tmp_path / "ben" / ".dsv" / "packs" / place.pack[:2] / f"{place.pack}.pack"
    data = bytearray(path.read_bytes())
    data[place.offset] ^= 1
    path.chmod(0o644)
    path.write_bytes(data)
    assert opened(tmp_path / "ben").repo.contents.read(file_id(b"x\n1\n")) == b"x\n1\n"


def ids(repo: Repository, kind: Kind) -> list[ObjectId]:
    return [
        ObjectId(index.id_at(row).hex())
        for index in repo.objects.indexes(data=kind.is_data)
        for row in range(index.rows)
        if index.at(row).kind == kind
    ]


def of_kind(repo: Repository, kind: Kind) -> ObjectId:
    return ids(repo, kind)[0]
