"""A clean room: a command sees a clean folder at the workspace's own path, the system, and nothing else.

`plan` says what is in the room. The other modules are a program of its own (`python -I -S __main__.py`), which
makes the room around itself and becomes the command. It is a program of its own because namespaces are refused to
a process with threads, and Python between fork and exec is not safe with them. So these modules import nothing that
starts slowly.
"""
