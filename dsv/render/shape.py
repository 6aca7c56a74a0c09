"""Descriptions of the JSON documents that commands print, kept beside the commands.

A shape is written like the document: an object is a dict, a list has the shape of its
items as its one element, and a leaf is a text `TYPE: meaning`. TYPE is `text`, `id`,
`path`, `time`, `int`, `number`, `flag`, `any`, or the possible words with `|` between;
a `?` after it allows null. A name that ends with `?` may be missing; the name `*` stands
for names that are data. `Maybe(shape)` allows null for an object or a list.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

from dsv.ids import is_id


class Maybe(NamedTuple):
    """A shape, or null."""

    shape: Any


Shape = str | dict[str, Any] | list[Any] | Maybe

_TYPES: dict[str, Callable[[object], bool]] = {
    "text": lambda value: isinstance(value, str),
    "path": lambda value: isinstance(value, str) and value != "" and not value.startswith("/"),
    "id": is_id,
    "time": lambda value: isinstance(value, str) and _is_time(value),
    "int": lambda value: type(value) is int,
    "number": lambda value: type(value) in (int, float),
    "flag": lambda value: isinstance(value, bool),
    "any": lambda value: True,  # noqa: ARG005
}


def problems(value: object, shape: Shape, at: str = "$") -> Iterator[str]:
    """Yield where `value` is not as `shape` says."""
    if isinstance(shape, Maybe):
        if value is not None:
            yield from problems(value, shape.shape, at)
    elif isinstance(shape, str):
        if not _fits(value, shape):
            yield f"{at}: {value!r} is not {shape.partition(':')[0]}"
    elif isinstance(shape, list):
        if not isinstance(value, list):
            yield f"{at}: not a list"
            return
        for number, item in enumerate(value):
            yield from problems(item, shape[0], f"{at}[{number}]")
    elif not isinstance(value, Mapping):
        yield f"{at}: not an object"
    else:
        yield from _object_problems(value, shape, at)


def render(shape: Shape, indent: str = "") -> str:
    """Return `shape` as it is shown in the documentation."""
    return "\n".join(line.rstrip() for line in _lines(shape, indent, "", ""))


def _object_problems(value: Mapping[str, Any], shape: Mapping[str, Any], at: str) -> Iterator[str]:
    known = {name.removesuffix("?"): inner for name, inner in shape.items()}
    for name in shape:
        if not name.endswith("?") and name != "*" and name not in value:
            yield f"{at}.{name}: missing"
    for name, item in value.items():
        inner = known.get(name, known.get("*"))
        if inner is None:
            yield f"{at}.{name}: not documented"
        else:
            yield from problems(item, inner, f"{at}.{name}")


def _fits(value: object, leaf: str) -> bool:
    kind = re.split(r":\s", leaf, maxsplit=1)[0]
    if kind.endswith("?"):
        if value is None:
            return True
        kind = kind[:-1]
    check = _TYPES.get(kind)
    return bool(check(value)) if check else value in kind.split("|")


def _lines(shape: Any, indent: str, before: str, after: str) -> Iterator[str]:
    nullable = ""
    if isinstance(shape, Maybe):
        shape, nullable = shape.shape, "  // or null"
    if isinstance(shape, str):
        kind, _, meaning = shape.partition(": ")
        yield f"{indent}{before}{_kind(kind)}{after}" + (f"  // {meaning}" if meaning else "")
        return
    if isinstance(shape, list) and isinstance(shape[0], str):
        kind, _, meaning = shape[0].partition(": ")
        nullable += f"  // {meaning}" if meaning else ""
        yield f"{indent}{before}[{_kind(kind)}, ...]{after}{nullable}"
        return
    brackets = "[]" if isinstance(shape, list) else "{}"
    yield f"{indent}{before}{brackets[0]}{nullable}"
    inner = (
        [("", shape[0])] if isinstance(shape, list) else [(_name(name), each) for name, each in shape.items()]
    )
    for number, (label, each) in enumerate(inner):
        comma = "," if number < len(inner) - 1 else ""
        more = ", ..." if isinstance(shape, list) else comma
        yield from _lines(each, indent + "  ", label, more)
    yield f"{indent}{brackets[1]}{after}"


def _kind(kind: str) -> str:
    return kind.replace("?", " or null").replace("|", " | ")


def _name(name: str) -> str:
    if name == "*":
        return "<name>: "
    return f'"{name[:-1]}" (may be missing): ' if name.endswith("?") else f'"{name}": '


def _is_time(text: str) -> bool:
    from datetime import datetime

    try:
        return datetime.fromisoformat(text).tzinfo is not None
    except ValueError:
        return False
