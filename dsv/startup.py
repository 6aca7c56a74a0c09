"""How this process was when the `dsv` command began in it, where nothing has changed it yet."""

search: tuple[str, ...] | None = None
"""Where this interpreter looked for modules then; None in a process that is not dsv's own, such as a notebook."""
