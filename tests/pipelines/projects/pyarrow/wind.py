"""The mean wind of each month, from the folder of shards."""

import pyarrow.dataset as ds
import pyarrow.parquet as pq

weather = ds.dataset("shards", format="parquet", partitioning="hive").to_table(use_threads=False)
wind = weather.group_by(["origin", "month"], use_threads=False).aggregate([("wind_speed", "mean")])
pq.write_table(wind.sort_by([("origin", "ascending"), ("month", "ascending")]), "wind.parquet")
