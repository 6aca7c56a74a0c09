"""Publishing beside others: who was slower tries again, and gc takes away nothing that was relied on."""

import os
from dataclasses import replace
from pathlib import Path

import pytest

from dsv.errors import Conflict, RefMoved
from dsv.hashing import Kind, file_id, object_id
from dsv.ids import ObjectId
from dsv.ops.branch import delete
from dsv.ops.checkout import checkout
from dsv.ops.fsck import fsck
from dsv.ops.gc import gc
from dsv.store.ingest import ingest
from dsv.store.refs import Local, Refs
from dsv.store.storing_sink import StoreSink
from dsv.store.writer import Writer
from dsv.workspace import Workspace
from tests.unit.workspace_fixtures import Workshop


def test_who_was_slower_tries_again(shop: Workshop) -> None:
    head = shop.commit({"a": "1"}, "a")
    other = shop.workspace
    tries = []

    def change(found: Refs, _: Writer) -> Refs:
        tries.append(found)
        if len(tries) == 1:
            other.publish("other", lambda refs, _: replace(refs, tags={"theirs": head}))
        return replace(found, tags={**found.tags, "mine": head})

    shop.workspace.publish("mine", change)
    assert len(tries) == 2
    assert dict(shop.refs.tags) == {"theirs": head, "mine": head}
    entries, damage = shop.workspace.oplog.readable(shop.local.oplog)
    assert damage is None
    assert [entry.what for entry in entries[:2]] == ["mine", "other"]


def test_what_was_written_in_a_lost_try_is_published_too(shop: Workshop) -> None:
    head = shop.commit({"a": "1"}, "a")
    other = shop.workspace
    record = b'{"v":1}'
    tries: list[int] = []

    def change(found: Refs, session: Writer) -> Refs:
        if not tries:
            session.put(Kind.SOURCE, record)
            other.publish("other", lambda refs, _: replace(refs, tags={"theirs": head}))
        tries.append(1)
        return replace(found, tags={**found.tags, "mine": head})

    shop.workspace.publish("mine", change)
    assert shop.workspace.repo.objects.get_record(Kind.SOURCE, object_id(Kind.SOURCE, record)) == record


def test_nothing_changed_is_nothing_published(shop: Workshop) -> None:
    shop.commit({"a": "1"}, "a")
    before = shop.workspace.blobs.load()
    assert shop.workspace.publish("nothing", lambda found, _: found) == shop.refs
    assert shop.workspace.blobs.load() == before


def test_a_change_that_makes_no_sense_any_more_is_left(shop: Workshop) -> None:
    before = shop.workspace.blobs.load()

    def change(_: Refs, __: Writer) -> Refs:
        raise RefMoved("somebody else did it")

    with pytest.raises(RefMoved, match="somebody else"):
        shop.workspace.publish("mine", change)
    assert shop.workspace.blobs.load() == before


def forget_side(shop: Workshop) -> bytes:
    """Make a version that only the oplog knows; return its bytes."""
    shop.commit({"a": "1"}, "a")
    checkout(shop.workspace, "main", new_branch="side")
    data = os.urandom(3000)
    (shop.root / "b").write_bytes(data)
    shop.commit({}, "b")
    checkout(shop.workspace, "main")
    delete(shop.workspace, "branches", "side", force=True)
    return data


def put_again(workspace: Workspace, data: bytes, grace: int, root: Path) -> ObjectId:
    """Store bytes that are there already, while gc takes them away."""
    with workspace.repo.writer() as writer:
        oid = ingest(writer, lambda offset, length: data[offset : offset + length], len(data))
        assert writer.relied
        gc(Workspace(root), grace=grace, keep_days=-1)

        def change(found: Refs, _: Writer) -> Refs:
            local = found.local or Local()
            return replace(found, default="changed", local=local)

        workspace.publish("again", change, writer=writer)
    return oid


def test_what_gc_condemned_meanwhile_is_taken_back(shop: Workshop) -> None:
    data = forget_side(shop)
    oid = put_again(shop.workspace, data, 3600, shop.root)
    assert oid == file_id(data)
    assert b"".join(map(bytes, shop.workspace.repo.contents.stream(oid))) == data
    assert fsck(shop.workspace).damage == ()


def test_what_gc_deleted_meanwhile_is_a_conflict(shop: Workshop) -> None:
    data = forget_side(shop)
    before = shop.refs.default
    with pytest.raises(Conflict, match="gc took away"):
        put_again(shop.workspace, data, 0, shop.root)
    assert shop.refs.default == before
    assert fsck(shop.workspace).damage == ()


def test_a_sink_stores_what_it_is_given(shop: Workshop) -> None:
    workspace = shop.workspace
    path = shop.root / "file"
    path.write_bytes(os.urandom(400_000))
    with workspace.repo.writer() as writer, path.open("rb") as file:
        sink = StoreSink(writer)
        assert sink.stored_epoch == workspace.repo.refs().epoch
        oid = sink.put_file("file", file.fileno(), os.fstat(file.fileno()))
        node = sink.put_node(b'{"entries":[],"v":1}')
        workspace.repo.publish(lambda found, _: found, writer=writer)
    assert oid == file_id(path.read_bytes())
    assert shop.workspace.repo.contents.has(oid)
    assert b"".join(map(bytes, shop.workspace.repo.contents.stream(oid))) == path.read_bytes()
    assert shop.workspace.repo.objects.has(node)


def test_a_file_that_becomes_shorter_is_noticed(shop: Workshop) -> None:
    path = shop.root / "file"
    path.write_bytes(b"12345")
    stat = path.stat()
    path.write_bytes(b"123")
    with (
        shop.workspace.repo.writer() as writer,
        path.open("rb") as file,
        pytest.raises(EOFError, match="shorter"),
    ):
        StoreSink(writer).put_file("file", file.fileno(), stat)
