"""Which change of the environment is told first."""

from dsv.model.environment import Environment, Package, compare


def environment(**versions: str) -> Environment:
    packages = tuple(Package(name, version, None) for name, version in versions.items())
    return Environment(python={}, packages=packages, programs=(), lock=None)


def test_another_version_goes_before_what_is_gone() -> None:
    then, now = environment(cloudpickle="3", pandas="3.1.1"), environment(pandas="2.2.3")
    found = compare(then, now, {"cloudpickle", "pandas"})
    assert [one.what for one in found] == ["pandas", "cloudpickle"]
