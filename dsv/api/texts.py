"""Values of parameters as text, and back.

A record holds parameters as texts. Text stands for itself unless it would be read as something else; all other
values are JSON.
"""

import json
import os
from collections.abc import Mapping
from typing import Any

from dsv.errors import UsageFault


def text_of(key: str, value: object) -> str:
    """Return the text of the parameter `key`.

    Raises:
        UsageFault: It is neither text, a path, a number, true or false, nothing, nor made of those.
    """
    if isinstance(value, os.PathLike):
        value = os.fspath(value)
    if isinstance(value, str) and value_of(value) == value:
        return value
    try:
        return json.dumps(value, ensure_ascii=False)
    except (TypeError, ValueError) as error:
        raise UsageFault(
            f"the parameter {key} is a {type(value).__name__}, which cannot be recorded as text",
            hint="pass the path of data, and numbers and text besides",
        ) from error


def value_of(text: str) -> Any:
    """Return the value that `text_of` gave this text for."""
    try:
        return json.loads(text)
    except ValueError:
        return text


def texts_of(params: Mapping[str, object]) -> dict[str, str]:
    """Return all parameters as texts; raises as `text_of`."""
    return {key: text_of(key, value) for key, value in params.items()}
