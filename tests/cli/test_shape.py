import pytest

from dsv.render.shape import Maybe, problems, render

SHAPE = {
    "name": "text: of it",
    "id": "id?",
    "kind": "file|dir: what it is",
    "more": Maybe([{"n": "int", "x?": "number"}]),
    "by_name?": {"*": "flag"},
    "time": "time",
}
GOOD = {
    "name": "a",
    "id": None,
    "kind": "dir",
    "more": [{"n": 1, "x": 0.5}, {"n": 2}],
    "by_name": {"any": True},
    "time": "2026-11-22T18:10:03+01:00",
}


def test_what_fits_has_no_problems() -> None:
    assert list(problems(GOOD, SHAPE)) == []
    assert list(problems({**GOOD, "more": None}, SHAPE)) == []


@pytest.mark.parametrize(
    "change",
    [
        {"name": 1},
        {"id": "12"},
        {"kind": "link"},
        {"more": [{"n": True}]},
        {"more": [{}]},
        {"more": {}},
        {"by_name": {"a": 1}},
        {"by_name": []},
        {"time": "2026-11-22T18:10:03"},
        {"surprise": 1},
    ],
)
def test_what_does_not_fit_is_found(change: dict[str, object]) -> None:
    assert len(list(problems({**GOOD, **change}, SHAPE))) == 1


def test_a_missing_field_is_found() -> None:
    rest = {name: value for name, value in GOOD.items() if name != "name"}
    assert list(problems(rest, SHAPE)) == ["$.name: missing"]


def test_rendering_shows_types_and_meanings() -> None:
    text = render({"paths": ["path: of it"], "n": "int?: how many"})
    assert text == '{\n  "paths": [path, ...],  // of it\n  "n": int or null  // how many\n}'
