"""Getting a store where git brought none, and what of an older one has to stay."""

import shutil
from pathlib import Path

import pytest

from dsv.config.load import Remote
from dsv.errors import BadConfig, Corrupt, NotFound, Refused
from dsv.ops.clone import clone_remote
from dsv.ops.fetch import fetch
from dsv.ops.gc import gc_remote
from dsv.ops.pull import pull
from dsv.ops.push import push
from dsv.ops.remote import add_remote
from dsv.remotes.lazy_supply import default_supply
from dsv.remotes.start import ensure, has_store, make_store
from dsv.workspace import Caller, Workspace
from tests.unit.workspace_fixtures import Workshop


@pytest.fixture
def ada(tmp_path: Path) -> Workshop:
    """Ada has pushed a file."""
    shop = Workshop(tmp_path / "ada")
    add_remote(shop.workspace, Remote("origin", f"file://{tmp_path}/remote"))
    shop.commit({"a.csv": "x\n1\n"}, "a.csv")
    push(shop.workspace)
    return shop


@pytest.fixture
def ben(ada: Workshop, tmp_path: Path) -> Path:
    """Where Ben has got what git has."""
    folder = tmp_path / "ben"
    folder.mkdir()
    for name in ("dsv.toml", "dsv.lock"):
        shutil.copy(ada.root / name, folder)
    return folder


def opened(root: Path) -> Workspace:
    return Workspace.discover(root, Caller(supply=default_supply))


def files(root: Path) -> dict[str, bytes]:
    return {str(path): path.read_bytes() for path in root.rglob("*") if path.is_file()}


def test_packs_without_refs_are_left_alone(ada: Workshop, tmp_path: Path) -> None:
    ada.commit({"a.csv": "x\n2\n"})  # nobody else has it
    (ada.root / ".dsv" / "refs").unlink()
    before = files(ada.root / ".dsv" / "packs")
    for command in (pull, fetch, ensure):
        with pytest.raises(Corrupt, match="its refs are gone"):
            command(opened(ada.root))
    shutil.rmtree(tmp_path / "remote")
    with pytest.raises(Corrupt):
        pull(opened(ada.root))
    assert files(ada.root / ".dsv" / "packs") == before


def test_settings_stay_where_the_remote_lacks_the_commit(ada: Workshop, ben: Path) -> None:
    ada.commit({"a.csv": "x\n2\n"})
    shutil.copy(ada.root / "dsv.lock", ben)
    (ben / ".dsv").mkdir()
    (ben / ".dsv" / "config").write_text('user = "Ben"\n')
    with pytest.raises(NotFound, match="not on remote"):
        pull(opened(ben))
    assert [path.name for path in (ben / ".dsv").iterdir()] == ["config"]
    push(ada.workspace)
    pull(opened(ben))
    assert opened(ben).config.user == "Ben"
    assert (ben / "a.csv").read_text() == "x\n2\n"


@pytest.mark.parametrize("fetched", [False, True])
def test_what_was_killed_on_the_way_goes_on(ada: Workshop, ben: Path, *, fetched: bool) -> None:
    workspace = opened(ben)
    make_store(workspace)
    if fetched:
        from dsv.remotes.incoming import fetch_history
        from dsv.remotes.remote import connect

        fetch_history(workspace, connect(workspace))
    assert not has_store(opened(ben))
    pull(opened(ben))
    assert opened(ben).repo.refs().head == ada.refs.head
    assert (ben / "a.csv").read_text() == "x\n1\n"


def test_of_two_at_once_the_slower_takes_nothing_back(ada: Workshop, ben: Path) -> None:
    ada.commit({"a.csv": "x\n2\n"})
    shutil.copy(ada.root / "dsv.lock", ben)
    make_store(opened(ben))  # as the faster one did
    with pytest.raises(NotFound, match="not on remote"):
        ensure(opened(ben))
    assert (ben / ".dsv" / "refs").exists()


def test_staged_data_makes_a_store(ben: Path) -> None:
    workspace = opened(ben)
    lock = (ben / "dsv.lock").read_text()
    (ben / "dsv.lock").unlink()
    mine = Workshop(ben)
    mine.write({"b.csv": "y\n1\n"})
    mine.add("b.csv")
    (ben / "dsv.lock").write_text(lock)
    assert has_store(workspace)


def test_the_store_of_a_workspace_is_no_remote(ada: Workshop, tmp_path: Path) -> None:
    peer = Workshop(tmp_path / "peer")
    peer.commit({"b.csv": "y\n1\n"}, "b.csv")
    before = peer.refs
    add_remote(ada.workspace, Remote("peer", f"file://{peer.root}/.dsv"))
    for command in (push, fetch, gc_remote):
        with pytest.raises(Refused, match="store of a workspace"):
            command(ada.workspace, "peer")
    assert peer.refs == before


def test_a_stranger_names_a_remote_like_a_folder(ben: Path, tmp_path: Path) -> None:
    theirs = tmp_path / "theirs" / "index"
    theirs.mkdir(parents=True)
    (theirs / "precious.txt").write_text("precious")
    (ben / "dsv.toml").write_text(f'[remote."{theirs.parent}"]\nurl = "file://{tmp_path}/remote"\n')
    with pytest.raises(BadConfig, match="cannot be the name of a remote"):
        pull(opened(ben))
    assert [path.name for path in theirs.iterdir()] == ["precious.txt"]


@pytest.mark.parametrize("more", [False, True])
def test_a_pull_goes_on_where_one_was_cut_off(ada: Workshop, ben: Path, *, more: bool) -> None:
    ensure(opened(ben))  # and then the network went away
    if more:
        ada.commit({"b.csv": "y\n1\n"}, "b.csv")
        push(ada.workspace)
    done = pull(opened(ben)).moved
    assert done is not None
    assert sorted(done.written) == (["a.csv", "b.csv"] if more else ["a.csv"])
    assert (ben / "a.csv").exists()
    assert pull(opened(ben)).moved is None


def test_a_clone_that_was_cut_off_goes_on(ada: Workshop, tmp_path: Path) -> None:
    first = ada.refs.head
    ada.commit({"b.csv": "y\n1\n"}, "b.csv")
    push(ada.workspace)
    where = Remote("origin", f"file://{tmp_path}/remote")
    clone_remote(where, tmp_path / "cut", revision=first)
    pull(opened(tmp_path / "cut"))
    assert (tmp_path / "cut" / "a.csv").exists()
    assert not (tmp_path / "cut" / "b.csv").exists()
    clone_remote(where, tmp_path / "bare", no_data=True)
    assert pull(opened(tmp_path / "bare")).moved is None
    assert not (tmp_path / "bare" / "a.csv").exists()
    ada.commit({"a.csv": "x\n2\n", "c.csv": "z\n"}, "c.csv")
    push(ada.workspace)
    pull(opened(tmp_path / "bare"))
    assert not (tmp_path / "bare" / "a.csv").exists()
    assert (tmp_path / "bare" / "c.csv").exists()
