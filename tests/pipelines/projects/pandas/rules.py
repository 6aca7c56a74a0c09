"""What counts as clean."""

OLDEST = 1970
