"""Small but real projects: recorded, rebuilt in an empty clone, and verified; and some that cannot be."""
