"""Weather as a folder of shards, one for each airport and month."""

import pyarrow.csv as csv
import pyarrow.dataset as ds

weather = csv.read_csv("raw/weather.csv", convert_options=csv.ConvertOptions(null_values=["NA", ""]))
ds.write_dataset(
    weather,
    "shards",
    format="parquet",
    partitioning=["origin", "month"],
    partitioning_flavor="hive",
    existing_data_behavior="delete_matching",
    use_threads=False,
)
