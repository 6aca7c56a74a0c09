import pytest

from dsv.replay.traces import traces
from tests.unit.replay.plant import Plant


@pytest.mark.parametrize(
    ("line", "kind"),
    [
        ("t = datetime.now()", "clock"),
        ("SELECT current_timestamp AS t", "clock"),
        ("x = np.random.rand(3)", "random"),
        ("df.sample(frac=1)", "random"),
        ("with ThreadPoolExecutor() as pool:", "threads"),
        ("for name in set(names):", "order"),
        ("m = os.environ['MODE']", "environment"),
        ("requests.get(url)", "network"),
        ("open('/data/x.csv')", "outside"),
    ],
)
def test_signs_in_code(plant: Plant, line: str, kind: str) -> None:
    from dsv.hashing import file_id
    from dsv.model.code import CodeFile

    plant.commit({"a.py": f"import random\n# datetime.now()\n{line}\n"}, "a.py")
    code = CodeFile("a.py", "file", file_id((plant.root / "a.py").read_bytes()))
    (found,) = traces(plant.repo, ["python", "a.py"], [code])
    assert (found.kind, found.path, found.line) == (kind, "a.py", 3)
    assert found.text.startswith("a.py:3 ")


def test_signs_in_the_command(plant: Plant) -> None:
    (found,) = traces(plant.repo, ["sh", "-c", "shuf in.csv > out.csv"], [])
    assert found.text == "the command uses random numbers"
    assert traces(plant.repo, ["sh", "-c", "sort in.csv > out.csv"], []) == ()
