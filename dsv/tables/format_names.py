"""What the name of a file says of its format; importing this costs nothing."""

_COMPRESSIONS = (".gz", ".zst")
_MAGICS = (b"PAR1", b"PARE", b"ARROW1", b"\xff\xff\xff\xff")
_TEXT = (("csv", (".csv",)), ("tsv", (".tsv", ".tab")), ("jsonl", (".jsonl", ".ndjson")))


def text_format(name: str) -> str | None:
    """Return `csv`, `tsv` or `jsonl` for the name of a file that is read as text, else None."""
    lower = name.lower()
    for suffix in _COMPRESSIONS:
        lower = lower.removesuffix(suffix)
    return next((form for form, endings in _TEXT if lower.endswith(endings)), None)


def may_be_table(name: str, head: bytes) -> bool:
    """Whether a file may be a table, for its name and its first eight bytes; to know, it has to be opened."""
    return text_format(name) is not None or head.startswith(_MAGICS)
