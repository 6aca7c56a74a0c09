"""The working tree: what is on disk, what is known of it, and writing to it."""
