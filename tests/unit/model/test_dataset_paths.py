"""Which paths datasets may have, whatever disk they are on."""

import pytest

from dsv.errors import Corrupt
from dsv.model.dataset_paths import check_stored_name, folders_above


def test_the_folders_above_a_dataset() -> None:
    assert list(folders_above("a/b/c.csv")) == ["a/b", "a"]
    assert list(folders_above("c.csv")) == []


@pytest.mark.parametrize(
    "name", [".gitignore", "git", ".dsvignore", ".hidden", "Git", ".github", "...", "\u200d"]
)
def test_names_that_only_look_like_the_store(name: str) -> None:
    check_stored_name(name, "data")


@pytest.mark.parametrize("name", [".git", ".Dsv", "\u200c.git", ".d\u200dsv", "git~1", ".git."])
def test_names_that_some_systems_take_for_the_store(name: str) -> None:
    with pytest.raises(Corrupt):
        check_stored_name(name, "data")
