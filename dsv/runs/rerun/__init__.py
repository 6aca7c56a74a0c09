"""Repeating recorded runs in the workspace, on what there is now: in which order, and how each."""
