"""A large file is counted towards its size, so that a bar can say how long it takes; what follows is not."""

from pathlib import Path

from dsv.ops.add import add
from dsv.ops.drop import drop_working
from dsv.ops.status import status
from dsv.progress import Total
from tests.unit.workspace_fixtures import Workshop


class Counted:
    def __init__(self) -> None:
        self.begun: list[tuple[str, Total, str]] = []
        self.done: list[int] = []

    def begin(self, label: str, total: Total, unit: str) -> None:
        self.begun.append((label, total, unit))
        self.done.append(0)

    def advance(self, amount: int) -> None:
        self.done[-1] += amount


def test_a_large_file_has_a_total(tmp_path: Path) -> None:
    work = Workshop(tmp_path)
    size = (32 << 20) + 5
    (work.workspace.root / "large.bin").write_bytes(b"x" * size)
    work.write({"small.csv": "a\n1\n"})
    counted = Counted()
    counted.begin("storing", None, "B")
    add(work.workspace, ["large.bin", "small.csv"], progress=counted)
    assert counted.begun[1:] == [("storing", size, "B"), ("storing", None, "B")]
    assert counted.done[1] >= size
    assert counted.done[2] < 100


def test_a_new_folder_has_a_total_that_is_counted_when_it_is_asked_for(tmp_path: Path) -> None:
    work = Workshop(tmp_path)
    work.write({"d/a": "12345", "d/below/b": "678", "d/below/c": ""})
    counted = Counted()
    add(work.workspace, ["d"], progress=counted)
    label, total, unit = counted.begun[0]
    assert (label, unit) == ("storing", "B")
    assert callable(total)
    assert total() == 8 == counted.done[0]
    again = Counted()
    again.begin("storing", None, "B")
    work.write({"d/a": "54321"})
    add(work.workspace, ["d"], progress=again)
    assert len(again.begun) == 1, "nobody knows how much of a known folder has to be read"


def test_looking_counts_all_bytes_whether_they_are_read_or_known(tmp_path: Path) -> None:
    work = Workshop(tmp_path)
    work.commit({"d/a": "12345", "d/b": "678", "e.csv": "a\n1\n"}, "d", "e.csv")
    for rehash in (True, False):
        counted = Counted()
        status(work.workspace, rehash=rehash, progress=counted)
        assert counted.begun[0] == ("reading", 12, "B")
        assert counted.done[0] == 12


def test_removing_counts_files(tmp_path: Path) -> None:
    work = Workshop(tmp_path)
    work.commit({"d/a": "12345", "d/below/b": "678", "e.csv": "a\n1\n"}, "d", "e.csv")
    counted = Counted()
    counted.begin("", None, "B")
    assert drop_working(work.workspace, ["d", "e.csv"], progress=counted).paths == ("d", "e.csv")
    assert counted.begun[1:] == [("looking", 12, "B"), ("removing", 3, "files")]
    assert counted.done[1:] == [12, 3]
