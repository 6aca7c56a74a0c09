"""Executing a command under watch: what it opens, its code, its environment, and how it is confined."""
