"""The files of the README's tour: a table of three trips, and two scripts that know nothing of dsv."""

TRIPS = """\
id,city,km,day
1,Oslo,12.5,2026-01-03
2,Bergen,,2026-01-04
3,Oslo,7.0,2026-01-04
"""

CLEAN = """\
import csv

with open("trips.csv") as file:
    trips = [trip for trip in csv.DictReader(file) if trip["km"]]

with open("clean.csv", "w") as file:
    table = csv.DictWriter(file, trips[0], lineterminator="\\n")
    table.writeheader()
    table.writerows(trips)
"""

TOTALS = """\
import sys

import pyarrow.compute as pc
import pyarrow.csv as csv
import pyarrow.parquet as pq

trips = csv.read_csv("clean.csv")
totals = trips.group_by("city", use_threads=False).aggregate([("km", "sum")])
totals = totals.filter(pc.field("km_sum") >= float(sys.argv[1]))
pq.write_table(totals.sort_by("city"), "totals.parquet")
"""

FILES = {"clean.py": CLEAN, "totals.py": TOTALS, "trips.csv": TRIPS}
"""By file name, in the order in which they are named."""
