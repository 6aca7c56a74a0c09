"""Recorded runs: made, compared, found stale, repeated in the workspace, rebuilt in clean folders."""
