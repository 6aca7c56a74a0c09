"""How many rows a version has, where that can be told without reading its table."""

from dsv.errors import Corrupt, Missing
from dsv.model.checkpoint import Checkpoint
from dsv.repo import Repo
from dsv.segment import parquet
from dsv.tables.keys import facts_key


def rows_of(repo: Repo, path: str, checkpoint: Checkpoint) -> int | None:
    """Return the rows of a version as its facts have them, else as a Parquet footer does.

    None where neither is there: reading only the start of any other file does not tell.
    """
    if repo.objects.has(facts_key(checkpoint.content, checkpoint.schema)):
        from dsv.tabular import kept

        known = kept(repo, checkpoint)
        if known is not None:
            return known.rows
    return None if checkpoint.is_dir else _in_footer(repo, path, checkpoint)


def _in_footer(repo: Repo, path: str, checkpoint: Checkpoint) -> int | None:
    if checkpoint.size < parquet.MIN_SIZE:
        return None
    try:
        source = repo.contents.open(checkpoint.content, path)
        trailer = bytes(source.read_at(source.size - parquet.TRAILER, parquet.TRAILER))
        size = parquet.footer_size(trailer, source.size)
        if size is None:
            return None
        return parquet.rows(bytes(source.read_at(source.size - size, size - parquet.TRAILER)))
    except (Corrupt, EOFError, Missing):
        return None
