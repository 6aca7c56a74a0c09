from typing import Any

from dsv.versions.fast_forward import Toward, carried


def test_staged_changes_are_carried_where_the_dataset_stays() -> None:
    one, two, three = object(), object(), object()
    old: Any = {"same": one, "moves": one, "both": one, "gone": one, "deleted": one}
    new: Any = {"same": one, "moves": two, "both": two, "deleted": one}
    staged: Any = {"same": three, "moves": one, "both": three, "gone": three, "added": three}
    assert carried(old, new, staged) == (
        {"added": three, "deleted": None, "same": three},
        ["both", "gone"],
    )


def test_what_is_staged_as_it_will_be_is_no_change() -> None:
    one, two = object(), object()
    old: Any = {"a": one}
    new: Any = {"a": two}
    assert carried(old, new, new) == ({}, [])


def test_the_ways_out_quote_names() -> None:
    toward = Toward("origin/main", "dsv merge origin/main", "dsv pull")
    assert toward.untracked(["my file"]) == (
        "move 'my file' away, then dsv pull; or dsv add 'my file', dsv commit -m MESSAGE, then dsv merge origin/main"
    )
