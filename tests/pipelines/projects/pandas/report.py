"""Seats by manufacturer and decade: report.py FEWEST leaves out who has fewer planes than that."""

import sys

import pandas as pd

planes = pd.read_parquet("clean/planes.parquet")
planes["decade"] = planes["year"] // 10 * 10
groups = planes.groupby(["manufacturer", "decade"])["seats"].agg(["count", "mean", "max"]).reset_index()
groups[groups["count"] >= int(sys.argv[1])].to_csv("report.csv", index=False)
