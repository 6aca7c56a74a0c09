"""Files that hold secrets, by name and by text, and ordinary files that only look like it."""

import base64
import json
import random
import string
import uuid

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dsv.capture.secrets.files import by_name, by_text

RANDOM = random.Random(5)


def word(length: int, letters: str = string.ascii_letters + string.digits) -> str:
    return "".join(RANDOM.choice(letters) for _ in range(length))


PEM = (
    "-----BEGIN {}PRIVATE KEY-----\n"
    + "\n".join(word(64) for _ in range(12))
    + "\n-----END {}PRIVATE KEY-----\n"
)


@pytest.mark.parametrize(
    "path",
    [
        ".env", "sub/.env.local", ".envrc", "prod.env", "deploy/staging.env", "server.pem", "a/b.KEY", ".netrc", "_netrc",
        ".pypirc", ".npmrc", ".pgpass", "pgpass.conf", ".my.cnf", ".mylogin.cnf", ".boto", ".s3cfg", ".docker/config.json",
        "home/.docker/config.json", ".dockercfg", "service-account.json", "service_account_prod.json", "secrets.yaml",
        "app-secrets.json", "secret.toml", ".streamlit/secrets.toml", "terraform.tfvars", "prod.auto.tfvars",
        "terraform.tfstate", "store.p12", "cert.PFX", "AuthKey_AB.p8", "release.jks", "debug.keystore", ".vault-token",
        "vault-password", "kubeconfig", "admin.kubeconfig", ".kube/config", "id_rsa", "keys/id_ed25519", "id_rsa.pub",
        "id_rsa.bak", ".ssh/deploy", "putty.ppk", ".htpasswd", ".htdigest", ".aws/credentials", ".aws/config",
        "wp-config.php", ".git-credentials", "my_credentials.json", "credentials/x.csv", "Credentials", "kaggle.json",
        ".kaggle/kaggle.json", "client_secret_1234.json", "application_default_credentials.json",
        ".config/gcloud/access_tokens.db", ".config/gh/hosts.yml", ".cargo/credentials.toml", "passwords.kdbx",
        "client.ovpn", ".bash_history", "rclone.conf", "user.keytab", ".databrickscfg", ".huggingface/token",
        ".m2/settings.xml", "master.key", "sftp-config.json", ".azure/accessTokens.json",
    ],
)  # fmt: skip
def test_names_of_files_with_secrets(path: str) -> None:
    assert by_name(path)


@pytest.mark.parametrize(
    "path",
    [
        "id_map.csv", "data/id_pairs.parquet", "id_tools.py", "env.py", "keys.py", "a.keys", "tokens.txt", "vocab.txt",
        "vocab.json", "merges.txt", "tokenizer.json", "special_tokens_map.json", "tokenizer_config.json", "secret.txt",
        "secrets.csv", "secretary.yaml", "load_credentials.py", "environment.yaml", "env.yaml", ".env.example",
        "prod.env.sample", "defaults.env", "example.tfvars", "secrets.example.yaml", "terraform.tfvars.template", "config.json", "docker/config.json",
        "poetry.lock", "uv.lock", "package-lock.json", "keyboard.json", "monkey.csv", "key.csv", "password_strength.csv",
        "token_counts.jsonl", ".ssh/known_hosts", "history.csv", "netrc.md",
    ],
)  # fmt: skip
def test_names_that_only_look_like_it(path: str) -> None:
    assert not by_name(path)


SECRETS = {
    "deploy/settings.yaml": "db:\n  host: h\n  password: correcthorse\n",
    "app.ini": "[mail]\nsmtp_password = hunter22\n",
    "conf.toml": f'api_key = "{word(32)}"\n',
    "config/azure.json": json.dumps({"storage": {"account_key": word(44) + "=="}}),
    "k8s.yaml": "users:\n- user:\n    client-key-data: "
    + base64.b64encode(PEM.format("RSA ", "RSA ").encode()).decode(),
    "cluster": "x: " + base64.b64encode(("ab" + PEM.format("EC ", "EC ")).encode()[2:]).decode(),
    "ours.txt": PEM.format("", ""),
    "notes.md": "see\n" + PEM.format("OPENSSH ", "OPENSSH "),
    "key.py": f'KEY = """{PEM.format("RSA ", "RSA ")}"""\n',
    "sa.json": json.dumps({"type": "service_account", "private_key": PEM.format("", "")}),
    "old-netrc": "machine ftp.example.org login ada password lovelace\n",
    "users": "ada:$apr1$x8sd9f8s$9df8gd9f8g9d8fg9d8f/\n",
    "web.txt": "ada:$2y$05$" + word(53),
    "remote.txt": "https://ada:Xk29dkfPq1@git.example.org\n",
    "db.py": 'engine = create("postgresql://ada:Xk29dkfPq1z@db.example.org/prod")\n',
    "auth-config": json.dumps(
        {"auths": {"r.example.org": {"auth": base64.b64encode(b"ada:hunter22!").decode()}}}
    ),
    "upload.py": f'TOKEN = "ghp_{word(36)}"\n',
    "lab.ipynb": json.dumps({"cells": [{"source": [f"login(token='hf_{word(34, string.ascii_letters)}')"]}]}),
    "slack.sh": f"curl https://hooks.slack.com/services/T{word(9, string.ascii_uppercase)}/B{word(9, string.ascii_uppercase)}/{word(24)}\n",
    "pay.js": f'const stripe = require("stripe")("sk_live_{word(30)}")\n',
    "aws.r": "Sys.setenv(AWS_ACCESS_KEY_ID='AKIAQ3EGRZ7T5WXY2LMN')\n",
    "gitlab.yml": f"variables:\n  X: glpat-{word(20)}\n",
    "ask.py": f'client = OpenAI(api_key="sk-proj-{word(74)}T3BlbkFJ{word(74)}")\n',
    "mail.rb": f"key 'SG.{word(22)}.{word(43)}'\n",
    "npm.txt": f"//registry.npmjs.org/:_authToken=npm_{word(36)}\n",
    "age.txt": "AGE-SECRET-KEY-1" + word(58, "QPZRY9X8GF2TVDW0S3JN54KHCE6MUA7L"),
    "jwt.http": f"GET /\nX-Auth: eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.{word(43)}\n",
    "bot.pl": f'my $bot = "112233445:AA{word(33)}";\n',
    "vault.hcl": f'token = "hvs.{word(95)}"\n',
}


@pytest.mark.parametrize("path", SECRETS)
def test_secrets_in_texts(path: str) -> None:
    assert not by_name(path), "this is about texts"
    assert by_text(path, SECRETS[path], ignored=False) is not None


IMAGE = base64.b64encode(RANDOM.randbytes(30_000)).decode()
HARMLESS = {
    "hashes.txt": "\n".join(word(length, string.hexdigits[:16]) for length in (32, 40, 64, 128) * 50),
    "uuids.txt": "\n".join(str(uuid.UUID(int=RANDOM.getrandbits(128))) for _ in range(200)),
    "ids.txt": "\n".join(word(40) for _ in range(200)),
    "image.json": json.dumps({"image": IMAGE, "hash": word(64)}),
    "lab.ipynb": json.dumps({"cells": [{"outputs": [{"data": {"image/png": IMAGE}, "text": "password: hunter2"}]}]}),
    "page.html": '<div class="sk-toggleable__content-arrow sk-estimator-doc-link-2">password: <input></div>' * 20,
    "vocab.json": json.dumps({one: number for number, one in enumerate(["token", "password", "secret", "api_key"], 4700)}),
    "tokenizer.json": json.dumps({"added_tokens": [{"content": "<|endoftext|>"}], "unk_token": "[UNK]", "model": {"vocab": {"Ġpassword": 9206}}}),
    "special_tokens_map.json": json.dumps({"pad_token": "<pad>", "cls_token": "[CLS]", "token": "<s>"}),
    "tokens.txt": "\n".join(["the", "token", "##ing", "password", "secret=", "key:", "api_key"] * 100),
    "package-lock.json": json.dumps({"packages": {"js-tokens": {"version": "4.0.0", "integrity": f"sha512-{word(86)}=="}}}),
    "package.json": json.dumps({"dependencies": {"password-validator": "^5.3.0", "csrf-token": "1.0.12"}}),
    "uv.lock": f'[[package]]\nname = "keyring"\nsdist = {{ url = "https://files.example.org/a.tar.gz", hash = "sha256:{word(64, string.hexdigits[:16])}" }}\n',
    "params.yaml": "max_tokens: 512\ntoken_type: bert\nkey: user_id\nsort_key: a1b2\nsecret_santa: true\npass: 3\n",
    "compose.yaml": "environment:\n  POSTGRES_PASSWORD: ${POSTGRES_PASSWORD}\n  TOKEN: '{{ token }}'\n  DB_PASSWORD: changeme\n",
    "locales/de.json": json.dumps({"password": "Passwort", "forgot_password": "Passwort vergessen?", "secret": "Geheimnis"}),
    "i18n/de.yml": "login:\n  password: Passwort\n",
    "schema.json": json.dumps({"properties": {"password": {"type": "string"}}, "required": ["password"]}),
    "train.py": "import os\ntoken = os.environ['TOKEN']\npassword = getpass()\ndef login(password: str = 'hunter2'): ...\napi_key = config.api_key\n",
    "check.py": 'if text.startswith("-----BEGIN PRIVATE KEY-----"): raise ValueError("no keys")\n',
    "README.md": "export API_KEY=your-key-here\npostgres://user:password@localhost/db\npassword: see the vault\n",
    ".env.example": "API_KEY=\nPASSWORD=changeme\nTOKEN=<your token>\n",
    "doc.txt": "AKIAIOSFODNN7EXAMPLE is an example, as everybody knows\n",
    "known_hosts": "h.example.org ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI" + word(43) + "\n",
    "model.json": json.dumps({"weights": [RANDOM.random() for _ in range(2000)], "key": "embedding_1"}),
    "urls.txt": "https://example.org/a?x=1\nhttps://cdn.example.org/" + word(40) + ".jpg\n" * 50,
    "genes.txt": "\n".join(word(60, "ACGT") for _ in range(300)),
    "sops.yaml": "db_password: ENC[AES256_GCM,data:Zm9v,iv:YmFy,tag:YmF6,type:str]\n",
}  # fmt: skip


@pytest.mark.parametrize("path", HARMLESS)
@pytest.mark.parametrize("ignored", [False, True])
def test_ordinary_texts(path: str, ignored: bool) -> None:
    if ignored and path in {"train.py", "README.md"}:
        pytest.skip("what git ignores is judged more strictly")
    assert by_text(path, HARMLESS[path], ignored=ignored) is None


def test_settings_that_nobody_shares_hold_shorter_secrets() -> None:
    text = "api_token: plant-hush\n"
    assert by_text("local.yaml", text, ignored=True) is not None
    assert by_text("local.yaml", text, ignored=False) is None


def test_the_line_is_told() -> None:
    found = by_text("a.yaml", "x: 1\ny: 2\ndb_password: hunter22\n", ignored=False)
    assert str(found) == "a value for db_password in line 3"


@settings(max_examples=200)
@given(st.text(alphabet=string.hexdigits + "-,\n ", max_size=3000))
def test_numbers_and_hashes_are_never_secrets(text: str) -> None:
    assert by_text("rows.txt", text, ignored=False) is None
