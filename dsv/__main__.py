"""`python -m dsv`."""

from dsv.cli.main import entry

entry()
