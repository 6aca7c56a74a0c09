"""The ten warmest days."""

import polars as pl

days = pl.scan_ipc("days.arrow").collect()
days.sort(["warmest", "origin", "month", "day"], descending=True).head(10).write_ndjson("top.jsonl")
