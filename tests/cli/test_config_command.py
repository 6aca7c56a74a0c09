from tests.cli.face_fixtures import Face


def test_set_show_and_unset(dsv: Face) -> None:
    assert dsv.json("config") == {"v": 1, "settings": []}
    dsv.ok("config", "user", "Ada")
    assert dsv.ok("config", "user") == "Ada\n"
    assert dsv.json("config", "user")["settings"] == [{"key": "user", "value": "Ada", "where": ".dsv/config"}]
    dsv.ok("config", "--unset", "user")
    assert dsv.fails("config", "user", code=3)["kind"] == "not-found"
    assert dsv.fails("config", "--unset", "user", code=3)["kind"] == "not-found"


def test_shared_settings_keep_their_comments(dsv: Face) -> None:
    path = dsv.folder / "dsv.toml"
    path.write_text("# ours\n[git]\nfollow = true # always\n", encoding="utf-8")
    dsv.ok("config", "--shared", "remote.origin.url", "s3://bucket/trips")
    dsv.ok("config", "--shared", "rebuild.pass_env", "A", "B")
    dsv.ok("config", "--shared", "git.follow", "off")
    text = path.read_text(encoding="utf-8")
    assert "# ours\n" in text
    assert "# always" in text
    assert [(one["key"], one["value"]) for one in dsv.json("config")["settings"]] == [
        ("git.follow", False),
        ("rebuild.pass_env", ["A", "B"]),
        ("remote.origin.url", "s3://bucket/trips"),
    ]
    dsv.ok("config", "--shared", "--unset", "remote.origin.url")
    assert "remote" not in path.read_text(encoding="utf-8")


def test_local_settings_win(dsv: Face) -> None:
    dsv.ok("config", "--shared", "git.follow", "true")
    dsv.ok("config", "git.follow", "false")
    assert dsv.ok("config", "git.follow") == "false\n"


def test_unknown_keys_are_refused_with_a_suggestion(dsv: Face) -> None:
    error = dsv.fails("config", "git.folow", "true", code=3)
    assert (error["kind"], error["hint"]) == ("bad-config", "did you mean git.follow?")
    assert "edited by hand" in dsv.fails("config", "dataset.policy", "exact", code=3)["message"]


def test_values_are_checked_before_they_are_written(dsv: Face) -> None:
    assert "true or false" in dsv.fails("config", "git.follow", "perhaps", code=3)["message"]
    dsv.fails("config", "--shared", "user", "Ada", code=3)
    dsv.fails("config", "remote.origin.url", "http://x", code=3)
    dsv.fails("config", "remote.origin.url", "s3://key:secret@bucket/x", code=3)
    assert "no url" in dsv.fails("config", "remote.origin.region", "eu", code=3)["message"]
    assert dsv.json("config")["settings"] == []


def test_contradicting_arguments(dsv: Face) -> None:
    dsv.fails("config", "--list", "user", code=2)
    dsv.fails("config", "--unset", code=2)
    dsv.fails("config", "--unset", "user", "Ada", code=2)


def test_garbage_names_the_file(dsv: Face) -> None:
    (dsv.folder / "dsv.toml").write_text("= what", encoding="utf-8")
    error = dsv.fails("status", code=3)
    assert error["kind"] == "bad-config"
    assert error["message"].startswith("dsv.toml is not valid TOML")


def test_keys_of_a_newer_dsv_are_kept_and_named(dsv: Face) -> None:
    (dsv.folder / "dsv.toml").write_text("[future]\nkey = 1\n", encoding="utf-8")
    done = dsv("status")
    assert done.code == 0
    assert "warning: unknown setting dsv.toml: future.key" in done.err
