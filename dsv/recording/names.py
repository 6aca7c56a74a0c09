"""What the name, the size and the first bytes of a file say of its part in a run."""

from fnmatch import fnmatchcase
from pathlib import Path

TABLES = frozenset(
    [
        "parquet",
        "pq",
        "parq",
        "arrow",
        "arrows",
        "feather",
        "ipc",
        "orc",
        "avro",
        "csv",
        "tsv",
        "jsonl",
        "ndjson",
    ]
)
"""Suffixes of files that hold one table each."""

_DATA = TABLES | frozenset(
    [
        "tab",
        "xls",
        "xlsx",
        "ods",
        "npy",
        "npz",
        "mat",
        "h5",
        "hdf5",
        "nc",
        "zarr",
        "tfrecord",
        "tfrecords",
        "sqlite",
        "sqlite3",
        "db",
        "duckdb",
        "dta",
        "sas7bdat",
        "sav",
        "rds",
        "rdata",
        "pkl",
        "pickle",
        "joblib",
        "pt",
        "pth",
        "ckpt",
        "safetensors",
        "onnx",
        "gguf",
        "bin",
        "dat",
        "png",
        "jpg",
        "jpeg",
        "gif",
        "bmp",
        "tif",
        "tiff",
        "webp",
        "heic",
        "svs",
        "dcm",
        "nii",
        "wav",
        "mp3",
        "flac",
        "ogg",
        "opus",
        "m4a",
        "aac",
        "mp4",
        "mov",
        "avi",
        "mkv",
        "webm",
        "zip",
        "tar",
        "gz",
        "tgz",
        "bz2",
        "xz",
        "zst",
        "7z",
        "lz4",
        "rar",
    ]
)
"""Suffixes of files that are data whatever their size."""

_CODE = frozenset(
    [
        "py",
        "pyi",
        "pyx",
        "pyc",
        "ipynb",
        "so",
        "pyd",
        "dll",
        "dylib",
        "sh",
        "sql",
        "r",
        "jl",
        "lua",
        "js",
        "ts",
        "c",
        "cc",
        "cpp",
        "h",
        "rs",
        "go",
        "java",
    ]
)
"""Suffixes of files that are code whatever their size."""

_SECRET = (".env*", "*.pem", "*.key", ".netrc", ".pypirc", "*credentials*")

_LARGE = 1 << 20
_HEAD = 8192


def is_withheld(path: str) -> bool:
    """Whether the file at `path` may hold secrets, for what the names in its path say.

    `id_*` is a key of ssh unless its suffix says that it is data or code, as in `id_map.csv`.
    """
    parts = path.lower().split("/")
    if any(fnmatchcase(part, pattern) for part in parts for pattern in _SECRET):
        return True
    return parts[-1].startswith("id_") and not (has_data_name(path) or suffix(path) in _CODE)


def has_data_name(path: str) -> bool:
    """Whether the suffix of `path` is that of a format for data."""
    return suffix(path) in _DATA


def suffix(path: str) -> str:
    """Return what follows the last dot of the name in `path`, in lower case; empty if there is none."""
    return Path(path).suffix[1:].lower()


def is_hidden(path: str) -> bool:
    """Whether `path` or a folder in it has a name that starts with a dot."""
    return path.startswith(".") or "/." in path


def is_data(root: Path, path: str) -> bool:
    """Whether the file `path` in the workspace `root` is data, not code: its suffix, size or bytes say so.

    A file that is gone is judged by its name.
    """
    if has_data_name(path):
        return True
    if suffix(path) in _CODE:
        return False
    try:
        if (root / path).stat().st_size > _LARGE:
            return True
        with (root / path).open("rb") as file:
            return b"\0" in file.read(_HEAD)
    except OSError:
        return False
