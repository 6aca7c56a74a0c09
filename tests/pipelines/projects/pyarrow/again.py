"""Round the means, in place: the output is an input, too."""

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

wind = pq.read_table("wind.parquet", memory_map=True)
rounded = pc.round(wind["wind_speed_mean"], 3)
wind = wind.set_column(wind.schema.get_field_index("wind_speed_mean"), "wind_speed_mean", rounded)
pq.write_table(pa.table(wind.to_pydict(), schema=wind.schema), "wind.parquet")
