from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dsv.api import texts
from dsv.errors import UsageFault

plain = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text()
values = st.recursive(
    plain, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3)
)


@given(values)
def test_values_come_back(value: Any) -> None:
    back = texts.value_of(texts.text_of("k", value))
    assert (back, type(back)) == (value, type(value))


def test_plain_text_stays_as_it_is() -> None:
    assert texts.texts_of({"a": "clean", "b": 5, "c": "5", "d": Path("x/y")}) == {
        "a": "clean",
        "b": "5",
        "c": '"5"',
        "d": "x/y",
    }


@pytest.mark.parametrize("value", [object(), b"x", {1, 2}])
def test_what_is_no_text(value: object) -> None:
    with pytest.raises(UsageFault, match="the parameter k"):
        texts.text_of("k", value)
