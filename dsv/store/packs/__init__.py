"""Packs of objects, and the indexes that say where in them each one is."""
