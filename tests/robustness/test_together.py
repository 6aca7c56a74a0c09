"""Several processes at once: all land, or say that somebody else was faster; nothing is lost."""

import os
import time
from collections.abc import Sequence
from itertools import cycle, islice

import pytest

from tests.robustness.lab_fixtures import Done, Lab, job

CONFLICT = 4
NOTHING = 1


def _at_once(lab: Lab, *commands: Sequence[str]) -> list[Done]:
    return lab.server.together([job(lab.folder, words) for words in commands])


def _check(lab: Lab, done: Sequence[Done], codes: set[int]) -> None:
    for one in done:
        assert one.code in codes, f"{one.code}: {one.out}{one.err}"
        assert "Traceback" not in one.err
    lab.ok("status")
    lab.sound()


def test_two_adds_both_land(lab: Lab) -> None:
    for turn in range(4):
        for name in "abcd":
            lab.write(f"{name}{turn}", f"{name} in turn {turn}".encode())
        done = _at_once(lab, *(["add", f"{name}{turn}"] for name in "abcd"))
        _check(lab, done, {0})
        staged = {one["path"] for one in lab.json("status")["staged"]}
        assert {f"{name}{turn}" for name in "abcd"} <= staged


def test_no_commit_that_said_so_is_lost(lab: Lab) -> None:
    lab.write("a", b"0")
    lab.ok("add", "a")
    lab.ok("commit", "-m", "first")
    made = []
    for turn in range(5):
        lab.write("a", f"turn {turn}".encode())
        lab.ok("add", "a")
        done = _at_once(lab, *(["commit", "-m", f"{turn} {number}", "--json"] for number in range(4)))
        _check(lab, done, {0, NOTHING, CONFLICT})
        made += [one.document["commit"]["id"] for one in done if one.code == 0]
        assert sum(one.code == 0 for one in done) == 1
    assert set(made) <= lab.history()
    logged = [one["id"] for one in lab.json("log")["commits"]]
    assert set(made) <= set(logged)


def test_commits_of_different_changes_both_land(lab: Lab) -> None:
    names = ["a", "b", "c"]
    for name in names:
        lab.write(name, b"start")
    lab.ok("add", *names)
    lab.ok("commit", "-m", "first")
    for turn in range(4):
        for name in names:
            lab.write(name, f"{name} {turn}".encode())
        done = _at_once(lab, *(["commit", "-a", "-m", name] for name in names))
        _check(lab, done, {0, NOTHING, CONFLICT})
        assert lab.json("status")["unstaged"] == []
        for name in names:
            assert lab.ok("cat", f"{name}@HEAD") == f"{name} {turn}"


@pytest.mark.parametrize("seed", range(3))
def test_a_mix_of_everything_loses_nothing(lab: Lab, seed: int) -> None:
    for name in ("a", "b", "d/x", "d/y"):
        lab.write(name, b"start")
    lab.ok("add", "a", "b", "d")
    lab.ok("commit", "-m", "first")
    lab.ok("branch", "other")
    lab.write("b", b"b on main")
    lab.ok("commit", "-a", "-m", "second")
    mix = [
        ["add", "."],
        ["commit", "-a", "-m", "mixed", "--json"],
        ["checkout", "other"],
        ["gc"],
        ["status"],
        ["checkout", "main"],
        ["undo"],
        ["merge", "other", "-m", "merged", "--json"],
        ["fsck"],
        ["restore", "a"],
    ]
    made: set[str] = set()
    for turn in range(5):
        lab.write("d/x", f"{seed} {turn}".encode())
        lab.write(f"new{turn}", b"never tracked")
        commands = list(islice(cycle(mix), seed * 3 + turn * 4, seed * 3 + turn * 4 + 4))
        done = _at_once(lab, *commands)
        _check(lab, done, {0, NOTHING, 3, CONFLICT})
        for one, words in zip(done, commands, strict=True):
            said = one.out + one.err
            assert one.code != 3 or "uncommitted" in said or "staged" in said or "in the way" in said, said
            if one.code == 0 and words[0] == "commit":
                made.add(one.document["commit"]["id"])
            elif one.code == 0 and words[0] == "merge":
                made.add(one.document["head"])
        assert lab.read(f"new{turn}") == b"never tracked"
    assert made
    assert made <= lab.history()


def test_add_and_gc_at_once(lab: Lab) -> None:
    for turn in range(6):
        lab.write("a", bytes([turn]) * 40_000)
        lab.write("b", bytes([turn, turn]) * 40_000)
        done = _at_once(lab, ["add", "a", "b"] if not turn else ["add", "a"], ["gc", "--keep", "0"], ["gc"])
        _check(lab, done, {0, CONFLICT})
        assert lab.stored(lab.read("a")) or done[0].code == CONFLICT


def test_two_inits_at_once(lab: Lab) -> None:
    fresh = Lab(lab.folder.parent / "fresh", lab.server)
    fresh.folder.mkdir()
    done = _at_once(fresh, ["init"], ["init"], ["init"])
    _check(fresh, done, {0})


SECONDS = float(os.environ.get("DSV_CROWD_SECONDS", "4"))
"""How long the crowd works; 120 by hand."""


def test_a_crowd_of_eight(lab: Lab) -> None:
    """Eight processes that add, commit, look, collect and undo, on files of their own."""
    for number in range(8):
        lab.write(f"f{number}", b"start")
    lab.ok("add", *(f"f{number}" for number in range(8)))
    lab.ok("commit", "-m", "first")
    made: set[str] = set()
    end, turn = time.monotonic() + SECONDS, 0
    while time.monotonic() < end or turn < 2:
        turn += 1
        for number in range(8):
            lab.write(f"f{number}", f"{number} in turn {turn}".encode() * 500)
        mix = [
            *(["add", f"f{number}"] for number in range(3)),
            *(["commit", "-a", "-m", f"{turn} {number}", "--json"] for number in range(2)),
            ["gc"] if turn % 2 else ["status"],
            ["fsck"],
            ["branch", f"b{turn}"],
        ]
        done = _at_once(lab, *mix)
        for one, words in zip(done, mix, strict=True):
            assert one.code in {0, NOTHING, CONFLICT}, f"{words}: {one.code} {one.out}{one.err}"
            if one.code == 0 and words[0] == "commit":
                made.add(one.document["commit"]["id"])
    lab.sound()
    assert made
    assert made <= lab.history()
