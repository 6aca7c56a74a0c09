"""The warm hours of each airport, lazily and as a stream."""

import polars as pl

weather = pl.scan_csv("raw/weather.csv", null_values="NA")
warm = (
    weather.filter(pl.col("temp") > 60)
    .with_columns(celsius=((pl.col("temp") - 32) / 1.8).round(2))
    .select("origin", "month", "day", "hour", "celsius", "humid")
    .sort("origin", "month", "day", "hour")
)
warm.sink_parquet("warm.parquet", compression="zstd")
