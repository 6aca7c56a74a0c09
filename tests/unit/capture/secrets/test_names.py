"""Ways in which secrets stand in commands, and words that only look like them."""

import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dsv.capture.secrets.masking import MASK, mask_argv, mask_text
from dsv.capture.secrets.names import Secrecy, secrecy
from dsv.capture.secrets.shapes import looks_random

S = "Zq7hunter2Xy9"
"""What a generator of passwords gives."""

SECRET = [
    ["t", "--token", S], ["t", f"--token={S}"], ["t", "--auth-token", S], ["t", "--access_token", S],
    ["t", "--password", S], ["t", f"--password={S}"], ["t", "--pwd", S], ["t", "--pw", S], ["t", "--passwd", S],
    ["t", "--dbpass", S], ["t", "--db-pass", S], ["t", "--userPassword", S], ["t", "--passphrase", S],
    ["t", "--passcode", S], ["t", "--secret", S], ["t", "--client-secret", S], ["t", "--shared.secret", S],
    ["t", "--api-key", S], ["t", "--apikey", S], ["t", "--apiKey", S], ["t", "--key", S], ["t", "-k", S],
    ["t", "--account-key", S], ["t", "--signing-key", S], ["t", "--private-key", S], ["t", "--license-key", S],
    ["t", "--auth", S], ["t", "--bearer", S], ["t", "--jwt", S], ["t", "--pat", S], ["t", "--pin", "483920"],
    ["t", "--otp", "483920"], ["t", "--creds", f"ada:{S}"], ["t", "--credential", S], ["t", "--cookie", f"sid={S}"],
    ["t", "--session-id", S], ["t", "--sas", f"sv=2020-08-04&sp=r&sig={S}"], ["t", "--signature", S],
    ["curl", "-u", "ada:tulip", "https://h.example"], ["curl", "--user", "ada:tulip", "https://h.example"],
    ["wget", "--password=tulip", "https://h.example"], ["http", "-a", f"ada:{S}", "--auth", f"ada:{S}"],
    ["sh", "-c", "curl -u ada:tulip https://h.example > x"], ["sh", "-c", "curl --user 'ada:tulip' https://h.example"],
    ["mysql", "-uroot", "-ptulips", "db"], ["mysqldump", "-p", "tulips", "db"], ["sh", "-c", "mysql -uroot -ptulips db"],
    ["sshpass", "-p", "tulips", "scp", "a", "b"], ["sshpass", "-ptulips", "ssh", "h"], ["7z", "x", "-ptulips", "a.7z"],
    ["unzip", "-P", "tulips", "a.zip"], ["t", f"-p{S}"],
    ["env", f"MYSQL_PWD={S}", "mysql"], ["env", f"PGPASSWORD={S}", "psql"], ["env", f"AWS_SECRET_ACCESS_KEY={S}", "t"],
    ["sh", "-c", f"MYSQL_PWD={S} mysql db > out.csv"], ["sh", "-c", f"export DB_PW={S}; job"],
    ["sh", "-c", f"export HF_TOKEN='{S}' && job"], ["sh", "-c", f'SECRET_KEY="{S}" job'], ["env", f"APP_KEY={S}", "t"],
    ["sh", "-c", f"echo {S} | docker login -u a --password-stdin"], ["sh", "-c", f"echo {S} | gh auth login --with-token"],
    ["curl", "-H", f"Authorization: Bearer {S}", "u"], ["curl", "-H", f"X-Api-Key: {S}", "u"],
    ["curl", "-H", f"PRIVATE-TOKEN: {S}", "u"], ["curl", "-H", f"Cookie: theme=dark; session={S}", "u"],
    ["sh", "-c", f"curl -H 'Authorization: Basic {S}' u -o x"], ["sh", "-c", f'curl -H "Cookie: a=b; sid={S}" u'],
    ["t", f'{{"password": "{S}"}}'], ["t", f'{{"user":"a","pwd":"{S}"}}'], ["t", f'{{\\"api_key\\": \\"{S}\\"}}'],
    ["t", f"db.password={S}"], ["t", f"db.pwd={S}"], ["t", f"+trainer.wandb.api_key={S}"], ["t", f"++a.b.secret={S}"],
    ["python", "-c", f"token = '{S}'; print(1)"], ["python", "-c", f"connect(pwd='{S}')"],
    ["python", "-c", f'c(password="{S}", user="a")'], ["t", f"password: {S}"],
    ["t", f"Server=h;Uid=u;Pwd={S};"], ["t", f"DRIVER={{x}};UID=u;PWD={S}"], ["t", f"host=h user=u password={S}"],
    ["t", f"jdbc:sqlserver://h:1433;user=u;password={S}"],
    ["t", f"DefaultEndpointsProtocol=https;AccountName=a;AccountKey={S}==;EndpointSuffix=x"],
    ["t", f"Endpoint=sb://h/;SharedAccessKeyName=n;SharedAccessKey={S}="],
    ["t", f"postgres://u:{S}@h/db"], ["t", f"https://h/x?sig={S}"], ["t", f"mongodb+srv://u:{S}@h/db?w=1"],
    ["t", f"redis://:{S}@h:6379/0"], ["t", f"https://hooks.slack.com/services/T00/B00/{S}"],
    ["t", f"https://api.telegram.org/bot123456:{S}/send"], ["t", f"https://discord.com/api/webhooks/1/{S}"],
]  # fmt: skip

SHAPES = [
    "AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", "AIzaSyA1234567890abcdefghijklmnopqrstuv",
    "npm_abcdefghijklmnopqrstuvwxyz0123456789", "pypi-AgEIcHlwaS5vcmcCJDU4" + "a" * 40, "ghp_" + "a1" * 18,
    "github_pat_" + "a1" * 20, "glpat-" + "a1" * 10, "hf_" + "aB" * 17, "sk-" + "a1" * 20, "sk-ant-api03-" + "a" * 40,
    "sk_live_" + "a1" * 12, "rk_test_" + "a1" * 12, "xoxb-1234567890-abcdefghij", "SG." + "a" * 22 + "." + "B" * 43,
    "dapi" + "0123456789abcdef" * 2, "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.abcDEF123",
    "123456789:AAF" + "a1B" * 11, "ya29." + "aB1" * 10, "hvs." + "aB1" * 10, "dop_v1_" + "0a" * 32,
    "-----BEGIN RSA PRIVATE KEY-----\nMIIEvQIBADANBg\n-----END RSA PRIVATE KEY-----",
    "-----BEGIN PRIVATE KEY-----\nMIIEvQIBADANBg and never an end",
]  # fmt: skip

HARMLESS = [
    ["python", "clean.py", "--rows", "10", "-v", "a=b"], ["sort", "-k", "2", "in.csv"], ["sort", "-k", "2,2n", "a"],
    ["sort", "-k1,1", "-k2,2nr", "a.csv"], ["train", "--max-tokens", "512"], ["train", "--max_new_tokens=4096"],
    ["t", "--tokenizer", "bert-base-uncased"], ["t", "--tokenizer-path", "models/tok/v2Final3x"], ["t", "--num-tokens=10"],
    ["t", "--pad-token", "<pad>"], ["t", "--pad-token=<|endoftext|>"], ["t", "--eos_token", "</s>"],
    ["t", "--mask-token", "[MASK]"], ["t", "--keyword", "alpha"], ["t", "--keywords", "a,b"], ["t", "--keyframe", "12"],
    ["t", "--key-column", "flight_id"], ["t", "--sort-key", "departure9Time"], ["t", "--primary-key", "id"],
    ["t", "--partition-key=day"], ["t", "--join-keys", "a,b"], ["t", "--cache-key", "v2Abc3Def"],
    ["t", "--password-file", "conf/pw.txt"], ["t", "--token-file=conf/token"], ["t", "--key-file", "k.pem"],
    ["t", "--token-env", "HF_TOKEN"], ["t", "--secret-name", "prod/db"], ["t", "--credentials-path", "/x/y.json"],
    ["t", "--token-type", "bearer"], ["t", "--token-count", "9"], ["t", "token_limit=4096"], ["t", "--key-size", "2048"],
    ["t", "--author", "Ada Lovelace"], ["t", "--authors", "Ada2Bob3Eve"], ["t", "--auth-type", "basic"], ["t", "--auth", "none"],
    ["t", "--pin-memory", "true"], ["t", "--pins", "4"], ["t", "--pattern", "data/*.csv"], ["t", "--patience", "5"],
    ["t", "--pass-through", "yes"], ["t", "--passes", "3"], ["t", "--num-passes=3"], ["t", "--compass", "north"],
    ["t", "--bypass", "cache"], ["t", "--session", "morning"], ["t", "--signal", "SIGTERM"], ["t", "--sign", "+"],
    ["t", "--cookie-jar", "jar.txt"], ["t", "--secretary", "x"], ["t", "--no-token", "--rows", "5"],
    ["t", "--monkey", "george"], ["t", "--turkey=2"], ["t", "--monkeypatch", "on"], ["t", "--hotkey", "f5"],
    ["t", "-p", "8080"], ["t", "-p", "8080:80"], ["t", "-p", "chromium"], ["cc", "-pthread", "a.c"], ["t", "-pedantic"],
    ["t", "-p", "params/train.yaml"], ["t", "-k", "not slow"], ["curl", "-k", "https://h.example/a.csv"],
    ["docker", "run", "-u", "1000:1000", "img"], ["docker", "run", "--user", "app:app", "img"], ["chown", "-R", "a:b", "x"],
    ["sudo", "-u", "ada", "job"], ["id", "-u"], ["python", "-u", "train.py"], ["git", "push", "-u", "origin", "main"],
    ["t", "3f9a8b7c6d5e4f3a2b1c0d9e8f7a6b5c4d3e2f1a"], ["t", "550e8400-e29b-41d4-a716-446655440000"],
    ["t", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"], ["t", "sha256:e3b0c44298fc1c149afbf4c8996fb924"],
    ["t", "data/processed/2026/Train/part0001File1x"], ["t", "s3://bucket/Data2026/Part0001/File1.parquet"],
    ["t", "https://h.example/data/v1.2/File9Final.csv"], ["git", "clone", "git@h.example:team/repo.git"],
    ["sh", "-c", "sort -t, --key=2 a.csv > key.csv; grep key a.csv; cat /etc/passwd b.csv"],
    ["sh", "-c", "grep -c secret a.txt; wc -l token.csv"], ["sh", "-c", "cut -d: -f1 /etc/passwd > users.txt"],
    ["sh", "-c", 'curl -H "Authorization: Bearer $TOKEN" u -o x'], ["sh", "-c", "job --token $TOKEN --key ${KEY}"],
    ["sh", "-c", "PGPASSWORD=$PW psql -c 'select 1'"], ["sh", "-c", "cat token | gh auth login --with-token"],
    ["duckdb", "-c", "select key from a join b on a.key=b.key where a.key == 'x' order by key desc"],
    ["duckdb", "-c", "select token, count(*) from t group by token having token <> 'a'"],
    ["python", "-c", "d.sort_values(key='x').rename(columns={'key': 'id', 'token_count': 5})"],
    ["python", "-c", "token = tokenizer.next(); key = row.id; print(token)"], ["python", "-c", "for key in d: print(d[key])"],
    ["python", "-c", "def f(token: str, key: int): pass"], ["python", "-c", "x.encode(token).decode(key)"],
    ["jq", "-c", "[.[] | {key, value}]", "a.json"], ["jq", ".tokens | length", "a.json"], ["awk", "{key[$1]++}", "a"],
    ["t", "--model", "gpt2XL9"], ["t", "--run-id", "2026-11-27T10-20"], ["t", "--seed", "42"], ["t", "keys=a,b"],
    ["t", "--name", S], ["t", S], ["t", "--color", "0aF3b9C2"],
]  # fmt: skip


@pytest.mark.parametrize("argv", SECRET, ids=" ".join)
def test_secrets_are_masked(argv: list[str]) -> None:
    found = mask_argv(argv)
    shown = " ".join(found.argv)
    assert not re.search(rf"{S}|tulip|483920", shown), shown
    assert found.masked
    assert mask_argv(found.argv).argv == found.argv


@pytest.mark.parametrize("word", SHAPES)
def test_shapes_are_masked_wherever_they_stand(word: str) -> None:
    for argv in (["t", word], ["t", f"--x={word}"], ["sh", "-c", f"job '{word}' > y"]):
        assert word not in " ".join(mask_argv(argv).argv)
    assert word not in mask_text(f"failed with {word}, sorry")


@pytest.mark.parametrize("argv", HARMLESS, ids=" ".join)
def test_other_words_stay(argv: list[str]) -> None:
    assert mask_argv(argv) == (tuple(argv), False)


def test_the_lists_are_long() -> None:
    assert min(len(SECRET) + len(SHAPES), len(HARMLESS)) >= 80


def test_names() -> None:
    assert {
        secrecy(name) for name in ("dbPassword", "DB_PASSWORD", "--db-password", "db.pwd", "X-Api-Key")
    } == {Secrecy.SURE}
    assert {
        secrecy(name) for name in ("--max-tokens", "key_column", "sortKey", "TOKEN_FILE", "", "--", "123")
    } == {Secrecy.NONE}


def test_random_words() -> None:
    assert looks_random(S)
    assert not any(map(looks_random, ("2,2n", "clean.py", "bert-base-uncased", "8080:80", "a/b/c9D8e7", "")))


@pytest.mark.parametrize(
    "unit",
    ["a", "a.", "a-", "a=", "key=", "token=", "token='", 'token="', "token ", "--token ", "://", "a://", "u:p@", "eyJ",
     "-----BEGIN PRIVATE KEY-----", "sk-", "A1b", "-p", " -u a:", "echo x|", "password:", "hooks.slack.com/services/",
     '\\"', "é", "Bearer ", "${", "/", "0:AA", "Cookie:", " \t", "\n", "api_", "Key"],
)  # fmt: skip
def test_masking_takes_time_in_proportion_to_the_text(unit: str) -> None:
    def seconds(length: int) -> float:
        text = (unit * length)[:length]
        best = 9.0
        for _ in range(3):
            begin = time.process_time()
            mask_argv(["t", text])
            mask_text(text)
            best = min(best, time.process_time() - begin)
        return best

    # 16 times the text: 16 times the work if it is linear, 256 times if it is quadratic.
    assert seconds(64_000) < 64 * max(seconds(4_000), 0.002)


@given(
    st.lists(
        st.sampled_from([*"ab12 =:;'\"-./@{}", MASK, "token", "key", "://", "-p", "--auth ", S]), max_size=30
    )
)
def test_masking_twice_is_masking_once(parts: list[str]) -> None:
    once = mask_argv(["t", "".join(parts)]).argv
    assert mask_argv(once).argv == once
