"""Scripts that cannot be reproduced, each for another reason."""

from dataclasses import dataclass

_WRITE = """
import pyarrow as pa, pyarrow.parquet as pq
pq.write_table(pa.table({"k": range(len(column)), "x": list(column)}), "out.parquet")
"""


@dataclass(frozen=True, slots=True)
class Animal:
    """A script that makes `out.parquet` of `in.csv`, and what verify must say of it.

    Attributes:
        name: What goes wrong.
        text: The script.
        status: What `verify` says.
        twice: What `verify --twice` says.
        reason: Words one of which the reason must have.
        env: Variables that are set when it is recorded.
    """

    name: str
    text: str
    status: str
    twice: str
    reason: tuple[str, ...]
    env: tuple[tuple[str, str], ...] = ()


ALL = (
    Animal(
        "time",
        "import time\nrows = open('in.csv').readlines()\ncolumn = [time.time_ns() for _ in rows]" + _WRITE,
        "different",
        "nondeterministic",
        ("clock", "time"),
    ),
    Animal(
        "random",
        "import random\nrows = open('in.csv').readlines()\ncolumn = [random.random() for _ in rows]" + _WRITE,
        "different",
        "nondeterministic",
        ("random", "seed"),
    ),
    Animal(
        "hash order",
        "rows = open('in.csv').readlines()\ncolumn = list({f'{row}-{n}' for n in range(40) for row in rows})"
        "\nimport pyarrow as pa, pyarrow.parquet as pq"
        "\npq.write_table(pa.table({'x': column}), 'out.parquet')\n",
        "different",
        "nondeterministic",
        ("order",),
    ),
    Animal(
        "row order of threads",
        """
import random, time
from concurrent.futures import ThreadPoolExecutor, as_completed
import pyarrow as pa, pyarrow.parquet as pq

rows = open("in.csv").read().split() * 5

def work(number):
    time.sleep(random.random() / 50)
    return number

with ThreadPoolExecutor(8) as pool:
    column = [future.result() for future in as_completed([pool.submit(work, n) for n in range(len(rows))])]
pq.write_table(pa.table({"x": column}), "out.parquet")
""",
        "different",
        "nondeterministic",
        ("order",),
    ),
    Animal(
        "float summation order",
        """
import random
import pyarrow as pa, pyarrow.parquet as pq

rows = [float(word) for word in open("in.csv").read().split()[1:]]
sums = []
for _ in range(20):
    parts = [1 / (row + n) for row in rows for n in range(1, 500)]
    random.shuffle(parts)
    sums.append(sum(parts) if hasattr(sum, "no") else __import__("functools").reduce(lambda a, b: a + b, parts))
pq.write_table(pa.table({"x": sums}), "out.parquet")
""",
        "different",
        "nondeterministic",
        ("floating", "tolerance"),
    ),
    Animal(
        "undeclared file",
        "rows = open('in.csv').readlines()\ncolumn = [open(OUTSIDE).read() for _ in rows]" + _WRITE,
        "failed",
        "failed",
        ("outside", "not recorded", "--allow"),
    ),
    Animal(
        "environment variable",
        "import os\nrows = open('in.csv').readlines()\nscale = int(os.environ.get('SCALE', '1'))"
        "\ncolumn = [scale for _ in rows]" + _WRITE,
        "different",
        "different",
        ("variable", "--env"),
        (("SCALE", "7"),),
    ),
)
