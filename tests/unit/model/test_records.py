from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dsv.errors import Corrupt
from dsv.ids import ObjectId
from dsv.model import canonical
from dsv.model.checkpoint import Checkpoint
from dsv.model.commit import Commit
from dsv.model.node import DIR, EXEC, FILE
from dsv.model.origin import Source
from dsv.model.recipe import FilePart, Recipe

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
IDS = st.binary(min_size=32, max_size=32).map(lambda digest: ObjectId(digest.hex()))
COUNTS = st.integers(0, 2**53)
TIMES = st.integers(-(2**53), 2**53)

COMMITS = st.builds(
    Commit, IDS, st.lists(IDS, max_size=2).map(tuple), TEXT, TEXT, TIMES, st.integers(-1440, 1440)
)
CHECKPOINTS = st.builds(
    Checkpoint, IDS, st.sampled_from([FILE, EXEC, DIR]), COUNTS, COUNTS, st.none() | IDS, IDS
)
SOURCES = st.builds(Source, TEXT, st.none() | IDS, st.lists(IDS, max_size=2).map(tuple))
RECIPES = st.lists(st.builds(FilePart, IDS, st.integers(1, 2**30)), min_size=1, max_size=5).map(
    lambda parts: Recipe(tuple(parts))
)

A, B = ObjectId("a" * 64), ObjectId("b" * 64)
GOOD: dict[Any, Any] = {
    Commit: Commit(A, (B,), "Ada", "why", 1, 60),
    Checkpoint: Checkpoint(A, FILE, 3, 1, None, B),
    Source: Source("data.csv", A, (B,)),
    Recipe: Recipe((FilePart(A, 3), FilePart(B, 4))),
}


@given(COMMITS | CHECKPOINTS | SOURCES | RECIPES)
def test_what_was_encoded_is_decoded(record: Any) -> None:
    assert type(record).decode(record.encode(), "it") == record
    assert type(record).decode(memoryview(record.encode()), "it") == record


@given(RECIPES)
def test_a_recipe_knows_how_long_its_file_is(recipe: Recipe) -> None:
    assert recipe.size == sum(size for _, size in recipe.parts)


ODD: tuple[object, ...] = (
    None,
    True,
    -1,
    1,
    2**53,
    "",
    "x",
    "A" * 64,
    "a" * 63,
    [],
    {},
    ["x"],
    [[]],
    {"a" * 64: 1},
    {A: 1, B: 2},
)


@pytest.mark.parametrize("kind", GOOD)
def test_every_field_is_checked(kind: Any) -> None:
    """Whatever stands in a field, the record is refused or is the one that has just this encoding."""
    good = canonical.decode(GOOD[kind].encode(), what="it")
    for field in good:
        without = {name: value for name, value in good.items() if name != field}
        with pytest.raises(Corrupt):
            kind.decode(canonical.encode(without), "it")
        for value in ODD:
            if field == "v":
                continue
            data = canonical.encode({**good, field: value})
            with suppress(Corrupt):
                assert kind.decode(data, "it").encode() == data


@pytest.mark.parametrize("kind", GOOD)
def test_fields_that_nobody_knows_are_refused(kind: Any) -> None:
    good = canonical.decode(GOOD[kind].encode(), what="it")
    with pytest.raises(Corrupt, match="other fields"):
        kind.decode(canonical.encode({**good, "extra": 1}), "it")


@pytest.mark.parametrize(
    ("kind", "field", "value"),
    [
        (Checkpoint, "size", -1),
        (Checkpoint, "files", -1),
        (Checkpoint, "files", True),
        (Checkpoint, "kind", "link"),
        (Checkpoint, "kind", []),
        (Checkpoint, "kind", {}),
        (Checkpoint, "schema", ""),
        (Commit, "time", [1]),
        (Commit, "time", [1, 2, 3]),
        (Commit, "time", ["1", 2]),
        (Commit, "time", 1),
        (Commit, "parents", A),
        (Commit, "parents", {A: 1}),
        (Commit, "parents", None),
        (Commit, "message", None),
        (Source, "merged", {}),
        (Source, "merged", ""),
        (Source, "path", 1),
        (Recipe, "parts", []),
        (Recipe, "parts", [[A, 0]]),
        (Recipe, "parts", [[A, -1]]),
        (Recipe, "parts", [[A, True]]),
        (Recipe, "parts", [[A]]),
        (Recipe, "parts", [[A, 1, 1]]),
        (Recipe, "parts", [{A: 1, B: 1}]),
        (Recipe, "parts", [["../../etc", 1]]),
    ],
)
def test_refused(kind: Any, field: str, value: object) -> None:
    good = canonical.decode(GOOD[kind].encode(), what="it")
    with pytest.raises(Corrupt, match="it is not a valid"):
        kind.decode(canonical.encode({**good, field: value}), "it")
