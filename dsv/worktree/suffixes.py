"""What the name of a file says of what is in it: a table, other data, a program, settings."""

import re
from pathlib import Path


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


TABLES = _words("parquet pq parq arrow arrows feather ipc orc avro csv tsv jsonl ndjson")
"""Suffixes of files that hold one table each."""

DATA = TABLES | _words(
    "tab xls xlsx ods npy npz mat h5 hdf5 nc zarr tfrecord tfrecords sqlite sqlite3 db duckdb dta"
    " sas7bdat sav rds rdata pkl pickle joblib pt pth ckpt safetensors onnx gguf bin dat png jpg jpeg"
    " gif bmp tif tiff webp heic svs dcm nii wav mp3 flac ogg opus m4a aac mp4 mov avi mkv webm zip"
    " tar gz tgz bz2 xz zst 7z lz4 rar"
)
"""Suffixes of files that are data whatever their size."""

PROGRAMS = _words(
    "py pyi pyx pxd pyc pyw pth ipynb so pyd dll dylib sh bash zsh fish ps1 bat cmd sql r rmd qmd jl lua pl pm rb php"
    " js mjs cjs ts jsx tsx c cc cpp cxx h hh hpp rs go java kt scala swift f f90 for asm hs ml vim tcl awk sed do"
    # what builds and workflows are made of, and templates
    " mk cmake smk nf wdl cwl gradle tf hcl nix j2 jinja jinja2 tmpl tpl mako ejs"
)
"""Suffixes of programs, and of what is read like one."""

SETTINGS = _words("yaml yml toml ini cfg conf properties env json5 jsonc editorconfig lock rst")
"""Suffixes of settings."""

CODE = PROGRAMS | SETTINGS
"""Suffixes of files that are code or settings whatever their size."""

_CODE_NAME = re.compile(
    r"(?:gnumake|make|snake|docker|container|just|rake|gem|pip|proc|jenkins|vagrant)file|cmakelists\.txt"
    r"|(?:requirements|constraints)[\w.\-]*\.(?:txt|in)|version(?:\.txt)?"
    r"|(?:readme|license|licence|copying|notice|changelog|authors|contributing)(?:\..*)?"
    r"|(?:.*[._\-])?(?:config|conf|configuration|settings?|params?|parameters|hparams|options|package|tsconfig|schema)"
    r"(?:[._\-][^.]*)?(?:\.json)?",
)
"""Names of files that are code or settings though their suffix does not say so."""


def suffix(path: str) -> str:
    """Return what follows the last dot of the name in `path`, in lower case; empty if there is none."""
    return Path(path).suffix[1:].lower()


def has_data_name(path: str) -> bool:
    """Whether the suffix of `path` is that of a format for data."""
    return suffix(path) in DATA


def is_code_name(path: str) -> bool:
    """Whether the suffix of `path` is that of programs or settings."""
    return suffix(path) in CODE


def is_program_name(path: str) -> bool:
    """Whether the suffix of `path` is that of programs."""
    return suffix(path) in PROGRAMS


def is_known_name(path: str) -> bool:
    """Whether the name of `path` is a usual one of settings, builds or papers: `config.json`, `Makefile`, `README.md`."""
    return _CODE_NAME.fullmatch(path.rpartition("/")[2].lower()) is not None


def is_work_name(path: str) -> bool:
    """Whether the name of `path` is one of programs, settings, builds or papers, by its suffix or as a whole."""
    return is_code_name(path) or is_known_name(path)
