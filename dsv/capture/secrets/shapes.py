"""What secrets look like whatever is written beside them: tokens of well-known services, private keys, random words.

The shapes are those that the services themselves publish for scanners of secrets. Every pattern begins where
a word begins and never goes back, so that looking takes time in proportion to the text.
"""

import re
from collections.abc import Iterator

from dsv.capture import late_regex

Span = tuple[int, int]
"""Where something stands in a text: from, to."""

_START = r"(?<![A-Za-z0-9_\-])"

_SHAPES = late_regex.pattern(
    _START
    + r"""(?:
      gh[opsur]_[A-Za-z0-9]{30,255}+
    | github_pat_\w{20,255}+
    | gl(?:pat|ptt|dt|rt|soat|cbt|ft|imt|agent|oas|ffct)-[\w\-]{20,300}+
    | (?:hf|api_org)_[A-Za-z0-9]{30,100}+
    | npm_[A-Za-z0-9]{36}
    | pypi-AgE[\w\-]{40,400}+
    | sk-[\w\-]{20,300}+
    | (?:sk|rk|pk|whsec)_(?:live|test)_[A-Za-z0-9]{16,255}+
    | xox[abeoprs]-[\w\-]{10,255}+
    | xapp-[\w\-]{10,255}+
    | (?:AKIA|ASIA|ABIA|ACCA)[A-Z0-9]{16}(?![A-Za-z0-9])
    | AIza[\w\-]{30,60}+
    | ya29\.[\w\-]{20,400}+
    | GOCSPX-[\w\-]{20,60}+
    | SG\.[\w\-]{16,64}+\.[\w\-]{16,128}+
    | dapi[0-9a-f]{32}(?:-\d)?
    | dop_v1_[0-9a-f]{64}
    | shp(?:at|ca|pa|ss)_[0-9a-fA-F]{32}
    | (?:r8|lin_api|secret|ntn|figd|dckr_pat|tskey|pul|vercel|nvapi|gsk|wandb_v1)[_\-][A-Za-z0-9_\-]{30,300}+
    | hv[sbr]\.[\w\-]{20,300}+
    | AGE-SECRET-KEY-1[0-9A-Z]{50,70}+
    | eyJ[\w\-]{8,4000}+\.eyJ[\w\-]{8,8000}+\.[\w\-]*+
    | \d{6,12}+:AA[\w\-]{30,40}+
    )""",
    re.VERBOSE,
)

_PLACES = late_regex.pattern(
    r"(?:hooks\.slack\.com/(?:services|workflows)/|discord(?:app)?\.com/api/webhooks/|outlook\.office\.com/webhook/"
    r"|api\.telegram\.org/bot)(?P<secret>[^\s'\"?#]{1,500}+)"
)
"""Addresses of which the path is the secret."""

_PRIVATE_KEY = late_regex.pattern(
    r"-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----(?:[^\-]|-(?!----END ))*+(?:-----END [A-Z0-9 ]{0,60}+-----)?"
)

_FORTY = late_regex.pattern(r"(?<![A-Za-z0-9/+_.\-])[A-Za-z0-9/+]{40}(?![A-Za-z0-9/+=_.\-])")
"""As long as a secret of AWS."""

_TURNS = late_regex.pattern(r"[a-z](?=[A-Z0-9])|[A-Z](?=[a-z0-9])|[0-9](?=[A-Za-z])")
_MANY_TURNS = 8

_HEX = late_regex.pattern(r"[0-9a-f]+|[0-9A-F]+")
_RANDOM = late_regex.pattern(r"[\w+/=.~!@#$%^*\-]+", re.ASCII)
_LEAST = 8
_WORDS = late_regex.pattern(r"[A-Za-z0-9]+")
_LEAST_WORD = 16
_LOOKED_AT = 512


def shapes(text: str) -> Iterator[Span]:
    """Yield where secrets of a known shape stand in `text`."""
    for found in _SHAPES.finditer(text):
        yield found.span()
    for found in _PLACES.finditer(text):
        yield found.span("secret")
    for found in _PRIVATE_KEY.finditer(text):
        yield found.span()
    for found in _FORTY.finditer(text):
        if not _HEX.fullmatch(found[0]) and len(_TURNS.findall(found[0])) >= _MANY_TURNS:
            yield found.span()


def long_shapes(text: str) -> Iterator[Span]:
    """Yield what `shapes` does, where no long name of something else can look like it: `sk-toggleable-content-1`."""
    for found in _SHAPES.finditer(text):
        if any(len(word) >= _LEAST_WORD and looks_random(word) for word in _WORDS.findall(found[0])):
            yield found.span()
    for found in _PLACES.finditer(text):
        if looks_random(found["secret"].rpartition("/")[2]):
            yield found.span("secret")


def looks_random(value: str) -> bool:
    """Whether `value` is a word that nobody chose to be read: letters and digits mixed, and no path, number or name.

    It decides where a name is not enough: `-k hunter2Xq9Z` is a key and `-k 2,2n` a column.
    """
    value = value[:_LOOKED_AT]
    if len(value) < _LEAST or not _RANDOM.fullmatch(value):
        return False
    letters = sum(map(str.isalpha, value))
    digits = sum(map(str.isdigit, value))
    if not letters or not digits:
        return False
    if value.startswith((".", "/", "~", "-", "s3:", "@")) or (value.count("/") > 1 and "=" not in value):
        return False
    return len(_TURNS.findall(value)) >= 3
