"""Words, tables and documents for what operations return: for the terminal, for programs and for CI."""
