from pathlib import Path

import pytest

from dsv.ids import ObjectId
from dsv.ops.branch import create
from dsv.ops.checkout import checkout
from dsv.ops.merge import merge
from tests.unit.workspace_fixtures import Workshop


@pytest.fixture
def shop(tmp_path: Path) -> Workshop:
    return Workshop(tmp_path / "w")


@pytest.fixture
def ids(shop: Workshop) -> dict[str, ObjectId]:
    """one - two - three - merge (main), and two - side; tag v1 at two."""
    found = {"one": shop.commit({"a": "1", "d/x": "1"}, "a", "d"), "two": shop.commit({"a": "2"})}
    create(shop.workspace, "tags", "v1")
    checkout(shop.workspace, "main", new_branch="side/way")
    found["side"] = shop.commit({"d/x": "2"})
    checkout(shop.workspace, "main")
    found["three"] = shop.commit({"a": "3"})
    found["merge"] = merge(shop.workspace, "side/way", author="ada").commit
    return found
