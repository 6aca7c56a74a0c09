"""Cutting a file into segments: the unit of dedup."""
