"""Marks: words that a watched program says to the witness, in the stream of its calls.

A mark is `access(path, MARK | word)`. The filter asks about that mode; where nobody watches it is an
invalid argument and nothing more. `dsv/capture/sitecustomize` says them, and has the same numbers.
"""

MARK = 0x44535600
MASK = 0xFFFFFF00

BEGIN, END = 1, 2
"""Python's import system begins, and ends, to look around in this thread."""

READY = 3
"""Python has started: what it listed and looked for until now was its own start."""

MISSING = 4
"""The program asked for a module that is nowhere; the path is where its file would be first."""

PREFIX = 5
"""The path is where the Python is installed."""
