"""Which version of dsv this is; nothing else is loaded for it."""

VERSION = "0.1.0"
