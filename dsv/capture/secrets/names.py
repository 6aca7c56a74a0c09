"""What the name of an option, a variable or a field says of its value: secret, perhaps secret, or not.

A name is cut into words where case, digits or punctuation change: `dbPassword`, `DB_PASSWORD` and `--db-password`
have the same words. What the last word says of a place or a number (`token_file`, `max_tokens`, `key_column`)
outweighs the rest.
"""

import re
from enum import IntEnum
from functools import lru_cache


class Secrecy(IntEnum):
    """How much a name says that its value is secret."""

    NONE = 0
    PERHAPS = 1
    """Only if the value looks like a secret: `auth`, `pin`, `session`, `sort_key`."""
    SURE = 2


_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+")

_SURE = frozenset(
    [
        "accesskey",
        "accountkey",
        "apikey",
        "appsecret",
        "authorization",
        "authtoken",
        "bearer",
        "clientsecret",
        "credential",
        "credentials",
        "creds",
        "dbpass",
        "dbpassword",
        "dbpw",
        "jwt",
        "pass",
        "passcode",
        "passphrase",
        "passwd",
        "password",
        "passwords",
        "privatekey",
        "psw",
        "pw",
        "pwd",
        "secret",
        "secretkey",
        "secrets",
        "sharedkey",
        "signingkey",
        "token",
        "userpass",
        "userpassword",
    ]
)
_INSIDE = re.compile(r"secret(?!ar)|passw|passphrase|credential|authorization|token(?!iz|s$)|apikey")
_PERHAPS = frozenset(
    [
        "auth",
        "cookie",
        "cookies",
        "cred",
        "keys",
        "otp",
        "pat",
        "pin",
        "sas",
        "session",
        "sessionid",
        "sig",
        "signature",
        "tokens",
        "webhook",
    ]
)

_KEYS_OF_LOCKS = frozenset(
    [
        "access",
        "account",
        "api",
        "app",
        "auth",
        "client",
        "encryption",
        "license",
        "master",
        "private",
        "secret",
        "service",
        "shared",
        "signing",
        "ssh",
        "storage",
        "subscription",
    ]
)
"""Before `key` these say that it opens something."""

_KEYS_OF_DATA = frozenset(
    [
        "cache",
        "column",
        "composite",
        "data",
        "dict",
        "dedupe",
        "dedup",
        "foreign",
        "group",
        "host",
        "index",
        "join",
        "json",
        "lookup",
        "map",
        "merge",
        "object",
        "order",
        "partition",
        "pivot",
        "primary",
        "public",
        "row",
        "s3",
        "shard",
        "sort",
        "sorting",
        "translation",
        "unique",
    ]
)
"""Before `key` these say that it finds something."""

_NOT_VALUES = frozenset(
    [
        "algorithm",
        "alias",
        "args",
        "attr",
        "attribute",
        "bits",
        "budget",
        "bytes",
        "class",
        "classes",
        "col",
        "cols",
        "column",
        "columns",
        "command",
        "count",
        "counts",
        "dim",
        "dir",
        "directory",
        "embedding",
        "enabled",
        "encoder",
        "encoding",
        "endpoint",
        "env",
        "envvar",
        "expiry",
        "field",
        "fields",
        "file",
        "files",
        "folder",
        "format",
        "frequency",
        "header",
        "id",
        "ids",
        "idx",
        "index",
        "ids",
        "iter",
        "kind",
        "label",
        "len",
        "length",
        "level",
        "limit",
        "limits",
        "list",
        "location",
        "loss",
        "manager",
        "map",
        "mask",
        "max",
        "memory",
        "method",
        "min",
        "mode",
        "model",
        "name",
        "names",
        "num",
        "offset",
        "only",
        "path",
        "paths",
        "pattern",
        "policy",
        "position",
        "prefix",
        "prob",
        "probability",
        "prompt",
        "property",
        "protocol",
        "provider",
        "rate",
        "ratio",
        "regex",
        "required",
        "schema",
        "scope",
        "separator",
        "seq",
        "server",
        "size",
        "sizes",
        "source",
        "stdin",
        "store",
        "strategy",
        "strength",
        "style",
        "suffix",
        "template",
        "threshold",
        "through",
        "timeout",
        "ttl",
        "type",
        "types",
        "uri",
        "url",
        "usage",
        "user",
        "var",
        "variable",
        "vocab",
        "weight",
        "weights",
        "window",
    ]
)
"""As the last word these name something about the secret, or about other tokens and keys."""

_OF_TEXT = frozenset(
    [
        "average",
        "avg",
        "batch",
        "bos",
        "cls",
        "completion",
        "context",
        "decoder",
        "eos",
        "image",
        "input",
        "mask",
        "max",
        "min",
        "new",
        "num",
        "number",
        "output",
        "pad",
        "per",
        "prompt",
        "sep",
        "special",
        "stop",
        "total",
        "train",
        "unk",
    ]
)
"""Before `token` these say that it is a piece of text."""


@lru_cache(maxsize=4096)
def secrecy(name: str) -> Secrecy:
    """Return what `name` says of the value that is given under it.

    A name in capitals, as of an environment variable, or behind dashes says more than a word in a program: `KEY=x` and
    `--key x` are perhaps keys to something, `order by key` is not.
    """
    bare = name.lstrip("-+~/")
    words = [word.lower() for word in _WORD.findall(bare[:200])]
    if not words:
        return Secrecy.NONE
    last = words[-1]
    if words[-2:] == ["session", "id"]:
        return Secrecy.PERHAPS
    if len(words) > 1 and (last in _NOT_VALUES or (last.isdigit() and words[-2] in _NOT_VALUES)):
        return Secrecy.NONE
    if last in {"token", "tokens"} and _OF_TEXT & set(words):
        return Secrecy.NONE
    if _SURE & set(words) or _INSIDE.search("".join(words)):
        return Secrecy.SURE
    if "key" in words:
        return _of_key(words[: words.index("key")], open_=bare != name or bare.isupper())
    if _PERHAPS & set(words) or last.endswith(("pass", "pwd", "passwd")):
        return Secrecy.PERHAPS
    return Secrecy.NONE


def _of_key(before: list[str], *, open_: bool) -> Secrecy:
    if _KEYS_OF_LOCKS & set(before):
        return Secrecy.SURE
    if _KEYS_OF_DATA & set(before):
        return Secrecy.NONE
    return Secrecy.SURE if open_ else Secrecy.PERHAPS
