"""Whether a file holds a secret, for what its name says and for what stands in it.

A name decides where files of that name exist to hold a secret: `.netrc`, `id_rsa`, `prod.env`. Else the text does:
tokens of known services anywhere, values behind names such as `password` in settings. Programs speak of passwords
without holding one, and data is full of hashes, so in them only what looks like nothing else counts.
"""

import re
from collections.abc import Iterator
from fnmatch import fnmatchcase
from typing import NamedTuple

from dsv.capture import late_regex
from dsv.capture.secrets import gitleaks_rules
from dsv.capture.secrets.masking import named_values, url_passwords
from dsv.capture.secrets.shapes import long_shapes, looks_random
from dsv.worktree.suffixes import SETTINGS, has_data_name, is_code_name, is_program_name, suffix

_NAMES = frozenset(
    [
        ".netrc",
        "_netrc",
        ".pypirc",
        ".npmrc",
        ".pgpass",
        "pgpass.conf",
        ".my.cnf",
        ".mylogin.cnf",
        ".boto",
        ".s3cfg",
        ".dockercfg",
        ".dockerconfigjson",
        ".vault-token",
        ".vault_pass",
        ".vault_password",
        ".git-credentials",
        ".htpasswd",
        ".htdigest",
        ".passwd-s3fs",
        ".smbcredentials",
        ".dbshell",
        ".databrickscfg",
        ".esmtprc",
        ".msmtprc",
        ".fetchmailrc",
        ".rediscli_auth",
        ".cifs",
        ".kaggle.json",
        "kaggle.json",
        "kubeconfig",
        "wp-config.php",
        "sftp-config.json",
        ".ftpconfig",
        ".remote-sync.json",
        "filezilla.xml",
        "recentservers.xml",
        "sitemanager.xml",
        "rclone.conf",
        "secring.gpg",
        "logins.json",
        "key3.db",
        "key4.db",
        "signons.sqlite",
        ".bash_history",
        ".zsh_history",
        ".sh_history",
        ".psql_history",
        ".mysql_history",
        ".sqlite_history",
        ".rediscli_history",
        ".terraformrc",
        "terraform.rc",
        ".wgetrc",
        ".curlrc",
        ".secrets",
        "secrets",
        ".token",
        ".apikey",
        ".api_key",
        ".password",
        "secrets.txt",
    ]
)
"""Names of files in which programs keep passwords, tokens and keys."""

_PATTERNS = (
    ".env*", "*.env", "*.pem", "*.key", "*.p12", "*.pfx", "*.p8", "*.pkcs12", "*.jks", "*.jceks", "*.keystore",
    "*.truststore", "*.bks", "*.ppk", "*.kdb", "*.kdbx", "*.ovpn", "*.agekey", "*.keytab", "*.kubeconfig", "*.tfvars",
    "*.tfvars.json", "*.tfstate", "*.tfstate.backup", "*credentials*", "service-account*.json",
    "service_account*.json", "serviceaccount*.json", "client_secret*.json", "*.secret",
    "*.secrets", ".vault[-_]pass*", "vault[-_]pass*",
)  # fmt: skip

_PLACES = late_regex.pattern(
    r"(?:^|/)(?:\.docker/config\.json|\.kube/config|\.aws/config|\.config/gh/hosts\.yml|\.config/gcloud/.+|\.azure/.+"
    r"|\.ssh/(?!known_hosts|.*\.pub$).+|\.gnupg/.+|\.(?:cache/)?huggingface/(?:token|stored_tokens)|\.password-store/.+"
    r"|\.config/rclone/.+|\.snowsql/config|\.snowflake/.+\.toml|\.oci/.+|\.bluemix/.+|\.cargo/credentials.*"
    r"|\.m2/settings(?:-security)?\.xml|\.gradle/gradle\.properties|\.subversion/auth/.+|etc/shadow-?)$"
)
"""Files that only their folder gives away."""

_SETTINGS = late_regex.pattern(r"(?:.*[-_.])?secrets?\.(?P<suffix>\w+)")
"""`secrets.yaml`, `app-secrets.json`: settings that are kept apart from the others because they are secret."""

_SAMPLE = late_regex.pattern(
    r"(?:[._-](?:example|sample|template|dist|defaults?|tmpl|schema)){1,3}(?:\.\w{1,8})?$"
    r"|^(?:example|sample|template|defaults?)[._-]"
)
"""`.env.example` and `defaults.env` show what to fill in: the text decides."""

_LARGEST_SETTINGS = 1 << 16
_LEAST = 4
_LEAST_RANDOM = 16


class Suspicion(NamedTuple):
    """Why a file is taken to hold a secret.

    Attributes:
        what: What it seems to hold, as in `a password`.
        line: In which line; 0 where the name of the file says it.
    """

    what: str
    line: int = 0

    def __str__(self) -> str:
        return f"{self.what} in line {self.line}" if self.line else self.what


def by_name(path: str) -> bool:
    """Whether files called like `path` hold secrets.

    `id_*` is a key of ssh unless its suffix says that it is data or code, as in `id_map.csv`.
    """
    path = path.lower()
    parts = path.split("/")
    last = parts[-1]
    if any("credentials" in part for part in parts[:-1]) or any(
        part.startswith(".env") for part in parts[:-1]
    ):
        return True
    if _SAMPLE.search(last) or last.endswith(".pub.pem"):
        return False
    if last in _NAMES or _PLACES.search(path):
        return True
    if is_program_name(last):
        return False
    if any(fnmatchcase(last, pattern) for pattern in _PATTERNS):
        return True
    settings = _SETTINGS.fullmatch(last)
    if settings is not None and settings["suffix"] in SETTINGS | {"json", "xml"}:
        return True
    return last.startswith("id_") and not (has_data_name(path) or is_code_name(path))


def by_text(path: str, text: str, *, ignored: bool) -> Suspicion | None:
    """Return what secret the file at `path` seems to hold; None if it seems to hold none.

    Args:
        path: Where it is; its suffix says whether it is data, a program or settings.
        text: What stands in it.
        ignored: Whether git ignores it: settings that nobody shares hold more secrets.
    """
    found = min(_suspicions(path, text, ignored=ignored), key=lambda one: one[0], default=None)
    return None if found is None else Suspicion(found[1], text.count("\n", 0, found[0]) + 1)


def _suspicions(path: str, text: str, *, ignored: bool) -> Iterator[tuple[int, str]]:
    if any(len(run) >= _LONG or _DIGIT.search(run) for run in _RUN.findall(text)):
        for found in gitleaks_rules.find(path, text):
            yield found.at, f"a secret ({found.rule})"
        for start, _ in long_shapes(text):
            yield start, "a token or key"
    for mark, pattern, what in _FORMS:
        if mark in text and (form := pattern.search(text)) is not None:
            yield form.start(), what
    program = is_program_name(path)
    for at, password in url_passwords(text) if "://" in text and "@" in text else ():
        if looks_random(password) or not (program or _PLACEHOLDER.fullmatch(password)):
            yield at, "a password in a URL"
    if len(text) <= _LARGEST_SETTINGS and suffix(path) not in _PROSE and _HINTS.search(text):
        yield from _named(path, text, program=program, ignored=ignored)


_PROSE = frozenset(["txt", "md", "rst", "html", "htm", "tex", "log", "lock", "ipynb", "svg", "vocab", "bpe"])
"""Files of these suffixes hold no settings."""

_RUN = late_regex.pattern(r"[\w+/=:.\-]{14,}+", re.ASCII)
_DIGIT = late_regex.pattern(r"[0-9]")
_LONG = 30
"""A token has a long run of letters, mostly with a digit among them; most texts have none, and that is soon seen."""

_HINTS = late_regex.pattern(
    r"pass|pwd|psw|secret|token|key|cred|auth|jwt|bearer|cookie|webhook", re.IGNORECASE
)
"""What one of the names has in it."""

_FORMS = (
    (
        "PRIVATE KEY",
        late_regex.pattern(
            r"-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----[\s\S]{0,400}?[A-Za-z0-9+/]{40}"
        ),
        "a private key",
    ),
    (
        "LS0tLS1CRUdJTi",
        late_regex.pattern(r"LS0tLS1CRUdJTi[A-Za-z0-9+/]{0,24}?(?:UFJJVkFURS|BSSVZBVEUg|QUklWQVRF)"),
        "a private key",
    ),
    ("PuTTY-User", late_regex.pattern(r"^PuTTY-User-Key-File-\d:", re.MULTILINE), "a private key"),
    (
        "machine",
        late_regex.pattern(
            r"\bmachine\s{1,9}\S{1,200}+\s{1,9}login\s{1,9}\S{1,200}+\s{1,9}password\s{1,9}\S"
        ),
        "a password",
    ),
    (
        ":$",
        late_regex.pattern(
            r"^[^:\s]{1,64}+:\$(?:apr1|2[abxy]|1|5|6|y|7|argon2\w{1,2})\$[\w./$=,+]{8}", re.MULTILINE
        ),
        "hashed passwords",
    ),
)

_PASSWORD = late_regex.pattern(r"pass|pwd|secret|credential", re.IGNORECASE)
_OPENS = frozenset("{[(|>&*!$")
"""With these begin tables, lists, blocks, references."""

_TRANSLATED = late_regex.pattern(
    r"(?:^|/)(?:locales?|i18n|l10n|lang(?:uages?)?|translations?|messages)(?:[/._-]|$)", re.IGNORECASE
)
_PLACEHOLDER = late_regex.pattern(
    r"(?:your|my|some|the|a|an|insert|enter|put|add)[-_ ].*|.*(?:change[-_]?(?:me|it)|example|placeholder|redacted|dummy|replace[-_]?me)"
    r".*|x{3,}|\.{3,}|todo|tbd|none|null|test|secret|string|str|pass(?:word|wd)?|pwd|token|hidden|omitted|[\^~<>=v]*\d+(?:\.\d+){1,3}[\w.+\-]*|ENC\[.*|!vault.*|\{\{.*",
    re.IGNORECASE,
)


def _named(path: str, text: str, *, program: bool, ignored: bool) -> Iterator[tuple[int, str]]:
    """Yield values behind names that say that they are secret.

    A password need not look like one; a token or a key does, unless the file is one that nobody shares.
    """
    json = suffix(path).startswith("json")
    chosen = not _TRANSLATED.search(path) and (ignored or not program)
    for found in named_values(text, settings=not program):
        name, value = found.name, found.value
        if (
            _PLACEHOLDER.fullmatch(value)
            or value[:1] in _OPENS
            or any(map(str.isspace, value))
            or (json and not found.quoted)
        ):
            continue
        told = (ignored or _PASSWORD.search(name)) and len(value) >= _LEAST and value.lower() != name.lower()
        if (chosen and told) or (looks_random(value) and (len(value) >= _LEAST_RANDOM or chosen)):
            yield found.start, f"a value for {name[:60]}"
