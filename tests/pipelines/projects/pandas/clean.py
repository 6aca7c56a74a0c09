"""Planes and airports, cleaned."""

from pathlib import Path

import pandas as pd

from rules import OLDEST

planes = pd.read_csv("raw/planes.csv")
planes = planes[planes["year"].fillna(0) >= OLDEST].astype({"year": "int32"})
airports = pd.read_csv("raw/airports.csv").drop(columns=["tzone"])
Path("clean").mkdir(exist_ok=True)
planes.to_parquet("clean/planes.parquet", index=False)
airports.to_parquet("clean/airports.parquet", index=False)
