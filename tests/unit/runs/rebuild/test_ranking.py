"""Which change of the environment is told first."""

from dsv.hashing import Kind, file_id
from dsv.model.code_list import CodeFile
from dsv.model.environment import Environment, Package, compare
from dsv.model.node import FILE
from dsv.runs.rebuild.code_traces import named
from tests.unit.runs.rebuild.replay_fixtures import Plant


def environment(**versions: str) -> Environment:
    packages = tuple(Package(name, version, None) for name, version in versions.items())
    return Environment(python={}, packages=packages, programs=(), lock=None)


def test_another_version_goes_before_what_is_gone() -> None:
    then, now = environment(cloudpickle="3", pandas="3.1.1"), environment(pandas="2.2.3")
    found = compare(then, now, {"cloudpickle", "pandas"})
    assert [one.what for one in found] == ["pandas", "cloudpickle"]


def test_what_the_code_names(plant: Plant) -> None:
    plant.write({"in.csv": "a\n1\n", "make.py": "import pandas as pd, typing_extensions\nnumpy = 1\n"})
    with plant.workspace.repo.writer() as writer:
        data = (plant.root / "make.py").read_bytes()
        writer.add(Kind.SEGMENT, file_id(data), data)
        plant.workspace.repo.publish(lambda refs, _: refs, writer=writer)
    file = CodeFile("make.py", FILE, file_id(data))
    found = named(plant.workspace.repo, [file], ["pandas", "numpy", "typing-extensions"])
    assert found == {"pandas", "typing-extensions"}
