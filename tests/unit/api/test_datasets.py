import gc
from pathlib import Path

import pyarrow as pa
import pytest

import dsv
from dsv.capture import marker, reads
from dsv.errors import NoTable, NotFound, Refused, StorageError, UsageFault
from dsv.hashing import file_id
from dsv.ops.drop import drop_working
from tests.unit.workspace_fixtures import Workshop


@pytest.fixture
def here(shop: Workshop, monkeypatch: pytest.MonkeyPatch) -> Workshop:
    monkeypatch.chdir(shop.root)
    monkeypatch.delenv(reads.VARIABLE, raising=False)
    return shop


def rows(path: str, rev: str | None = None, columns: list[str] | None = None) -> list[dict[str, object]]:
    found: list[dict[str, object]] = dsv.open_table(path, rev, columns).read_all().to_pylist()
    return found


def text(path: str, rev: str | None = None) -> bytes:
    with dsv.open(path, rev) as file:
        return file.read()


def test_the_names_that_are_promised() -> None:
    assert set(dsv.__all__) <= set(dir(dsv))
    assert all(getattr(dsv, name) is not None for name in dsv.__all__)
    with pytest.raises(AttributeError):
        dsv.nope  # noqa: B018


def test_a_table_is_written_as_a_whole(here: Workshop) -> None:
    assert dsv.write_table("t.parquet", pa.table({"a": [1, 2]})) == 2
    assert rows("t.parquet") == [{"a": 1}, {"a": 2}]

    def broken() -> "object":
        yield pa.record_batch({"a": [1]})
        raise RuntimeError("half")

    with pytest.raises(RuntimeError):
        dsv.write_table("t.parquet", broken())  # type: ignore[arg-type]
    assert rows("t.parquet") == [{"a": 1}, {"a": 2}]
    assert sorted(path.name for path in here.root.iterdir() if path.name.startswith(".dsv-tmp")) == []
    with pytest.raises(StorageError):
        dsv.write_table("nowhere/t.parquet", pa.table({"a": [1]}))
    with pytest.raises(UsageFault):
        dsv.write_table("t.csv", pa.table({"a": [1]}))


def test_any_version(here: Workshop) -> None:
    first = here.commit({"t.csv": "a,b\n1,x\n"}, "t.csv")
    here.commit({"t.csv": "a,b\n1,x\n2,y\n"})
    here.write({"t.csv": "a,b\n7,z\n"})
    assert rows("t.csv") == [{"a": 7, "b": "z"}]
    assert rows("t.csv", "HEAD", ["b"]) == [{"b": "x"}, {"b": "y"}]
    assert rows("t.csv", first[:8]) == rows("t.csv", "HEAD~1") == [{"a": 1, "b": "x"}]
    with dsv.open("t.csv", "HEAD~1") as file:
        assert file.seek(4) == 4
        assert file.read() == b"1,x\n"
        assert file.seek(0) == 0
        assert file.readlines() == [b"a,b\n", b"1,x\n"]
    with dsv.open("t.csv") as file:
        assert file.read() == b"a,b\n7,z\n"


def test_what_is_not_in_the_working_tree(here: Workshop) -> None:
    here.commit({"d/p1.csv": "a\n1\n", "d/p2.csv": "a\n2\n"}, "d")
    drop_working(here.workspace, ["d"])
    assert not here.holds("d")
    assert rows("d") == [{"a": 1}, {"a": 2}]
    assert rows("d/p2.csv") == [{"a": 2}]
    assert text("d/p1.csv") == b"a\n1\n"


def test_a_folder_here_is_a_table(here: Workshop) -> None:
    here.write({"d/p1.csv": "a\n1\n", "d/p2.csv": "a\n2\n"})
    assert rows("d") == [{"a": 1}, {"a": 2}]
    with pytest.raises(Refused):
        dsv.open("d")


def test_a_text_keeps_the_types_that_it_had(here: Workshop) -> None:
    (here.root / "dsv.toml").write_text('[[dataset]]\nmatch = "t.csv"\nschema = { a = "string" }\n')
    here.commit({"t.csv": "a\n1\n"}, "t.csv")
    assert rows("t.csv") == rows("t.csv", "HEAD") == [{"a": "1"}]


def test_what_is_not_there(here: Workshop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    here.commit({"t.csv": "a\n1\n", "n.bin": "\0"}, "t.csv", "n.bin")
    for path, rev in (("x.csv", None), ("x.csv", "HEAD"), ("t.csv", "v9"), ("t.csv/x", "HEAD")):
        with pytest.raises(NotFound):
            dsv.open(path, rev)
    with pytest.raises(NotFound, match="no column"):
        dsv.open_table("t.csv", columns=["z"])
    for rev in (None, "HEAD"):
        with pytest.raises(NoTable):
            dsv.open_table("n.bin", rev)
    with pytest.raises(Refused, match="outside"):
        dsv.open("../t.csv", "HEAD")
    monkeypatch.chdir(tmp_path)
    with pytest.raises(NotFound, match="no such file"):
        dsv.open("t.csv")


def test_a_run_is_told_what_was_read(here: Workshop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    here.commit({"d/a.csv": "a\n1\n", "t.csv": "a\n1\n"}, "d", "t.csv")
    folder = tmp_path / "reports"
    folder.mkdir()
    monkeypatch.setenv(reads.VARIABLE, str(folder))
    rows("t.csv")
    rows("t.csv", "HEAD")
    dsv.open("d/a.csv", "main")
    found = reads.read_reports(folder).reads
    assert [one.name for one in found] == ["t.csv@HEAD", "d@main"]
    assert found[0].checkpoint.content == file_id(b"a\n1\n")
    assert found[1].checkpoint.is_dir


def test_in_a_replay_inputs_are_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    clean = tmp_path / "clean"
    (clean / "sub").mkdir(parents=True)
    (clean / "d@v1" / "in").mkdir(parents=True)
    (clean / "d@v1" / "in" / "a.csv").write_text("a\n1\n")
    (clean / "sub" / "t.csv").write_text("a\n2\n")
    (clean / "sub" / "t.csv@origin").mkdir(parents=True)
    (clean / "sub" / "t.csv@origin" / "main").write_text("a\n3\n")
    marker.put(clean, {})
    monkeypatch.chdir(clean / "sub")
    assert text("../d/in/a.csv", "v1") == b"a\n1\n"
    assert rows("t.csv") == [{"a": 2}]
    assert text("t.csv", "origin/main") == b"a\n3\n"
    with pytest.raises(NotFound, match="is no input"):
        dsv.open("t.csv", "v2")


def test_a_version_in_a_replay_is_a_table_by_its_own_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "t.csv@v1").write_text("a\n1\n")
    marker.put(tmp_path, {})
    monkeypatch.chdir(tmp_path)
    assert rows("t.csv", "v1") == [{"a": 1}]


@pytest.mark.skipif(not Path("/proc/self/fd").is_dir(), reason="counts open files as Linux lists them")
def test_files_are_let_go(here: Workshop) -> None:
    here.commit({"t.csv": "a\n1\n"}, "t.csv")
    dsv.write_table("t.parquet", pa.table({"a": [1, 2]}))

    def opened() -> int:
        gc.collect()
        return len(list(Path("/proc/self/fd").iterdir()))

    for path in ("t.csv", "t.parquet"):
        rows(path)
        before = opened()
        for _ in range(5):
            dsv.open_table(path)
            rows(path)
        assert opened() == before
