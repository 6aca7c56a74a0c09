import pytest

from dsv.errors import Refused
from dsv.model.ref_names import check_name, is_name


@pytest.mark.parametrize("name", ["main", "feature/x", "v1.0", "ü", "a-b_c+d", "x" * 250])
def test_names_as_git_has_them(name: str) -> None:
    assert check_name(name) == name


@pytest.mark.parametrize(
    "name",
    [
        *("", "HEAD", "@", "-x", "git:main", "a.", "a..b", "a/", "/a", "a//b", ".a", "a/.b", "a.lock", "a b"),
        *("a~1", "a^", "a:b", "a?", "a*", "a[b", "a\\b", "a@{1}", "a\x00", "a\x7f", "0" * 64, "x" * 251),
    ],
)
def test_what_could_be_mistaken_for_something_else_is_no_name(name: str) -> None:
    assert not is_name(name)
    with pytest.raises(Refused, match="cannot be the name of a branch or tag"):
        check_name(name)
