"""A large file is counted towards its size, so that a bar can say how long it takes; what follows is not."""

from pathlib import Path

from dsv.ops.add import add
from tests.unit.workshop import Workshop


class Counted:
    def __init__(self) -> None:
        self.begun: list[tuple[str, int | None, str]] = []
        self.done: list[int] = []

    def begin(self, label: str, total: int | None, unit: str) -> None:
        self.begun.append((label, total, unit))
        self.done.append(0)

    def advance(self, amount: int) -> None:
        self.done[-1] += amount


def test_a_large_file_has_a_total(tmp_path: Path) -> None:
    work = Workshop(tmp_path)
    size = (32 << 20) + 5
    (work.repo.root / "large.bin").write_bytes(b"x" * size)
    work.write({"small.csv": "a\n1\n"})
    counted = Counted()
    counted.begin("storing", None, "B")
    add(work.repo, ["large.bin", "small.csv"], progress=counted)
    assert counted.begun[1:] == [("storing", size, "B"), ("storing", None, "B")]
    assert counted.done[1] >= size
    assert counted.done[2] < 100
