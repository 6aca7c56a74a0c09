from pathlib import Path

import pytest

from dsv.runs.record.spelling import Spelled, texts_of

CODE = 'open("models/rf.json"); for s in ("train", "test"): f"{s}.parquet"; f"by_city/{city}.csv"; out = "clean_trips"'


@pytest.mark.parametrize(
    ("path", "spelled"),
    [
        ("models/rf.json", True),
        ("models/rf.pkl", True),  # the command says rf
        ("d/train.parquet", True),
        ("d/clean_trips.csv", True),
        ("d/trips_clean.csv", True),
        ("by_city/Oslo.csv", False),
        ("set/state.json", False),
        ("years/2015.csv", False),
        ("d/xrf.json", False),
    ],
)
def test_names_in_code_and_command(path: str, spelled: bool) -> None:
    assert Spelled(["python", "job.py", "--name", "rf"], lambda: [CODE])(path) is spelled


def test_code_is_read_once_and_only_if_need_be() -> None:
    asked = []
    spelled = Spelled(["x"], lambda: asked.append(1) or ["Oslo"])  # type: ignore[func-returns-value]
    assert asked == []
    assert spelled("Oslo.csv")
    assert spelled("oslo.csv")
    assert asked == [1]


def test_compiled_code_spells_nothing(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("Oslo")
    (tmp_path / "b.so").write_bytes(b"\0Voss")
    assert texts_of(tmp_path, ["a.py", "b.so", "gone.py"]) == ["Oslo"]
