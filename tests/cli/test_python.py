"""Programs that import dsv: what they do is recorded, replayed and verified like any command."""

import subprocess
import sys
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest

from tests.cli.face_fixtures import Face, environment
from tests.cli.store_search import everything

HEAD = "import dsv\nimport pyarrow as pa\n"


class Desk:
    """A workspace in which programs are run as a user would run them."""

    def __init__(self, dsv: Face) -> None:
        self.dsv = dsv
        self.folder = dsv.folder

    def write(self, name: str, text: str) -> None:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(HEAD + dedent(text))

    def python(self, *arguments: str, code: int = 0, cwd: Path | None = None) -> str:
        done = subprocess.run(
            [sys.executable, *arguments],
            cwd=cwd or self.folder,
            env={**environment(), "XDG_CONFIG_HOME": str(self.folder.parent / "config")},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == code, done.stderr
        return done.stdout + done.stderr

    def statuses(self, *arguments: str, code: int = 0) -> dict[str, str]:
        words = ["verify", "--python", sys.executable, *arguments]
        return {one["path"]: one["status"] for one in self.dsv.json(*words, code=code)["datasets"]}

    def run(self, *words: str) -> dict[str, Any]:
        done = self.dsv("run", "--json", *words)
        assert done.code == 0, done.err
        return done.document

    def run_of(self, path: str) -> dict[str, Any]:
        found: dict[str, Any] = self.dsv.json("show", path)["checkpoint"]["run"]
        return found


@pytest.fixture
def desk(dsv: Face) -> Desk:
    (dsv.folder / "raw.csv").write_text("a,b\n1,x\n2,y\n3,z\n")
    dsv.ok("add", "raw.csv")
    dsv.ok("commit", "-m", "raw")
    dsv.ok("tag", "v1")
    return Desk(dsv)


BLOCK = """
    import sys
    if __name__ == "__main__":
        with dsv.run("sum", params={"times": 2}) as run:
            table = dsv.open_table("raw.csv").read_all()
            total = sum(table["a"].to_pylist()) * run.params["times"] * int(sys.argv[1])
            dsv.write_table("sum.parquet", pa.table({"total": [total]}))
    """


def test_a_block_is_replayed_as_the_whole_script(desk: Desk) -> None:
    desk.write("sum.py", BLOCK)
    desk.python("sum.py", "10")
    run = desk.run_of("sum.parquet")
    assert (run["name"], run["argv"], run["params"]) == ("sum", ["python", "sum.py", "10"], {"times": "2"})
    desk.dsv.ok("commit", "-m", "sum")
    found = desk.dsv.ok("lineage", "sum.parquet")
    assert "raw.csv" in found
    assert desk.statuses("sum.parquet", "--level", "raw") == {"sum.parquet": "identical"}
    assert desk.statuses("--level", "hashes")["sum.parquet"] == "recorded"
    code = desk.dsv.json("lineage", "sum.parquet")
    assert any(node.get("capture") == "captured" for node in code["nodes"])


def test_other_parameters_for_a_block(desk: Desk) -> None:
    desk.write("sum.py", BLOCK)
    desk.python("sum.py", "1")
    desk.dsv.ok("commit", "-m", "sum")
    desk.dsv.ok("rerun", "sum.parquet", "-p", "times=5", "--force")
    assert desk.dsv.ok("cat", "sum.parquet", "--format", "csv").split() == ['"total"', "30"]
    assert desk.run_of("sum.parquet")["params"] == {"times": "5"}


def test_the_same_again_is_unchanged(desk: Desk) -> None:
    desk.write("sum.py", BLOCK)
    desk.python("sum.py", "1")
    first = desk.run_of("sum.parquet")["id"]
    desk.dsv.ok("commit", "-m", "sum")
    desk.python("sum.py", "1")
    assert desk.dsv.json("status")["staged"] == []
    assert desk.run_of("sum.parquet")["id"] == first


def test_nothing_is_staged_when_a_block_raises(desk: Desk) -> None:
    desk.write(
        "bad.py",
        """
        with dsv.run("bad"):
            dsv.write_table("bad.parquet", pa.table({"a": [1]}))
            raise ValueError("no")
        """,
    )
    assert "ValueError: no" in desk.python("bad.py", code=1)
    assert desk.dsv.json("status")["staged"] == []
    assert not list((desk.folder / ".dsv" / "tmp").glob("run-*"))
    desk.write("good.py", 'with dsv.run("good"):\n    dsv.write_table("g.parquet", pa.table({"a": [1]}))\n')
    desk.python("good.py")  # nobody holds the turn any more
    assert desk.run_of("g.parquet")["name"] == "good"


def test_what_is_declared(desk: Desk) -> None:
    desk.write(
        "sub/both.py",
        """
        with dsv.run(inputs=["../raw.csv", "../raw.csv@v1"], outputs=["out.arrow"]) as run:
            dsv.write_table("out.arrow", dsv.open_table("../raw.csv"))
        print(run.recorded.attempt.capture, *(one.path for one in run.recorded.run.inputs))
        """,
    )
    assert desk.python("both.py", cwd=desk.folder / "sub").split() == ["declared", "raw.csv", "raw.csv@v1"]
    assert desk.run_of("sub/out.arrow")["cwd"] == "sub"


def test_inside_of_a_recorded_command_a_block_only_runs(desk: Desk) -> None:
    desk.write("sum.py", BLOCK)
    done = desk.run("--", sys.executable, "sum.py", "1")
    assert done["name"] is None
    assert any("the step sum is part of this run" in note for note in done["notes"])
    assert [one["path"] for one in done["outputs"]] == ["sum.parquet"]


def test_a_version_that_is_read_is_an_input(desk: Desk) -> None:
    (desk.folder / "raw.csv").write_text("a,b\n1,x\n2,y\n3,z\n4,w\n")
    desk.dsv.ok("commit", "-a", "-m", "more")
    desk.write(
        "diff.py",
        """
        old, new = dsv.open_table("raw.csv", "v1"), dsv.open_table("raw.csv", columns=["a"])
        with dsv.open("raw.csv", "v1") as file:
            head = file.readline().decode()
        rows = [old.read_all().num_rows, new.read_all().num_rows]
        dsv.write_table("diff.parquet", pa.table({"rows": rows, "head": [head, head]}))
        """,
    )
    done = desk.run("-m", "diff", "--", sys.executable, "diff.py")
    assert [one["path"] for one in done["inputs"]] == ["raw.csv", "raw.csv@v1"]
    assert sorted(done["staged"]) == ["diff.parquet"]
    assert desk.statuses("diff.parquet", "--level", "raw") == {"diff.parquet": "identical"}
    assert desk.dsv.json("status")["stale"] == []
    desk.dsv.ok("tag", "-d", "v1")
    assert "raw.csv@v1 is gone" in desk.dsv.json("status")["stale"][0]["reason"]
    desk.dsv.ok("tag", "v1", "HEAD")
    assert "raw.csv@v1 changed" in desk.dsv.json("status")["stale"][0]["reason"]
    desk.dsv.ok("rerun")
    assert desk.dsv.json("status")["stale"] == []


STEPS = """
    from helper import double

    @dsv.step
    def total(source: str, *, times: int = 2, label="5") -> None:
        table = dsv.open_table(source).read_all()
        rows = double(sum(table["a"].to_pylist())) * times
        dsv.write_table(f"{label}.parquet", pa.table({"total": [rows]}))

    @dsv.step("copy", outputs=["copies/{name}.arrow"])
    def copied(name):
        dsv.write_table(f"copies/{name}.arrow", dsv.open_table("5.parquet"))

    if __name__ == "__main__":
        total("raw.csv", times=5)
        copied("one")
    """


def test_steps_are_replayed_by_their_names(desk: Desk) -> None:
    desk.write("src/steps.py", STEPS)
    (desk.folder / "src" / "helper.py").write_text("def double(number):\n    return 2 * number\n")
    (desk.folder / "copies").mkdir()
    desk.python("src/steps.py")
    run = desk.run_of("5.parquet")
    assert run["argv"] == ["python", "-m", "dsv.call", "src/steps.py:total"]
    assert run["params"] == {"source": "raw.csv", "times": "5", "label": '"5"'}
    assert desk.run_of("copies/one.arrow")["name"] == "copy"
    desk.dsv.ok("commit", "-m", "steps")
    good = {"5.parquet": "identical", "copies/one.arrow": "identical", "raw.csv": "source"}
    assert desk.statuses("--level", "raw") == good
    (desk.folder / "src" / "helper.py").write_text("def double(number):\n    return 3 * number\n")
    assert "src/helper.py changed" in desk.dsv.json("status")["stale"][0]["reason"]
    desk.dsv.ok("rerun")
    assert desk.dsv.ok("cat", "5.parquet", "--format", "csv").split() == ['"total"', "90"]


def test_steps_of_a_package(desk: Desk) -> None:
    desk.write("pipe/__init__.py", "")
    desk.write(
        "pipe/clean.py",
        """
        from .names import TARGET

        class Jobs:
            @staticmethod
            @dsv.step
            def clean():
                dsv.write_table(TARGET, dsv.open_table("raw.csv"))
        """,
    )
    desk.write("pipe/names.py", 'TARGET = "clean.parquet"\n')
    desk.python("-c", "from pipe.clean import Jobs; Jobs.clean()")
    assert desk.run_of("clean.parquet")["argv"] == ["python", "-m", "dsv.call", "pipe/clean.py:Jobs.clean"]
    desk.dsv.ok("commit", "-m", "clean")
    assert desk.statuses("clean.parquet", "--level", "raw") == {"clean.parquet": "identical"}
    desk.python("-m", "dsv.call", "pipe/clean.py:Jobs.clean")
    assert desk.dsv.json("status")["staged"] == []


def test_a_function_that_cannot_be_found_again_is_unrecorded(desk: Desk) -> None:
    desk.write(
        "inner.py",
        """
        def make():
            @dsv.step
            def inner():
                dsv.write_table("inner.parquet", pa.table({"a": [1]}))
            return inner

        make()()
        """,
    )
    desk.python("inner.py")
    desk.dsv.ok("commit", "-m", "inner")
    for level in ("hashes", "last", "raw"):
        assert desk.statuses("inner.parquet", "--level", level, code=1) == {"inner.parquet": "unrecorded"}


def test_arguments_that_are_no_text_are_refused(desk: Desk) -> None:
    desk.write("steps.py", "@dsv.step\ndef f(table, *rest):\n    pass\n")
    assert "a Table, which cannot be recorded" in desk.python(
        "-c", "import steps, pyarrow as pa; steps.f(pa.table({}))", code=1
    )
    assert "a step cannot take rest" in desk.python("-c", "import steps; steps.f(1, 2)", code=1)


def test_a_notebook_is_kept_and_not_replayed(desk: Desk) -> None:
    pytest.importorskip("IPython")
    desk.write(
        "kernel.py",
        """
        from IPython.core.interactiveshell import InteractiveShell

        shell = InteractiveShell.instance(user_ns={"__vsc_ipynb_file__": "/home/ada/clean.ipynb"})
        shell.run_cell("import dsv, pyarrow as pa", store_history=True)
        cell = 'with dsv.run("nb"):\\n    dsv.write_table("nb.parquet", dsv.open_table("raw.csv"))'
        shell.run_cell(cell, store_history=True).raise_error()
        """,
    )
    desk.python("kernel.py")
    desk.dsv.ok("commit", "-m", "nb")
    assert desk.run_of("nb.parquet")["argv"] == ["{session}", "clean.ipynb"]
    for level in ("hashes", "last", "raw"):
        assert desk.statuses("nb.parquet", "--level", level, code=1) == {"nb.parquet": "unrecorded"}
    kept = everything(desk.folder)
    assert b"# %%\nimport dsv, pyarrow as pa" in kept
    assert b"/home/ada" not in kept
    assert "in a notebook" in desk.dsv.fails("rerun", "nb.parquet", "--force", code=3)["message"]


def test_no_secret_of_the_environment_is_recorded(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("API_TOKEN", "hunter2-hunter2")
    desk.write("sum.py", BLOCK)
    desk.python("sum.py", "1", "--password", "hunter2-hunter2")
    assert b"hunter2" not in everything(desk.folder)


@pytest.mark.parametrize(
    ("words", "code", "told"),
    [
        ([], 2, "FILE.py:FUNCTION"),
        (["steps"], 2, "is not FILE.py:FUNCTION"),
        (["nope.py:f"], 3, "no such file"),
        (["steps.py:g"], 3, "there is no g"),
        (["steps.py:X"], 3, "is no function"),
        (["steps.py:f", "z=1"], 2, "is no argument"),
    ],
)
def test_what_cannot_be_called(desk: Desk, words: list[str], code: int, told: str) -> None:
    desk.write("steps.py", "X = 1\ndef f(a):\n    print(a * 2)\n")
    done = desk.python("-m", "dsv.call", *words, code=code)
    assert told in done


def test_a_function_is_called_with_words(desk: Desk) -> None:
    desk.write("steps.py", "def f(a, /, b):\n    print(a * b)\n")
    assert desk.python("-m", "dsv.call", "steps.py:f", "a=ab", "b=3").strip() == "ababab"
