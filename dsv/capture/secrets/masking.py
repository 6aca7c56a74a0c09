"""Secrets in what is recorded: found by the names beside them and by their shape, and replaced.

A value is taken for secret if it stands behind an option or a name that says so, in the part of a URL that carries
credentials (user info, query, fragment), or if it has the shape of a well-known token. What a program calls a plain name
no rule can find; that is why undeclared environment variables are never recorded at all.

Each rule begins only where a word begins and never goes back, so that masking takes time in proportion to the text.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from dsv.capture import late_regex
from dsv.capture.secrets.names import Secrecy, secrecy
from dsv.capture.secrets.shapes import Span, looks_random, shapes

MASK = "***"

_SHORTEST = 6
"""Values shorter than this are not sought in output: they could be any word."""

# A number of steps, a column, a switch, a place that is filled in, a version: no key and no token, but it may be a bad password.
_PLAIN = late_regex.pattern(r"[\d.,]{1,6}|true|false|yes|no|none|null|", re.IGNORECASE)
_FILLED_IN = late_regex.pattern(
    r"\$\{?\w+\}?|\$\(.*\)|\{\w*\}|<[^<>]*>|\[[^\[\]]*\]|%\w+%|\*+|@[\w./\-]+|[<>=!~^*]{1,3} ?[\d*][\w.,*<>=!~^| ]*"
)

# RFC 3986: scheme://[userinfo@]host[/path][?query][#fragment], as it may stand inside of text.
_URL = late_regex.pattern(
    r"(?P<scheme>(?<![A-Za-z0-9+.\-])[A-Za-z0-9+.\-]++://)"
    r"(?P<user>[^\s/?#'\"]*@)?"
    r"(?P<rest>[^\s?#'\"]*+)"
    r"(?P<query>\?[^\s#'\"]*+)?"
    r"(?P<fragment>#[^\s'\"]*+)?"
)

# `git@host:path` has a user, but one that is no secret; `user:password@host:path` has.
_SCP = late_regex.pattern(r"(?<![\w./\-])[\w.\-]++:[^\s/@'\"]{1,1000}@(?=[\w.\-])")

_NAME = late_regex.pattern(r"(?<![\w.])(?P<dashes>[\-+~]{0,2})(?P<bare>[A-Za-z_][\w.\-]*+)")
"""An option, a variable, a field; the words in a path or behind a dot are part of the name."""

_SIGN = late_regex.pattern(r"""\\?["']?\s{0,8}+(?:=(?![=])|:(?!//|:)|=>)\s{0,8}+""")
_GAP = late_regex.pattern(r"\s{1,8}+(?![\-|&;>])")
_VALUE = late_regex.pattern(
    r"""(?:(?:Bearer|Basic|Token|Digest)\s{1,4}+)?(?:\\?'(?P<single>[^'\n]{0,4096}+)'|\\?"(?P<double>[^"\n]{0,4096}+)"|(?P<bare>[^\s'";|&),}<>]{1,512}+))""",
    re.IGNORECASE,
)
_REST = late_regex.pattern(r"""[^\s'";|&),}<>]*+""")
_LINE = late_regex.pattern(r"""[^'"\r\n]{1,4096}+""")
_WHOLE_LINE = frozenset({"authorization", "cookie", "set-cookie", "proxy-authorization"})
"""Headers whose value is all that follows."""

_USER = late_regex.pattern(
    r"(?<!\S)(?:-u|-U|--user|--proxy-user|--userpass)(?:[=\s]\s{0,4}+['\"]?)(?P<user>[^\s:'\"]{1,200}+):(?P<value>[^\s'\"]{1,500}+)"
)
_GLUED = late_regex.pattern(r"(?<!\S)-[pP](?P<value>[^\s'\"=]{4,200}+)")
_SHORT = late_regex.pattern(r"(?<!\S)-[kpP]\s{1,4}+['\"]?(?P<value>[^\s'\"\-][^\s'\"]{3,200}+)")
_ECHOED = late_regex.pattern(
    r"\b(?:echo|printf)\s{1,4}+(?:-n\s{1,4}+)?['\"]?(?P<value>[^\s'\"|]{1,500}+)['\"]?\s{0,4}+\|[^|\n]{0,500}?(?:-stdin|--with-token|\blogin\b)"
)

_WITH_PASSWORD = frozenset(
    [
        "mysql",
        "mysqldump",
        "mysqladmin",
        "mysqlimport",
        "mariadb",
        "mariadb-dump",
        "sshpass",
        "7z",
        "7za",
        "7zz",
        "zip",
        "unzip",
        "rar",
    ]
)
"""Programs to which `-p`, or `-P`, gives a password."""
_WITH_USER = frozenset(
    [
        "curl",
        "wget",
        "http",
        "https",
        "xh",
        "aria2c",
        "lftp",
        "ftp",
        "smbclient",
        "ldapsearch",
        "mosquitto_pub",
        "mosquitto_sub",
    ]
)
_PROGRAM = late_regex.pattern(r"(?<![\w.\-])(?:[\w.\-]*/)*+(?P<name>[\w\-]++)(?=\s|$)")

_SCRIPT = late_regex.pattern(r"-\w{0,3}[ce]")
"""The option of an interpreter before a script that stands in an argument of its own."""

_PAIR = late_regex.pattern(r"(?P<name>[\-+~]{0,2}[A-Za-z_][\w.\-]*+)[=:](?P<value>(?!//).*)", re.DOTALL)

# What pip, uv and poetry write behind `?` and `#` in the URL of a package.
_HARMLESS_PART = late_regex.pattern(
    r"[0-9a-fA-F]{7,64}|(?:egg|subdirectory|rev|branch|tag|editable|(?:sha|md)\d+)=[^\s&]*", re.ASCII
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
    return secrecy(name) is Secrecy.SURE


def is_secret(name: str, value: str) -> bool:
    """Whether `value`, given for what is called `name`, is secret: not so for `max_tokens` 512 or `key` 2."""
    found = secrecy(name)
    if found is Secrecy.NONE or _FILLED_IN.fullmatch(value) or value == MASK:
        return False
    if found is Secrecy.PERHAPS:
        return looks_random(value.rpartition(":")[2]) or (
            len(value) > 3 and value.isdigit() and name.lower().endswith(("pin", "otp"))
        )
    return "pass" in name.lower() or _PLAIN.fullmatch(value) is None


def mask_argv(argv: Sequence[str]) -> Masked:
    """Return `argv` with the values of options whose name says that they are secret replaced, and all that `mask_text` finds."""
    found: list[str] = []
    for position, word in enumerate(argv):
        before = argv[position - 1] if position > 1 else ""
        if before.startswith("-") and not word.startswith("-") and _is_hidden(argv, before, word):
            found.append(MASK)
        elif before in _USERS and (masked := _without_password(word, argv)) is not None:
            found.append(masked)
        else:
            found.append(_mask_word(word, argv, script=_SCRIPT.fullmatch(before) is not None))
    return Masked(tuple(found), list(found) != list(argv))


_USERS = frozenset({"-a", "-u", "-U", "--user", "--proxy-user", "--userpass"})


def _is_hidden(argv: Sequence[str], option: str, value: str) -> bool:
    """Whether `value`, the word after `option`, is secret."""
    if "=" in option:
        return False
    if option in {"-p", "-P"} and _programs(argv) & _WITH_PASSWORD:
        return True
    if option in {"-k", "-p", "-P"}:
        return looks_random(value)
    if secrecy(option) is Secrecy.PERHAPS and "=" in value and option not in _USERS:
        return any(looks_random(part.partition("=")[2]) for part in re.split("[&;]", value[:4096]))
    return is_secret(option, value)


def _without_password(word: str, argv: Sequence[str]) -> str | None:
    """Return `user:password` without the password; None if it may be a user and a group."""
    user, sign, value = word.partition(":")
    if not sign or not value or value == MASK:
        return None
    return f"{user}:{MASK}" if _is_password(user, value, _programs(argv)) else None


def _is_password(user: str, value: str, programs: frozenset[str]) -> bool:
    return (
        bool(programs & _WITH_USER)
        or looks_random(value)
        or (not value.isdigit() and not user.isdigit() and not value.isidentifier())
    )


def _programs(words: Iterable[str]) -> frozenset[str]:
    """Return the names of what may be the programs of a command."""
    return frozenset(found["name"] for word in words for found in _PROGRAM.finditer(word[:4096]))


def mask_text(text: str, programs: frozenset[str] | None = None) -> str:
    """Return `text` with the secrets in it replaced: by the names before them, by their shape, and in URLs.

    Args:
        text: A command line, a message, output.
        programs: The programs that it is for; by default those that it names.
    """
    found = _programs([text]) if programs is None else programs
    return mask_url(_replaced(text, _spans(text, found)))


def _replaced(text: str, spans: Iterable[Span]) -> str:
    parts: list[str] = []
    end = 0
    for start, stop in sorted(spans):
        if stop <= end:
            continue
        if start >= end:
            parts += [text[end:start], MASK]
        end = stop
    return "".join([*parts, text[end:]])


def mask_message(text: str, env: Mapping[str, str]) -> str:
    """Return a message of a user's own with what looks like a secret replaced; addresses stay, except for passwords in them."""
    spans = [(at, at + len(password)) for at, password in url_passwords(text)]
    return mask_values(_replaced(text, [*spans, *_spans(text, _programs([text]))]), secret_values(env))


def secret_values(env: Mapping[str, str]) -> set[str]:
    """Return the values of variables whose names say that they are secret."""
    return {value for name, value in env.items() if is_secret_name(name)}


def mask_values(text: str, values: Iterable[str]) -> str:
    """Return `text` with each of `values` replaced; shorter ones stay, as they could be any word."""
    for value in sorted(values, key=len, reverse=True):
        if len(value) >= _SHORTEST:
            text = text.replace(value, MASK)
    return text


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


def url_passwords(text: str) -> Iterator[tuple[int, str]]:
    """Yield the passwords in URLs, `scheme://user:PASSWORD@host`, and where each begins."""
    for found in _URL.finditer(text):
        user, sign, password = (found["user"] or "")[:-1].partition(":")
        if sign and password and not _FILLED_IN.fullmatch(password):
            yield found.start("user") + len(user) + 1, password


def has_secret(text: str) -> bool:
    """Whether a list of packages or a settings file seems to hold a secret; commits and checksums in its URLs are none."""
    found = next(shapes(text), None) or next(_named(text), None)
    return found is not None or any(map(_tells, _URL.finditer(text)))


def _spans(text: str, programs: frozenset[str]) -> Iterator[Span]:
    yield from shapes(text)
    yield from _named(text)
    for found in _USER.finditer(text):
        if found["value"] != MASK and _is_password(found["user"], found["value"], programs):
            yield found.span("value")
    for found in (*_GLUED.finditer(text), *_SHORT.finditer(text)):
        if found["value"] != MASK and (programs & _WITH_PASSWORD or looks_random(found["value"])):
            yield found.span("value")
    for found in _ECHOED.finditer(text):
        if _FILLED_IN.fullmatch(found["value"]) is None:
            yield found.span("value")


class Named(NamedTuple):
    """A value that stands behind a name which says that it is secret.

    Attributes:
        name: The name.
        value: The value, without quotes.
        start: Where it begins.
        end: Where it ends.
        quoted: Whether it stands in quotes.
    """

    name: str
    value: str
    start: int
    end: int
    quoted: bool


def _named(text: str) -> Iterator[Span]:
    for found in named_values(text):
        yield found.start, found.end


def named_values(text: str, *, settings: bool = False) -> Iterator[Named]:
    """Yield the values behind names that say that they are secret: `NAME=value`, `--name value`, `"name": "value"`.

    Args:
        text: A command line, a message, a file.
        settings: Whether it is a settings file, in which a value is never an expression of a program.
    """
    at = 0
    while (name := _NAME.search(text, at)) is not None:
        at = name.end()
        if secrecy(name[0]) is Secrecy.NONE:
            continue
        sign = _SIGN.match(text, at)
        if sign is None and name["dashes"].startswith("-"):
            sign = _GAP.match(text, at)
        if sign is None:
            continue
        if name["bare"].lower() in _WHOLE_LINE and (line := _LINE.match(text, sign.end())) is not None:
            if _FILLED_IN.fullmatch(line[0].rpartition(" ")[2]) is None:
                at = line.end()
                yield Named(name["bare"], line[0].rpartition(" ")[2], *line.span(), quoted=False)
            continue
        value = _VALUE.match(text, sign.end())
        if value is None:
            continue
        kind = value.lastgroup or "bare"
        if is_secret(name[0], value[kind]) and (settings or _is_literal(text, name, value, kind)):
            start, end = value.span(kind)
            at = end if kind != "bare" else _end_of(text, end)
            yield Named(name["bare"], value[kind], start, at, quoted=kind != "bare")


def _end_of(text: str, at: int) -> int:
    found = _REST.match(text, at)
    return at if found is None else found.end()


_CODE_VALUE = late_regex.pattern(r"[A-Za-z_][\w.]*+(?:\(.*|\[.*)?")


def _is_literal(text: str, name: re.Match[str], value: re.Match[str], kind: str) -> bool:
    """Whether a value is one, and no expression of a program: `token = make()`, `a.key = b.key`, `token: str`."""
    if kind != "bare":
        return True
    if value[kind].startswith(("{", "[", "(")):
        return False  # a table or a list, whose members have names of their own
    spaced = text[name.end() : value.start()]
    program = spaced != spaced.strip() or text[max(0, name.start() - 1) : name.start()] == "("
    assigned = "=" in spaced or ":" in spaced
    if program and assigned and not name["bare"].isupper() and ":" not in spaced:
        return _CODE_VALUE.fullmatch(value[kind]) is None or looks_random(value[kind])
    if ":" in spaced and value[kind] in _TYPES:
        return False
    return not ("." in name["bare"] and "." in value[kind] and _CODE_VALUE.fullmatch(value[kind]) is not None)


_TYPES = frozenset(
    ["str", "int", "bool", "float", "bytes", "string", "text", "number", "None", "Optional", "object", "any"]
)


def _tells(url: re.Match[str]) -> bool:
    if url["user"] not in (None, "git@", "hg@"):
        return True
    parts = [*(url["query"] or "")[1:].split("&"), *(url["fragment"] or "")[1:].split("&")]
    return any(part and _HARMLESS_PART.fullmatch(part) is None for part in parts)


def _mask_word(word: str, argv: Sequence[str], *, script: bool) -> str:
    pair = None if script else _PAIR.fullmatch(word)
    if pair is not None and is_secret(pair["name"], pair["value"]):
        return word[: pair.start("value")] + MASK
    return mask_text(word, _programs([word] if script else argv))


def _mask_parts(found: re.Match[str]) -> str:
    user = f"{MASK}@" if found["user"] else ""
    query = f"?{MASK}" if found["query"] else ""
    fragment = f"#{MASK}" if found["fragment"] else ""
    return f"{found['scheme']}{user}{found['rest']}{query}{fragment}"
