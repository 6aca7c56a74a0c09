"""A sample of what `fuzz` does; `DSV_FUZZ=100000` makes it as many inputs of each kind."""

import os
import signal
from pathlib import Path

import pytest

from tests.robustness import fuzz

CORPUS = Path(__file__).parent / "corpus"
COUNT = int(os.environ.get("DSV_FUZZ", "60"))
SEED = int(os.environ.get("DSV_FUZZ_SEED", "0"))


@pytest.mark.parametrize("kind", fuzz.KINDS)
def test_inputs_that_were_changed_at_random_end_in_a_reason(kind: str) -> None:
    found = list(fuzz.failures(kind, COUNT, SEED))
    assert not found, "\n".join(f"{data[:200]!r}: {words}" for data, words in found[:3])


@pytest.mark.parametrize("kind", fuzz.KINDS)
def test_the_inputs_are_sound_before_they_are_changed(kind: str) -> None:
    what = fuzz.KINDS[kind]
    for seed in what.seeds():
        what.read(seed)


@pytest.mark.parametrize("path", sorted(CORPUS.iterdir()), ids=lambda path: path.name)
def test_what_once_went_wrong_ends_in_a_reason(path: Path) -> None:
    kind = fuzz.KINDS[path.stem]
    data = path.read_bytes()
    assert not list(fuzz.failures_of(kind, lambda _: data, 1))


def test_a_crash_is_noticed() -> None:
    def read(data: bytes) -> None:
        if data != b"sound":
            os.kill(os.getpid(), signal.SIGKILL)

    fuzz.KINDS["crash"] = fuzz.Kind(lambda: [b"sound"], read)
    try:
        assert len(list(fuzz.failures("crash", 5))) > 2
    finally:
        del fuzz.KINDS["crash"]
