import pytest

from dsv.hashing import Kind, file_id
from dsv.model.code_list import CodeFile
from dsv.model.node import FILE
from dsv.render.cause_words import trace
from dsv.runs.rebuild.code_traces import named, traces
from tests.unit.runs.rebuild.replay_fixtures import Plant


@pytest.mark.parametrize(
    ("line", "kind"),
    [
        ("t = datetime.now()", "clock"),
        ("end = time.perf_counter() + 1", "clock"),
        ("t = os.stat(name).st_mtime_ns", "times"),
        ("SELECT current_timestamp AS t", "clock"),
        ("x = np.random.rand(3)", "random"),
        ("df.sample(frac=1)", "random"),
        ("with ThreadPoolExecutor() as pool:", "threads"),
        ("for name in set(names):", "order"),
        ("m = os.environ['MODE']", "environment"),
        ("m = os.environ", "environment"),
        ("p = os.getpid()", "process"),
        ("f = tempfile.mkdtemp()", "temporary"),
        ("requests.get(url)", "network"),
        ("pd.read_csv('https://example.org/x.csv')", "network"),
        ("open('/data/x.csv')", "outside"),
    ],
)
def test_signs_in_code(plant: Plant, line: str, kind: str) -> None:
    from dsv.hashing import file_id
    from dsv.model.code_list import CodeFile

    plant.commit({"a.py": f"import random\n# datetime.now()\n{line}\n"}, "a.py")
    code = CodeFile("a.py", "file", file_id((plant.root / "a.py").read_bytes()))
    (found,) = traces(plant.workspace.repo, ["python", "a.py"], [code])
    assert (found.kind, found.path, found.line) == (kind, "a.py", 3)
    assert trace(found).startswith("a.py:3 ")


def test_a_path_outside_is_named(plant: Plant) -> None:
    (found,) = traces(plant.workspace.repo, ["python", "-c", "open('/proc/meminfo').read()"], [])
    assert trace(found) == "the command names /proc/meminfo, outside of the workspace"


def test_signs_in_the_command(plant: Plant) -> None:
    (found,) = traces(plant.workspace.repo, ["sh", "-c", "shuf in.csv > out.csv"], [])
    assert trace(found) == "the command uses random numbers"
    assert traces(plant.workspace.repo, ["sh", "-c", "sort in.csv > out.csv"], []) == ()


@pytest.mark.parametrize(
    "text",
    [
        '"""See http://example.org/a-page/ and requests.get."""\nx = 1\n',
        "def f():\n    '''Uses\n    random.random() and https://example.org.'''\n    return 1\n",
        "# curl https://example.org\nX = 1  # datetime.now()\n",
        "SOURCE = 'https://example.org/page'\n",
        "import requests, random\n",
    ],
)
def test_what_says_something_and_does_nothing_is_no_sign(plant: Plant, text: str) -> None:
    from dsv.hashing import file_id
    from dsv.model.code_list import CodeFile

    plant.commit({"a.py": text}, "a.py")
    code = CodeFile("a.py", "file", file_id(text.encode()))
    assert traces(plant.workspace.repo, ["python", "a.py"], [code]) == ()


@pytest.mark.parametrize("line", ["os.environ['MODE']", "environ.get( 'MODE', 1)", 'os.getenv("MODE")'])
def test_a_variable_that_code_reads_is_named(plant: Plant, line: str) -> None:
    (found,) = traces(plant.workspace.repo, ["python", "-c", line], [])
    assert trace(found) == "the command reads the environment variable MODE"


def test_what_the_code_names(plant: Plant) -> None:
    plant.write({"in.csv": "a\n1\n", "make.py": "import pandas as pd, typing_extensions\nnumpy = 1\n"})
    with plant.workspace.repo.writer() as writer:
        data = (plant.root / "make.py").read_bytes()
        writer.add(Kind.SEGMENT, file_id(data), data)
        plant.workspace.repo.publish(lambda refs, _: refs, writer=writer)
    file = CodeFile("make.py", FILE, file_id(data))
    found = named(plant.workspace.repo, [file], ["pandas", "numpy", "typing-extensions"])
    assert found == {"pandas", "typing-extensions"}
