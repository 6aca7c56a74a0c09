"""Staleness: whether what runs made is still what they would make of today's inputs and code."""
