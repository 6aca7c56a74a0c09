"""What the working tree holds beside what is staged: the one question of `status`, `diff`, `add` and runs."""

from dsv.ops.drop import drop_working
from dsv.versions.survey import Held, size_of, survey
from tests.unit.workspace_fixtures import Workshop


def asked(shop: Workshop) -> dict[str, Held]:
    repo = shop.workspace.repo
    local = repo.refs().mine
    staged, present = repo.datasets(local.staged), repo.datasets(local.present)
    return {held.path: held for held in survey(shop.workspace, staged, present)}


def test_each_dataset_is_the_same_changed_deleted_or_absent(shop: Workshop) -> None:
    names = ("same.csv", "other.csv", "gone.csv", "away.csv")
    shop.commit({name: f"{name}\n" for name in names}, *names)
    drop_working(shop.workspace, ["away.csv"])
    shop.write({"other.csv": "longer than before\n", "gone.csv": None})
    found = asked(shop)
    assert list(found) == sorted(found)
    assert {path: (held.changed, held.deleted, held.absent) for path, held in found.items()} == {
        "same.csv": (False, False, False),
        "other.csv": (True, False, False),
        "gone.csv": (False, True, False),
        "away.csv": (False, False, True),
    }


def test_what_it_is_now_is_what_was_seen(shop: Workshop) -> None:
    shop.commit({"d/a.txt": "a", "e.csv": "x\n"}, "d", "e.csv")
    before = asked(shop)["d"]
    assert before.now == before.wanted.checkpoint
    shop.write({"d/b.txt": "bb", "e.csv": None})
    found = asked(shop)
    now = found["d"].now
    assert now is not None
    assert (now.size, now.files, now.origin) == (3, 2, before.wanted.checkpoint.origin)
    assert found["e.csv"].now is None


def test_only_what_is_checked_out_has_to_be_read(shop: Workshop) -> None:
    shop.commit({"a.csv": "123\n", "b.csv": "12345\n"}, "a.csv", "b.csv")
    drop_working(shop.workspace, ["b.csv"])
    repo = shop.workspace.repo
    local = repo.refs().mine
    assert size_of(repo.datasets(local.staged), repo.datasets(local.present)) == 4
