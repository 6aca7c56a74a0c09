"""What differs between two runs."""

from dataclasses import replace

import pytest

from dsv.hashing import Kind, file_id
from dsv.ids import ObjectId, short
from dsv.model.code_list import Code, CodeFile
from dsv.model.environment import Environment, Package
from dsv.model.listing import Listing, Name
from dsv.model.node import FILE
from dsv.model.run import Input, Listed, Outside, Run
from dsv.render.circumstance_words import text
from dsv.runs.differences import Aspect, Circumstance, changed
from dsv.workspace import Workspace
from tests.unit.workspace_fixtures import Workshop


def packages(**versions: str) -> Environment:
    return Environment(
        {"version": "3.11.7"}, tuple(Package(name, version, None) for name, version in versions.items())
    )


class Bench:
    """Runs in a store, made by hand."""

    def __init__(self, shop: Workshop) -> None:
        shop.commit({"raw.csv": "a\n1\n"}, "raw.csv")
        self.workspace: Workspace = shop.workspace
        self.shop = shop
        self.run = Run(
            argv=("python", "clean.py"),
            inputs=(self.input("raw.csv"),),
            outputs=(),
            code=self.code({"clean.py": "import x\nx.go(1)\n"}),
            environment=self.environment(packages(pandas="2.1", wheel="0.1")),
            params={"year": "2012"},
        )

    def input(self, path: str) -> Input:
        workspace = self.shop.workspace
        return Input(path, workspace.repo.datasets(workspace.repo.refs().mine.staged)[path].checkpoint)

    def put(self, kind: Kind, data: bytes) -> ObjectId:
        with self.workspace.repo.writer() as writer:
            oid = writer.put(kind, data)
            self.workspace.publish("test", lambda refs, _: replace(refs, epoch=refs.epoch), writer=writer)
        return oid

    def code(self, files: dict[str, str]) -> ObjectId:
        listed = []
        for path, content in sorted(files.items()):
            self.put(Kind.SEGMENT, content.encode())
            listed.append(CodeFile(path, "file", file_id(content.encode())))
        return self.put(Kind.CODE, Code(tuple(listed)).encode())

    def environment(self, found: Environment) -> ObjectId:
        return self.put(Kind.ENVIRONMENT, found.encode())

    def texts(self, after: Run, imported: tuple[str, ...] | None = None) -> list[str]:
        return [text(one) for one in changed(self.workspace.repo, self.run, after, imported=imported)]


@pytest.fixture
def bench(shop: Workshop) -> Bench:
    return Bench(shop)


def test_nothing(bench: Bench) -> None:
    assert bench.texts(bench.run) == []


def test_command_and_parameters(bench: Bench) -> None:
    after = replace(
        bench.run, argv=("python", "clean.py", "-v"), cwd="src", params={"year": "2013", "n": "5"}
    )
    assert bench.texts(after) == [
        "command changed from `python clean.py` to `python clean.py -v`",
        "folder changed from `.` to `src`",
        "parameter n is new: 5",
        "parameter year changed from 2012 to 2013",
    ]


def test_a_secret_variable_shows_no_value(bench: Bench) -> None:
    bench.run = replace(bench.run, variables={"TOKEN": None, "TZ": "UTC"})
    assert bench.texts(replace(bench.run, variables={"TOKEN": None})) == ["variable TZ is gone: it was UTC"]
    assert bench.texts(replace(bench.run, variables={"TZ": "UTC"})) == ["variable TOKEN changed"]


def test_code_by_lines(bench: Bench) -> None:
    code = bench.code({"clean.py": "import x\nimport y\nx.go(2)\n", "more.sql": "select 1"})
    first, second = changed(bench.workspace.repo, bench.run, replace(bench.run, code=code))
    assert text(first) == "code clean.py changed (+2 -1 lines)"
    assert first.matters
    assert text(second) == "code more.sql is new"


def test_formatting_does_not_matter(bench: Bench) -> None:
    code = bench.code({"clean.py": "import x  # of ours\n\nx.go( 1 )\n"})
    (only,) = changed(bench.workspace.repo, bench.run, replace(bench.run, code=code))
    assert text(only) == "code clean.py changed (+3 -2 lines, formatting or comments only)"
    assert not only.matters


def test_inputs_by_content(bench: Bench) -> None:
    bench.shop.commit({"raw.csv": "a\n1\n2\n", "b.csv": "b\n1\n"}, "b.csv")
    after = replace(bench.run, inputs=(bench.input("b.csv"), bench.input("raw.csv")))
    first, second = changed(bench.shop.workspace.repo, bench.run, after)
    assert (first.aspect, first.name, first.before) == (Aspect.INPUT, "b.csv", None)
    assert text(second).startswith(
        f"input raw.csv changed from {bench.run.inputs[0].checkpoint.content[:8]} to "
    )


def test_environment_with_what_was_imported_first(bench: Bench) -> None:
    after = replace(bench.run, environment=bench.environment(packages(pandas="2.2", wheel="0.2")))
    found = changed(bench.workspace.repo, bench.run, after, imported=("pandas",))
    assert [text(one) for one in found] == [
        "pandas changed from 2.1 to 2.2 (imported)",
        "wheel changed from 0.1 to 0.2",
    ]
    assert [one.matters for one in found] == [True, False]


def test_records_that_are_not_here_are_compared_by_id(bench: Bench) -> None:
    gone = ObjectId("1" * 64)
    found = changed(bench.workspace.repo, bench.run, replace(bench.run, code=gone, environment=gone))
    assert [(one.aspect, one.after) for one in found] == [
        (Aspect.CODE, gone),
        (Aspect.ENVIRONMENT, gone[:8]),
    ]
    assert all(one.matters for one in found)


def test_rows_of_inputs() -> None:
    one = Circumstance(Aspect.INPUT, "a.csv", "1" * 64, "2" * 64, rows=(1000, 1001))
    assert text(one) == "input a.csv changed from 11111111 to 22222222 (1,000 -> 1,001 rows)"
    same = replace(one, same_table=True)
    assert text(same).endswith("(the same table in other bytes)")
    assert not same.matters


def test_what_was_around(bench: Bench) -> None:
    def listing(*names: str) -> ObjectId:
        return bench.put(Kind.LISTING, Listing(tuple(Name(name, FILE) for name in names)).encode())

    code = bench.code({"local.py": "x = 1\n"})
    before = replace(
        bench.run,
        listings=(Listed("raw", listing("a.csv", "b.csv")), Listed("other", listing("c"))),
        absent=("local.py", "never.py"),
        outside=(Outside("/data/x.csv", file_id(b"1"), 1),),
        surroundings={"TZ": "UTC", "LANG": "C"},
    )
    after = replace(
        before,
        code=code,
        listings=(Listed("raw", listing("a.csv", "e.csv")),),
        absent=("never.py",),
        outside=(Outside("/data/x.csv", file_id(b"2"), 1),),
        surroundings={"TZ": "Asia/Tokyo", "LANG": "C"},
        stdin=file_id(b"3"),
    )
    texts = [
        text(one) for one in changed(bench.workspace.repo, before, after) if one.aspect is not Aspect.CODE
    ]
    assert texts == [
        "variable TZ changed from UTC to Asia/Tokyo",
        "raw/: e.csv is new, b.csv is gone",
        f"outside /data/x.csv changed from {short(file_id(b'1'))} to {short(file_id(b'2'))}",
        f"standard input is new: {short(file_id(b'3'))}",
        "local.py is there now, and was not",
    ]
    old = replace(before, version=1)
    assert [text(one) for one in changed(bench.workspace.repo, old, replace(after, code=old.code))] == []
