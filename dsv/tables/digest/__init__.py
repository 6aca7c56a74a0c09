"""One id for one table, however it is laid out."""
