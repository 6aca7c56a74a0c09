"""One command a module: parse, call the operation, render."""
