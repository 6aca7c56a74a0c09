"""A command watched by seccomp user notification: each call that names a file waits until it has been looked at.

The supervisor (`supervisor.py`) is a program of its own, between dsv and the command. What it imports are
the modules of this folder and a few of Python's that load fast. dsv's own side is `parent.py`, `facts.py` and `reading.py`.
"""
