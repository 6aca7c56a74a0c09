"""Whether two texts of a program, a query or settings say the same, although their bytes differ.

Only what a parser tells counts, and where one cannot tell, they differ. SQL needs `sqlglot` (the
extra `sql`), YAML needs PyYAML; where those are not installed, only equal bytes are the same.
"""

import re
from collections.abc import Callable, Iterator
from importlib.util import find_spec

_DYNAMIC = frozenset({"eval", "exec", "globals", "locals", "vars", "dir", "__import__", "import_module"})
"""What may use a name that is nowhere written down."""

_SPEAKING_COMMENT = re.compile(r"/\*[!+]|--[^\s-]|#")
"""Comments that some databases take for hints, for code, or for no comments at all."""

Reader = Callable[[bytes], object]
"""Returns what a text says, as a value that can be compared.

Raises an error, any error, if it cannot tell: parsers have many.
"""


def same_meaning(path: str, before: bytes, after: bytes) -> bool:
    """Whether the file at `path` says the same in both versions: equal bytes, or equal for a parser.

    Formatting and comments do not count, nor in Python an unused import of the standard library; docstrings
    do, for a program may read them. Of settings the order counts, and how each value is written. Of a notebook
    cells, their tags and the kernel count, not what it gave when it was last executed.
    """
    if before == after:
        return True
    reader = _READERS.get(path.rpartition(".")[2].lower())
    if reader is None:
        return False
    try:
        return reader(before) == reader(after)
    except (Exception, RecursionError):  # noqa: BLE001  of parsers that may not be there, on texts of anybody
        return False


def parsers() -> str:
    """Return which parsers are there, for who remembers answers."""
    return " ".join(name for name in ("sqlglot", "yaml") if find_spec(name) is not None)


def _python(text: bytes) -> object:
    import ast
    import warnings

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of somebody's odd escapes; nobody runs this
        tree = ast.parse(text)
    names = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    if not names & (_DYNAMIC | {"__all__"}):
        tree.body = [node for node in tree.body if not _is_idle(node, names)]
    return ast.dump(tree)


def _is_idle(node: object, used: set[str]) -> bool:
    """Whether a statement only imports modules of the standard library, under names that nothing uses."""
    import ast
    import sys

    if isinstance(node, ast.Import):
        modules = [alias.name for alias in node.names]
    elif isinstance(node, ast.ImportFrom) and node.level == 0:
        modules = [node.module or ""]
    else:
        return False
    bound = {(alias.asname or alias.name).partition(".")[0] for alias in node.names}
    known = all(
        module.partition(".")[0] in sys.stdlib_module_names - {"this", "antigravity", "__future__"}
        for module in modules
    )
    return known and "*" not in bound and not bound & used


def _sql(text: bytes) -> object:
    from sqlglot.tokens import Tokenizer

    code = text.decode("utf-8")
    if _SPEAKING_COMMENT.search(code):
        raise ValueError("a comment may be more than one")
    return [(token.token_type, token.text) for token in Tokenizer().tokenize(code)]


def _yaml(text: bytes) -> object:
    import yaml

    def told() -> Iterator[object]:
        for event in yaml.parse(text.decode("utf-8"), Loader=yaml.SafeLoader):
            names = ("anchor", "tag", "implicit", "value", "explicit", "version", "tags")
            yield type(event), [getattr(event, name, None) for name in names]

    return list(told())


def _json(text: bytes) -> object:
    import json

    return json.loads(text, object_pairs_hook=list, parse_float=_spelt, parse_int=_spelt)


def _notebook(text: bytes) -> object:
    import json

    book = json.loads(text)
    cells = [
        [cell["cell_type"], "".join(cell["source"]), cell.get("metadata", {}).get("tags", [])]
        for cell in book["cells"]
    ]
    return book.get("metadata", {}).get("kernelspec", {}).get("name"), cells


def _toml(text: bytes) -> object:
    import tomllib

    return repr(tomllib.loads(text.decode("utf-8"), parse_float=_spelt))


def _spelt(text: str) -> tuple[str, str]:
    """Return a number as it is written: some programs tell 1.0 from 1.00."""
    return "number", text


_READERS: dict[str, Reader] = {
    "ipynb": _notebook,
    "py": _python,
    "sql": _sql,
    "yaml": _yaml,
    "yml": _yaml,
    "json": _json,
    "toml": _toml,
}
