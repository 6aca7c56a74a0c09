"""How Arrow fails, told in dsv's words."""

from collections.abc import Iterator
from contextlib import contextmanager

import pyarrow as pa

from dsv.errors import NoTable, StorageError


@contextmanager
def told(what: str) -> Iterator[None]:
    """Turn Arrow's errors into `NoTable`, and those of the disk into `StorageError`.

    Errors of dsv itself (a byte source that failed) pass.

    Args:
        what: Starts the reason, such as `not Parquet`.
    """
    try:
        yield
    except pa.ArrowMemoryError as error:
        raise NoTable(f"{what}: it asks for more memory than it may have") from error
    except (pa.ArrowException, EOFError, ValueError, KeyError, IndexError, OverflowError) as error:
        raise NoTable(f"{what}: {first_line(error)}") from error
    except ArithmeticError as error:
        raise NoTable(f"{what}: a number that is none ({type(error).__name__})") from error
    except NotImplementedError as error:
        raise NoTable(f"{what}: {first_line(error)}") from error
    except OSError as error:
        if error.errno:
            raise StorageError(f"the disk failed: {error}") from error
        raise NoTable(f"{what}: {first_line(error)}") from error


def first_line(error: BaseException) -> str:
    """Return what an error says, as one line."""
    return str(error).strip().split("\n", 1)[0].strip().rstrip(".")[:200] or type(error).__name__
