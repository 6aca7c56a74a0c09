"""Replaying recorded runs: planned, laid out in clean folders, executed, and judged."""
