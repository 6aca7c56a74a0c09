# ruff: noqa: PTH103, PTH123 - pathlib would be a good part of what such a loop costs
"""Bare loops that bound what any tool can reach: `python -m tests.bench.loops LOOP PATH...`.

Each is the least work in plain Python that gives the same answer, run as a process of its own.
"""

import os
import shutil
import sys
from collections.abc import Callable, Iterator


def scan(folder: str) -> Iterator[os.DirEntry[str]]:
    """Yield every file below `folder`."""
    stack = [folder]
    while stack:
        with os.scandir(stack.pop()) as entries:
            for entry in entries:
                if entry.is_dir(follow_symlinks=False):
                    stack.append(entry.path)
                else:
                    yield entry


def stat(folder: str) -> None:
    """Scan and stat every file."""
    for entry in scan(folder):
        entry.stat(follow_symlinks=False)


def hash_files(folder: str) -> None:
    """Scan, read and BLAKE3-hash every file."""
    from blake3 import blake3

    for entry in scan(folder):
        with open(entry.path, "rb", buffering=0) as f:
            blake3(f.read()).digest()


def write(folder: str, target: str) -> None:
    """Write as many files with the same names, each of 100 bytes, into the folder `target`."""
    body = b"x" * 100
    for parent, folders, names in os.walk(folder):
        where = target + parent[len(folder) :]
        os.makedirs(where, exist_ok=True)
        folders.sort()
        for name in names:
            with open(f"{where}/{name}", "wb", buffering=0) as f:
                f.write(body)


def decode(path: str) -> None:
    """Decode every row of a Parquet file, holding one batch at a time."""
    import pyarrow.parquet as pq

    with pq.ParquetFile(path, pre_buffer=False, buffer_size=1 << 20) as file:
        for _ in file.iter_batches(65536):
            pass


LOOPS: dict[str, Callable[..., None]] = {
    "stat": stat,
    "hash": hash_files,
    "write": write,
    "decode": decode,
    "cp": shutil.copyfile,
}

if __name__ == "__main__":
    LOOPS[sys.argv[1]](*sys.argv[2:])
