"""What `status` calls stale."""

import subprocess

import pytest

from dsv.hashing import file_id
from dsv.model.attempt import GitState
from dsv.ops.drop import drop_working
from dsv.ops.rm import rm
from dsv.render.stale_words import text
from tests.unit.runs.stale.stale_fixtures import record
from tests.unit.workspace_fixtures import Workshop


@pytest.fixture
def chain(shop: Workshop) -> Workshop:
    """raw.csv -> mid.csv -> end.csv, each by a script of its own."""
    shop.write({"raw.csv": "x\n1\n", "mid.csv": "x\n2\n", "end.csv": "x\n3\n"})
    shop.write({"a.py": "print(1)\n", "b.sql": "select 1"})
    shop.add("raw.csv")
    record(shop, ["raw.csv"], ["mid.csv"], ["a.py"])
    record(shop, ["mid.csv"], ["end.csv"], ["b.sql"])
    shop.commit({})
    return shop


def stale(shop: Workshop) -> dict[str, str]:
    found = {one.path: text(one.reasons) for one in shop.status().stale}
    # What was remembered says the same as what was read.
    assert found == {one.path: text(one.reasons) for one in shop.status().stale}
    return found


def test_nothing_is_stale(chain: Workshop) -> None:
    assert stale(chain) == {}


def test_an_edited_input_makes_all_below_stale(chain: Workshop) -> None:
    chain.write({"raw.csv": "x\n9\n"})
    found = {"end.csv": "mid.csv is stale", "mid.csv": "raw.csv changed"}
    assert stale(chain) == found
    chain.commit({})
    assert stale(chain) == found
    chain.commit({"raw.csv": "x\n1\n"})
    assert stale(chain) == {}


def test_code(chain: Workshop) -> None:
    chain.write({"b.sql": "select 2"})
    assert stale(chain) == {"end.csv": "b.sql changed"}
    chain.write({"raw.csv": "x\n7\n", "a.py": "print(2)"})
    assert stale(chain) == {
        "end.csv": "b.sql changed; mid.csv is stale",
        "mid.csv": "raw.csv and a.py changed",
    }


def test_the_looks_of_python_do_not_matter(chain: Workshop) -> None:
    chain.write({"a.py": "# says one\nprint( 1 )\n"})
    assert stale(chain) == {}
    chain.write({"a.py": "print(1"})
    assert stale(chain)["mid.csv"] == "a.py changed"


def test_a_comment_in_a_query_does_not_matter(chain: Workshop) -> None:
    pytest.importorskip("sqlglot")
    chain.write({"b.sql": "-- of ours\nselect 1"})
    assert stale(chain) == {}
    chain.write({"b.sql": "select 1 -- one\n, 2"})
    assert stale(chain) == {"end.csv": "b.sql changed"}


def test_notebooks_that_were_executed_again(shop: Workshop) -> None:
    cell = '{"cells": [{"cell_type": "code", "source": "f(1)", "outputs": [%s]}], "metadata": {}}'
    shop.write({"a.ipynb": cell % "", "out.csv": "1", "a.html": "2"})
    record(shop, [], ["out.csv"], ["a.ipynb"], argv=["jupyter", "nbconvert", "--execute", "a.ipynb"])
    record(shop, [], ["a.html"], ["a.ipynb"], argv=["jupyter", "nbconvert", "--to", "html", "a.ipynb"])
    shop.write({"a.ipynb": cell % '"done"'})
    assert stale(shop) == {"a.html": "a.ipynb changed"}


def test_absent_code_is_not_checked(chain: Workshop) -> None:
    chain.write({"a.py": None})
    assert stale(chain) == {}


def test_code_behind_a_link(chain: Workshop) -> None:
    (chain.root / "b.sql").rename(chain.root / "c.sql")
    (chain.root / "b.sql").symlink_to("c.sql")
    assert stale(chain) == {}
    chain.write({"c.sql": "select 3"})
    assert stale(chain) == {"end.csv": "b.sql changed"}


def test_code_that_git_calls_unmodified(shop: Workshop) -> None:
    def git(*words: str) -> str:
        return subprocess.run(
            ["git", "-c", "user.name=a", "-c", "user.email=a@b.c", *words],
            cwd=shop.root,
            check=True,
            capture_output=True,
            text=True,
        ).stdout.strip()

    git("init")
    shop.write({".gitattributes": "*.sh text\n", "b.sh": "select\n1\n", "c.sh": "select\n1\n"})
    git("add", ".gitattributes", "b.sh", "c.sh")
    git("commit", "-m", "one")
    shop.write({"out.csv": "1", "other.csv": "2"})
    commit = git("rev-parse", "HEAD")
    record(shop, [], ["out.csv"], ["b.sh"], git=GitState(None, commit))
    record(shop, [], ["other.csv"], ["c.sh"], git=GitState(None, commit, ("c.sh",)))
    for name in ("b.sh", "c.sh"):
        (shop.root / name).write_bytes(b"select\r\n1\r\n")
    assert stale(shop) == {"other.csv": "c.sh changed"}
    shop.write({"b.sh": "select\n2\n"})
    assert stale(shop) == {"other.csv": "c.sh changed", "out.csv": "b.sh changed"}


def test_code_that_git_has_no_more(shop: Workshop) -> None:
    def git(*words: str) -> str:
        command = ["git", "-c", "user.name=a", "-c", "user.email=a@b.c", *words]
        return subprocess.run(
            command, cwd=shop.root, check=True, capture_output=True, text=True
        ).stdout.strip()

    git("init")
    shop.write(
        {"util.py": "a = 1\n", "other.py": "b = 1\n", "loose.py": "c = 1\n", "out.csv": "1", "x.csv": "2"}
    )
    git("add", "util.py", "other.py")
    git("commit", "-m", "one")
    state = GitState(None, git("rev-parse", "HEAD"))
    record(shop, [], ["out.csv"], ["util.py", "loose.py"], git=state)
    record(shop, [], ["x.csv"], ["other.py"], git=state)
    shop.write({"loose.py": None})
    assert stale(shop) == {}, "what git never had may be elsewhere"
    git("sparse-checkout", "set", "--no-cone", "/util.py")
    assert not (shop.root / "other.py").exists()
    assert stale(shop) == {}, "what git leaves out on purpose is not taken away"
    (shop.root / "util").mkdir()
    git("mv", "--sparse", "util.py", "util/__init__.py")
    assert stale(shop) == {"out.csv": "util.py is gone"}
    git("commit", "-m", "two")
    assert stale(shop) == {"out.csv": "util.py is gone"}


def test_an_input_that_is_no_dataset_any_more(chain: Workshop) -> None:
    rm(chain.workspace, ["raw.csv"], keep=True)
    assert stale(chain) == {}
    chain.write({"raw.csv": "x\n5\n"})
    assert stale(chain)["mid.csv"] == "raw.csv changed"
    chain.write({"raw.csv": None})
    assert stale(chain)["mid.csv"] == "raw.csv is gone"


def test_a_deleted_input(chain: Workshop) -> None:
    chain.write({"raw.csv": None})
    assert stale(chain) == {"end.csv": "mid.csv is stale", "mid.csv": "raw.csv is gone"}


def test_what_is_absent_is_not_stale(chain: Workshop) -> None:
    drop_working(chain.workspace, ["raw.csv", "mid.csv"])
    assert stale(chain) == {}
    assert chain.status().absent == ("mid.csv", "raw.csv")


def test_an_input_that_was_also_written(shop: Workshop) -> None:
    shop.commit({"log.csv": "1\n", "new.csv": "2\n"}, "log.csv", "new.csv")
    before = shop.workspace.repo.datasets(shop.local.staged)["log.csv"]
    shop.write({"log.csv": "1\n2\n"})
    record(shop, ["log.csv", "new.csv"], ["log.csv"])
    assert shop.workspace.repo.datasets(shop.local.staged)["log.csv"] != before
    assert stale(shop) == {}
    shop.write({"new.csv": "3\n"})
    assert stale(shop) == {"log.csv": "new.csv changed"}


def test_the_same_table_in_other_bytes(shop: Workshop) -> None:
    shop.write({"raw": "0", "mid": "1", "end": "2"})
    shop.add("raw")
    table = file_id(b"a table")
    record(shop, ["raw"], ["mid"], tables={"mid": table})
    record(shop, ["mid"], ["end"])
    shop.write({"mid": "1 again"})
    record(shop, ["raw"], ["mid"], tables={"mid": table})
    assert stale(shop) == {}
    shop.write({"mid": "1 otherwise"})
    record(shop, ["raw"], ["mid"], tables={"mid": file_id(b"another")})
    assert stale(shop) == {"end": "mid changed"}
    shop.write({"mid": "1 unknown"})
    record(shop, ["raw"], ["mid"])
    assert stale(shop) == {"end": "mid changed"}


def test_the_same_data_from_elsewhere(chain: Workshop) -> None:
    """Another origin is no other content."""
    record(chain, [], ["mid.csv"], name="elsewhere")
    assert stale(chain) == {}


def test_edited_by_hand_is_not_stale(chain: Workshop) -> None:
    chain.commit({"mid.csv": "x\n22\n", "raw.csv": "x\n11\n"})
    assert stale(chain) == {"end.csv": "mid.csv changed"}


def test_circles_end(shop: Workshop) -> None:
    shop.write({"a": "1", "b": "1"})
    shop.add("a")
    record(shop, ["a"], ["b"])
    shop.write({"a": "2"})
    record(shop, ["b"], ["a"])
    assert stale(shop) == {"a": "b is stale", "b": "a changed"}


def test_many_reasons_are_counted(shop: Workshop) -> None:
    names = [f"in{number}" for number in range(6)]
    shop.commit(dict.fromkeys(names, "1"), *names)
    shop.write({"out": "1"})
    record(shop, names, ["out"])
    shop.write(dict.fromkeys(names, "2"))
    assert stale(shop) == {"out": "in0, in1, in2 and 3 more changed"}
