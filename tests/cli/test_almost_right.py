"""Names that are almost right, paths typed in a sub-folder, and words that say what is meant."""

from pathlib import Path

import pytest

from tests.cli.face_fixtures import Face


@pytest.fixture
def made(dsv: Face) -> Face:
    (dsv.folder / "data").mkdir()
    for name in ("data/trips.csv", "data/zones.csv"):
        (dsv.folder / name).write_text("a\n1\n")
        dsv.ok("add", name)
    dsv.ok("commit", "-m", "one")
    dsv.ok("branch", "cleaned")
    dsv.ok("tag", "paper")
    return dsv


@pytest.mark.parametrize(
    ("command", "meant"),
    [
        (("show", "data/trip.csv"), "data/trips.csv"),
        (("cat", "data/trips.cvs"), "data/trips.csv"),
        (("lineage", "zones.csv"), "data/zones.csv"),
        (("cat", "trips.csv"), "data/trips.csv"),
        (("checkout", "claened"), "cleaned"),
        (("log", "papr"), "paper"),
        (("diff", "main", "cleand"), "cleaned"),
        (("merge", "cleened"), "cleaned"),
        (("branch", "-d", "clened"), "cleaned"),
        (("tag", "-d", "papper"), "paper"),
    ],
)
def test_a_name_that_is_almost_right(made: Face, command: tuple[str, ...], meant: str) -> None:
    done = made(*command)
    assert done.code == 3
    assert f"hint: did you mean {meant}?" in done.err


@pytest.mark.parametrize("command", [("show", "entirely-else"), ("checkout", "q"), ("tag", "-d", "xyz")])
def test_nothing_is_guessed_where_nothing_is_alike(made: Face, command: tuple[str, ...]) -> None:
    assert "did you mean" not in (made.fails(*command, code=3)["hint"] or "")


@pytest.mark.parametrize("verb", ["show", "cat", "add", "head", "lineage"])
def test_a_path_that_is_there_at_the_root(made: Face, verb: str) -> None:
    sub = made.folder / "notebooks"
    sub.mkdir()
    done = made(verb, "data/trips.csv", cwd=sub)
    assert done.code == 3
    assert "hint: paths start in the folder that you are in: ../data/trips.csv" in done.err
    assert made(verb, "../data/trips.csv", cwd=sub).code == 0


def test_log_says_what_became_of_each_dataset(made: Face) -> None:
    (made.folder / "data/trips.csv").write_text("a\n2\n")
    (made.folder / "more.csv").write_text("a\n3\n")
    made.ok("rm", "data/zones.csv")
    made.ok("add", "data/trips.csv", "more.csv")
    made.ok("commit", "-m", "two")
    lines = made.ok("log", "-n", "1").splitlines()
    assert [line.split() for line in lines[-4:-1]] == [
        ["modified", "data/trips.csv"],
        ["removed", "data/zones.csv"],
        ["added", "more.csv"],
    ]
    [found] = made.json("log", "-n", "1")["commits"]
    assert [one["change"] for one in found["changes"]] == ["modified", "removed", "added"]


def test_a_second_remote_says_which_is_used(dsv: Face, tmp_path: Path) -> None:
    first = dsv("remote", "add", "one", f"file://{tmp_path}/one")
    assert first.err == ""
    second = dsv("remote", "add", "two", f"file://{tmp_path}/two")
    assert "none of one, two is the default" in second.err
    [hint] = [line.removeprefix("hint: ") for line in second.err.splitlines() if line.startswith("hint: ")]
    assert dsv("push").code == 3
    dsv.ok(*hint.split()[1:])
    assert "use one unless told otherwise" in dsv("remote", "add", "three", f"file://{tmp_path}/three").err
    (dsv.folder / "a.csv").write_text("a\n1\n")
    dsv.ok("add", "a.csv")
    dsv.ok("commit", "-m", "one")
    dsv.ok("push")


def test_the_hint_of_a_push_without_a_default_works(dsv: Face, tmp_path: Path) -> None:
    (dsv.folder / "a.csv").write_text("a\n1\n")
    dsv.ok("add", "a.csv")
    dsv.ok("commit", "-m", "one")
    for name in ("one", "two"):
        dsv.ok("remote", "add", name, f"file://{tmp_path}/{name}")
    hint = dsv.fails("push", code=3)["hint"]
    assert hint.startswith("name one, or dsv ")
    dsv.ok(*hint.partition("or dsv ")[2].split())
    dsv.ok("push")


def test_seconds_are_numbers(dsv: Face) -> None:
    (dsv.folder / "a.csv").write_text("a\n1\n")
    document = dsv("run", "--json", "-i", "a.csv", "-o", "b.csv", "--", "cp", "a.csv", "b.csv").document
    assert isinstance(document["seconds"], float)
