from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dsv.config.keys import KEYS, find_key
from dsv.config.load import Config, Remote, load, parse, read_toml
from dsv.errors import BadConfig


def test_no_files_mean_defaults(tmp_path: Path) -> None:
    assert load(tmp_path) == Config()
    assert Config().follow_git is True
    assert Config().default_remote is None


def test_the_local_file_overrides_by_the_same_keys(tmp_path: Path) -> None:
    (tmp_path / ".dsv").mkdir()
    (tmp_path / "dsv.toml").write_text(
        '[git]\nfollow = true\n[remote.origin]\nurl = "s3://b/p"\nregion = "eu"\n', encoding="utf-8"
    )
    (tmp_path / ".dsv" / "config").write_text(
        'user = "Ada"\nstore = "/big"\ngit.follow = false\nremote.origin.url = "file:///x"\n',
        encoding="utf-8",
    )
    config = load(tmp_path)
    assert (config.user, config.store, config.follow_git) == ("Ada", "/big", False)
    assert config.remotes == {"origin": Remote("origin", "file:///x", region="eu")}


def test_the_last_rule_that_matches_counts() -> None:
    config = parse(
        shared="""
        [[dataset]]
        match = "data/*.parquet"
        policy = "exact"
        key = "id"
        [[dataset]]
        match = "data/trips*"
        tolerance = 1
        ignore_columns = ["at"]
        schema = { a = "int64" }
        """,
        local='[[dataset]]\nmatch = "data/trips.csv"\npolicy = "unordered"\n',
    )
    found = config.rule_for("data/x.parquet")
    assert found is not None
    assert (found.policy, found.key, found.tolerance) == ("exact", ("id",), None)
    found = config.rule_for("data/trips.parquet")
    assert found is not None
    assert (found.policy, found.tolerance, found.ignore_columns) == (None, 1.0, ("at",))
    assert found.schema == {"a": "int64"}
    found = config.rule_for("data/trips.csv")
    assert found is not None
    assert found.policy == "unordered"
    assert config.rule_for("other") is None


def test_the_default_remote() -> None:
    one = '[remote.a]\nurl = "s3://b/a"\n'
    two = one + '[remote.b]\nurl = "s3://b/b"\n'
    assert parse(shared=one).default_remote == Remote("a", "s3://b/a")
    assert parse(shared=two).default_remote is None
    marked = parse(shared=two + "default = true\n").default_remote
    assert marked is not None
    assert marked.name == "b"


def test_unknown_keys_are_named_and_no_error() -> None:
    config = parse(shared="wat = 1\n[future]\nx = 2\n", local="git.folow = true\n")
    assert config.unknown == ("dsv.toml: wat", "dsv.toml: future.x", ".dsv/config: git.folow")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("= 1", "dsv.toml is not valid TOML"),
        ('user = "Ada"', "user is a local setting"),
        ("git.follow = 1", "git.follow must be true or false, not 1"),
        ('remote.a.region = "eu"', "remote.a has no url"),
        ('remote.a.url = ""', "remote.a.url must be a text that is not empty"),
        ('remote.a.url = "ftp://x"', "must be s3://BUCKET/PREFIX or file:///PATH"),
        ('remote.a.url = "s3://key:secret@b/x"', "holds credentials"),
        ('remote.a.url = "https://key:secret@b/x"', "holds credentials"),
        ('remote.a.url = "file://ada:secret@b/x"', "holds credentials"),
        ('remote.a.url = "s3:///x"', "must be s3://BUCKET/PREFIX or file:///PATH"),
        ('remote.a.url = "file://host/x"', "must be s3://BUCKET/PREFIX or file:///PATH"),
        ('remote.a.endpoint_url = "http://key:secret@b"', "holds credentials"),
        ('remote.a.endpoint_url = "ftp://b"', "must be http://HOST:PORT"),
        ('remote.a.endpoint_url = "b:9000"', "must be http://HOST:PORT"),
        ('remote."/etc/x".url = "s3://b"', "cannot be the name of a remote"),
        ('rebuild.pass_env = "A"', "must be a list of texts"),
        ("rebuild.pass_env = [1]", "must be a list of texts"),
        ("[dataset]\nx = 1", "with two brackets"),
        ("dataset = [1]", "with two brackets"),
        ("[[dataset]]\n", "dataset 1 has no match"),
        ('[[dataset]]\nmatch = "a"\npolicy = "strict"', "policy must be one of exact, table, unordered"),
        ('[[dataset]]\nmatch = "a"\ntolerance = -1', "tolerance must be a number of at least 0"),
        ('[[dataset]]\nmatch = "a"\ntolerance = nan', "tolerance must be a number of at least 0"),
        ('[[dataset]]\nmatch = "a"\nschema = "x"', "schema must be a table"),
        ('[[dataset]]\nmatch = "a"\nkey = [1]', "key must be a list of column names"),
    ],
)
def test_garbage_names_file_and_key(text: str, said: str) -> None:
    with pytest.raises(BadConfig) as found:
        parse(shared=text)
    assert said in found.value.message


def test_text_that_is_not_utf8(tmp_path: Path) -> None:
    (tmp_path / "dsv.toml").write_bytes(b'x = "\xff"')
    with pytest.raises(BadConfig, match=r"dsv\.toml is not UTF-8"):
        load(tmp_path)


@given(st.text(alphabet='a=["]\n#{}.1 \\', max_size=30))
def test_any_text_is_read_or_refused(text: str) -> None:
    with suppress(BadConfig):
        assert isinstance(parse(shared=text, local=text), Config)


def test_comments_alone_need_no_parser() -> None:
    assert read_toml("# one\n\n   # two\n", "x") == {}


def test_every_key_finds_itself() -> None:
    for key in KEYS:
        assert find_key(key.pattern.replace("NAME", "origin")) is key
    assert find_key("remote..url") is None
    assert find_key("remote.a") is None


def test_how_a_bucket_is_spoken_to() -> None:
    config = parse(
        shared="""
        [remote.origin]
        url = "s3://b/p"
        checksum = "when_required"
        addressing = "path"
        ca_bundle = "/etc/ca.pem"
        timeout = 5
        retries = 0
        concurrency = 3
        """
    )
    assert config.remotes["origin"] == Remote(
        "origin",
        "s3://b/p",
        checksum="when_required",
        addressing="path",
        ca_bundle="/etc/ca.pem",
        timeout=5,
        retries=0,
        concurrency=3,
    )


@pytest.mark.parametrize(
    ("setting", "wanted"),
    [
        ('checksum = "never"', "when_supported or when_required"),
        ('addressing = "other"', "path or virtual"),
        ("timeout = 0", "an integer of at least 1"),
        ("retries = true", "an integer of at least 0"),
        ("concurrency = 1.5", "an integer of at least 1"),
    ],
)
def test_settings_of_a_bucket_that_cannot_be(setting: str, wanted: str) -> None:
    with pytest.raises(BadConfig, match=f"remote.origin.{setting.split(maxsplit=1)[0]} must be {wanted}"):
        parse(shared=f'[remote.origin]\nurl = "s3://b"\n{setting}\n')
