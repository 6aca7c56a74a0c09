"""Execute the SQL of a file: query.py FILE."""

import sys
from pathlib import Path

import duckdb

duckdb.connect().execute(Path(sys.argv[1]).read_text())
