"""Keeping a store in order: collect, check, mend, delete, share."""
