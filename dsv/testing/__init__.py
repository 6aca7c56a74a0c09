"""Contract tests and strategies that a new store or format can subclass."""
