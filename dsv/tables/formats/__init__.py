"""Reading files as tables: Parquet, Arrow IPC, delimited text, JSON lines."""
