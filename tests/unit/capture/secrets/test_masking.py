from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dsv.capture.portable import fill, portable_argv
from dsv.capture.secrets.masking import is_secret_name, mask_argv, mask_url, strip_url


@pytest.mark.parametrize(
    "argv",
    [
        ["job", "--api-key", "hunter2"],
        ["job", "--api-key=hunter2"],
        ["job", "--db.password=hunter2"],
        ["env", "GITHUB_TOKEN=hunter2", "job"],
        ["job", "s3_secret=hunter2"],
        ["sh", "-c", "TOKEN=hunter2 job"],
        ["sh", "-c", "job --token hunter2 > x"],
        ["sh", "-c", "job --token 'hunter2'"],
        ["curl", "-H", "Authorization: Bearer hunter2", "https://h.example"],
        ["curl", "https://u:hunter2@h.example/x"],
        ["curl", "https://h.example/x?X-Amz-Signature=hunter2"],
        ["job", "--url=https://h.example/x?a=hunter2&b=1#hunter2"],
        ["sh", "-c", "curl 'https://hunter2@h.example/x' -o y"],
        ["job", '{"password": "hunter2"}'],
        ["job", '{"aws_secret_access_key":"hunter2"}'],
        ["env", "DB_PASS=hunter2", "job"],
        ["job", "--pass", "hunter2"],
        ["job", "--password", "2345"],
        ["sh", "-c", "MY_KEY=hunter2 DB_PASS=hunter2 job --key hunter2 --access-key=hunter2"],
        ["python", "-c", "connect(api_key='hunter2', password = 'hunter2')"],
        ["job", "ghp_" + 16 * "hunter2"],
        ["sh", "-c", "job AKIAHUNTER2HUNTER2XX hunter".replace("HUNTER2", "hunter2".upper())],
        ["git", "clone", "me:hunter2@h.example:r.git"],
    ],
)
def test_secrets_are_masked(argv: list[str]) -> None:
    found = mask_argv(argv)
    assert not {"hunter2", "2345"} & set(" ".join(found.argv).lower().replace("'", " ").split())
    assert "hunter2" not in " ".join(found.argv).lower()
    assert found.masked
    assert len(found.argv) == len(argv)


@pytest.mark.parametrize(
    "argv",
    [
        ["python", "clean.py", "--rows", "10", "-v", "a=b"],
        ["sort", "-k", "2", "in.csv"],
        ["train", "--max-tokens", "512", "--tokenizer", "bert", "--num-tokens=10", "--keyword", "a"],
        ["sh", "-c", "sort -t, --key=2 a.csv > key.csv; grep key a.csv; cat /etc/passwd b.csv"],
        ["duckdb", "-c", "select key from a join b on a.key=b.key where a.key == 'x' order by key desc"],
        ["python", "-c", "d.sort_values(key='x').rename(columns={'key': 'id', 'token_count': 5})"],
        ["keytool", "list"],
        ["sh", "-c", "cat a | sort > b"],
        ["curl", "https://h.example/data.csv"],
        ["git", "clone", "git@h.example:r.git"],
        ["duckdb", "-c", "copy (from 'a.csv') to 'b.parquet'"],
    ],
)
def test_other_arguments_stay(argv: list[str]) -> None:
    assert mask_argv(argv) == (tuple(argv), False)


def test_flags_without_a_value_hide_nothing() -> None:
    assert mask_argv(["job", "--no-token", "--rows", "5"]) == (("job", "--no-token", "--rows", "5"), False)


def test_urls() -> None:
    assert mask_url("https://u:p@h.example:8/p?q#f") == "https://***@h.example:8/p?***#***"
    assert strip_url("https://u:p@h.example:8/p?q#f") == "https://h.example:8/p"
    assert strip_url("git@h.example:r.git") == "git@h.example:r.git"
    assert strip_url("u:p@h.example:r.git") == "h.example:r.git"


def test_names() -> None:
    assert all(map(is_secret_name, ("AWS_SECRET_ACCESS_KEY", "token", "DbPassword", "API-KEY")))
    assert not any(map(is_secret_name, ("MODE", "ROWS", "PATH")))


@given(st.lists(st.text(max_size=30), min_size=1, max_size=5))
def test_masking_twice_is_masking_once(argv: list[str]) -> None:
    once = mask_argv(argv).argv
    assert mask_argv(once).argv == once


def test_a_command_becomes_portable(tmp_path: Path) -> None:
    root = tmp_path / "work"
    (root / "venv/bin").mkdir(parents=True)
    (root / "venv/pyvenv.cfg").touch()
    given = [f"{root}/venv/bin/python3.11", f"{root}/src/a.py", f"--in={root}/data/", "/far/x", "b", "{n}"]
    assert portable_argv(given, root, root) == ("python", "src/a.py", "--in=data/", "/far/x", "b", "{n}")
    assert portable_argv(given, root, root / "src")[1:3] == ("a.py", "--in=../data/")
    assert portable_argv(["venv/bin/papermill", "x"], root, root) == ("papermill", "x")
    assert portable_argv([f"{root}/job.sh"], root, root) == ("./job.sh",)
    assert portable_argv(["/usr/bin/python3", "x"], root, root) == ("python", "x")
    assert portable_argv(["sort", "x"], root, root) == ("sort", "x")


def test_only_given_parameters_are_filled_in() -> None:
    assert fill(["{a}-{b}", "{c}", "{{a}}", "{", "a{"], {"a": "{b}", "b": "2"}) == (
        "{b}-2",
        "{c}",
        "{{b}}",
        "{",
        "a{",
    )


@given(st.text(alphabet="{}ab", max_size=20))
def test_without_parameters_nothing_is_filled_in(word: str) -> None:
    assert fill([word], {}) == (word,)
