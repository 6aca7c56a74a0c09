import pytest

from dsv.ids import is_prefix, parse_id, short

A = "ab" * 32


def test_short_ids_tell_an_id_from_others() -> None:
    assert short(A) == "abababab"
    assert short(A, [A]) == "abababab"
    assert short(A, ["cd" * 32, A]) == "abababab"
    assert short(A, [A[:8] + "0" * 56, A[:11] + "0" * 53]) == A[:12]
    assert short(A, [A[:63] + "0"]) == A


@pytest.mark.parametrize("text", ["", "abc", "ABCD", "a" * 65, "xyzw"])
def test_no_ids(text: str) -> None:
    assert not is_prefix(text)
    with pytest.raises(ValueError, match="not an id"):
        parse_id(text)
