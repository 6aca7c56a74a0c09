"""Secrets in what is recorded: found by the names beside them, and replaced.

A value is taken for secret if it stands behind an option or a name that says so, or in the part of a
URL that carries credentials (user info, query, fragment). What a program calls a plain name no rule can
find; that is why undeclared environment variables are never recorded at all.
"""

import re
from collections.abc import Sequence
from typing import NamedTuple

MASK = "***"

_WORDS = r"SECRET|PASSW|PASSPHRASE|CREDENTIAL|AUTHORIZATION|TOKEN(?!IZ)"

_NAME = re.compile(
    rf"{_WORDS}|KEY(?!WORD|FRAME|POINT|BOARD)|(?:^|[_\-.])PASS(?=$|[_\-.])",
    re.IGNORECASE,
)

# A number of steps, a column, a switch: no key and no token, but it may be a bad password.
_PLAIN = re.compile(r"[\d.,]{1,6}|true|false|yes|no|none|null", re.IGNORECASE)

# How well-known services begin their tokens, and the end of a word of base64 (JWT).
_SHAPE = re.compile(
    r"(?<![A-Za-z0-9])(?:gh[opsur]_\w{30,}|github_pat_\w{20,}|glpat-[\w\-]{20,}|hf_[A-Za-z0-9]{30,}"
    r"|sk-[\w\-]{20,}|xox[abeprs]-[\w\-]{10,}|(?:AKIA|ASIA)[A-Z0-9]{16}|eyJ[\w\-]{10,}\.eyJ[\w\-]{10,}\.[\w\-]*)"
)

_OPTION = re.compile(r"(-{1,2}|/)?[A-Za-z][\w.\-]*")
_PAIR = re.compile(r"(?P<name>-{0,2}[A-Za-z_][\w.\-]*)(?P<sign>[=:])(?P<value>.*)", re.DOTALL)

# RFC 3986: scheme://[userinfo@]host[/path][?query][#fragment], as it may stand inside of text.
_URL = re.compile(
    r"(?P<scheme>[A-Za-z][A-Za-z0-9+.\-]*://)"
    r"(?P<user>[^\s/?#'\"]*@)?"
    r"(?P<rest>[^\s?#'\"]*)"
    r"(?P<query>\?[^\s#'\"]*)?"
    r"(?P<fragment>#[^\s'\"]*)?"
)

# `git@host:path` has a user, but one that is no secret; `user:password@host:path` has.
_SCP = re.compile(r"(?<![\w/])[\w.\-]+:[^\s/@'\"]+@(?=[\w.\-]+)")

# NAME=value, --name value and "name": value inside one argument, as in `sh -c 'TOKEN=x job --api-key y'`. A script is
# full of innocent keys (`order by key desc`): one counts only in capitals, behind dashes, or as an `api_key`.
_INSIDE = re.compile(
    rf"""(?P<name>(?:
        -{{1,2}}[\w.\-]*(?:{_WORDS}|KEY)[\w.\-]*(?=[\s=])
      | [\w.\-]*(?:{_WORDS}|(?:API|ACCESS|ACCOUNT|AUTH|PRIVATE|SIGNING|SSH|STORAGE)[_\-]?KEY)[\w.\-]*
      | (?-i:\b[A-Z0-9_]*(?:KEY|PASS))(?==)
    ))
    (?P<sign>["']?\s*(?:=(?!=)|:)\s*|(?<=[\w])\s+(?!-))
    (?P<value>'[^']*'|"[^"]*"|(?:(?:Bearer|Basic)\s+)?[^\s'";|&),}}]+)""",
    re.IGNORECASE | re.VERBOSE,
)


# What pip, uv and poetry write behind `?` and `#` in the URL of a package.
_HARMLESS_PART = re.compile(
    r"[0-9a-fA-F]{7,64}|(?:egg|subdirectory|rev|branch|tag|editable|(?:sha|md)\d+)=[^\s&]*", re.ASCII
)

# `NAME: value` and `NAME=value` as a line of its own, as conda's variables are.
_VARIABLE = re.compile(
    r"^[ \t]*(?:export[ \t]+)?(?P<name>[A-Za-z_]\w*)[ \t]*(?::|=(?!=))[ \t]*[\"']?(?P<value>[^\s\"'{\[<>=!~^*][^\s\"']*)",
    re.MULTILINE,
)


class Masked(NamedTuple):
    """Arguments without their secrets.

    Attributes:
        argv: The arguments.
        masked: Whether anything was replaced.
    """

    argv: tuple[str, ...]
    masked: bool


def is_secret_name(name: str) -> bool:
    """Whether a variable, option or field called `name` holds a secret, for what its name says."""
    return _NAME.search(name) is not None


def is_secret(name: str, value: str) -> bool:
    """Whether `value`, given for what is called `name`, is secret: not so for `max_tokens` 512 or `key` 2."""
    if not is_secret_name(name):
        return False
    return "pass" in name.lower() or _PLAIN.fullmatch(value) is None


def mask_argv(argv: Sequence[str]) -> Masked:
    """Return `argv` with the values of options whose name says that they are secret replaced, and URLs masked."""
    found: list[str] = []
    hidden = False
    for position, word in enumerate(argv):
        if hidden and is_secret(argv[position - 1], word) and not word.startswith("-"):
            found.append(MASK)
            hidden = False
            continue
        found.append(_mask_word(word))
        # `--token VALUE`; the program's own name (`keytool x`) is no option.
        hidden = (
            position > 0
            and _OPTION.fullmatch(word) is not None
            and word.startswith("-")
            and is_secret_name(word)
        )
    return Masked(tuple(found), list(found) != list(argv))


def mask_url(text: str) -> str:
    """Return `text` with user info, query and fragment of every URL in it replaced."""
    masked = _URL.sub(_mask_parts, text)
    return _SCP.sub(f"{MASK}@", masked) if "://" not in text else masked


def strip_url(url: str) -> str:
    """Return `url`, one URL or address of git, without user info, query and fragment."""
    found = _URL.fullmatch(url.strip())
    if found is None:
        return _SCP.sub("", url.strip())
    return f"{found['scheme']}{found['rest']}"


def has_secret(text: str) -> bool:
    """Whether a file that lists packages seems to hold a secret; commits and checksums in its URLs are none."""
    return (
        _SHAPE.search(text) is not None
        or any(_tells(found) for found in _URL.finditer(text))
        or any(is_secret(found["name"], found["value"]) for found in _VARIABLE.finditer(text))
    )


def tells_secret(text: str) -> bool:
    """Whether the text of a settings file seems to hold a secret: a name that says so with a value, or a token's shape."""
    if has_secret(text):
        return True
    return any(is_secret(found["name"], found["value"].strip("'\"")) for found in _INSIDE.finditer(text))


def _tells(url: re.Match[str]) -> bool:
    if url["user"] not in (None, "git@", "hg@"):
        return True
    parts = [*(url["query"] or "")[1:].split("&"), *(url["fragment"] or "")[1:].split("&")]
    return any(part and _HARMLESS_PART.fullmatch(part) is None for part in parts)


def _mask_word(word: str) -> str:
    pair = _PAIR.fullmatch(word)
    if pair is not None and is_secret(pair["name"], pair["value"]) and not pair["value"].startswith("//"):
        return f"{pair['name']}{pair['sign']}{MASK}"
    if any(letter in word for letter in ' \n"'):
        word = _INSIDE.sub(_mask_inside, word)
    return mask_url(_SHAPE.sub(MASK, word))


def _mask_inside(found: re.Match[str]) -> str:
    if found["sign"].isspace() and not found["name"].startswith("-"):
        return found[0]
    return f"{found['name']}{found['sign']}{MASK}" if is_secret(found["name"], found["value"]) else found[0]


def _mask_parts(found: re.Match[str]) -> str:
    user = f"{MASK}@" if found["user"] else ""
    query = f"?{MASK}" if found["query"] else ""
    fragment = f"#{MASK}" if found["fragment"] else ""
    return f"{found['scheme']}{user}{found['rest']}{query}{fragment}"
