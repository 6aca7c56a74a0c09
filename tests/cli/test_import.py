"""`dsv import`, from servers that are really there."""

import hashlib
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.face_fixtures import Face
from tests.cli.store_search import everything
from tests.remote.seaweedfs import Bucket
from tests.web_server import WebServer

DATA = b"id,name\n" + b"".join(b"%d,row\n" % number for number in range(40_000))


@pytest.fixture
def web(monkeypatch: pytest.MonkeyPatch) -> Iterator[WebServer]:
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    with WebServer() as running:
        running.files["/raw.csv"] = DATA
        running.etags["/raw.csv"] = '"v1"'
        yield running


def test_from_a_web_server(dsv: Face, web: WebServer) -> None:
    done = dsv.json("import", web.url("/raw.csv"), "data/raw.csv")
    assert (done["change"], done["size"], done["etag"]) == ("added", len(DATA), '"v1"')
    assert (dsv.folder / "data" / "raw.csv").read_bytes() == DATA
    dsv.ok("commit", "-m", "raw")
    assert web.url("/raw.csv") in dsv.ok("lineage", "data/raw.csv")
    assert dsv.json("status")["staged"] == []
    assert not list((dsv.folder / ".dsv" / "tmp").glob("import-*/*"))


def test_update_says_whether_the_source_changed(dsv: Face, web: WebServer) -> None:
    dsv.ok("import", web.url("/raw.csv"), "raw.csv")
    dsv.ok("commit", "-m", "raw")
    assert dsv.json("import", "--update", "raw.csv")["change"] == "unchanged"
    assert web.asked[-1].headers["If-None-Match"] == '"v1"'
    web.files["/raw.csv"], web.etags["/raw.csv"] = DATA + b"7,more\n", '"v2"'
    assert dsv.json("import", "--update", "raw.csv")["change"] == "modified"
    assert (dsv.folder / "raw.csv").read_bytes() == DATA + b"7,more\n"
    assert dsv.json("status")["staged"][0]["change"] == "modified"
    dsv.ok("undo")
    assert (dsv.folder / "raw.csv").read_bytes() == DATA


def test_same_bytes_under_another_etag_stage_nothing(dsv: Face, web: WebServer) -> None:
    dsv.ok("import", web.url("/raw.csv"), "raw.csv")
    dsv.ok("commit", "-m", "raw")
    web.etags["/raw.csv"] = '"v2"'
    assert dsv.json("import", "--update", "raw.csv")["change"] == "unchanged"
    assert dsv.json("status")["staged"] == []


def test_a_tracked_path_asks_for_update(dsv: Face, web: WebServer) -> None:
    dsv.ok("import", web.url("/raw.csv"), "raw.csv")
    assert (
        dsv.fails("import", web.url("/raw.csv"), "raw.csv", code=3)["hint"] == "dsv import --update raw.csv"
    )
    assert dsv.fails("import", web.url("/raw.csv"), "raw.csv/x", code=3)["kind"] == "refused"


def test_edits_are_never_overwritten(dsv: Face, web: WebServer) -> None:
    (dsv.folder / "raw.csv").write_text("mine\n")
    assert dsv.fails("import", web.url("/raw.csv"), "raw.csv", code=3)["kind"] == "in-the-way"
    (dsv.folder / "raw.csv").unlink()
    dsv.ok("import", web.url("/raw.csv"), "raw.csv")
    (dsv.folder / "raw.csv").write_text("mine\n")
    web.etags["/raw.csv"] = '"v2"'
    assert dsv.fails("import", "--update", "raw.csv", code=3)["kind"] == "in-the-way"
    assert (dsv.folder / "raw.csv").read_text() == "mine\n"


def test_a_sum_is_checked_before_anything_is_to_be_seen(dsv: Face, web: WebServer) -> None:
    wrong, right = "0" * 64, hashlib.sha256(DATA).hexdigest()
    error = dsv.fails("import", web.url("/raw.csv"), "raw.csv", "--sha256", wrong, code=3)
    assert right in error["message"]
    assert not (dsv.folder / "raw.csv").exists()
    assert dsv.json("status")["staged"] == []
    dsv.ok("import", web.url("/raw.csv"), "raw.csv", "--sha256", right.upper())
    dsv.fails("import", web.url("/raw.csv"), "x.csv", "--sha256", "beef", code=2)


def test_secrets_of_a_url_are_not_recorded(dsv: Face, web: WebServer) -> None:
    url = f"http://ada:pa55word@{web.host}/raw.csv?token=hunter2"
    done = dsv("import", url, "raw.csv")
    assert done.code == 0
    dsv.ok("commit", "-m", "raw")
    assert "/raw.csv?token=hunter2" in [asked.path for asked in web.asked]
    seen = everything(dsv.folder) + done.raw + done.err.encode() + dsv.ok("lineage", "raw.csv").encode()
    assert b"hunter2" not in seen
    assert b"pa55word" not in seen
    assert "without its secret part" in dsv.fails("import", "--update", "raw.csv", code=3)["message"]
    assert dsv.json("import", "--update", url, "raw.csv")["change"] == "unchanged"


def test_failures_leave_no_trace(dsv: Face, web: WebServer) -> None:
    assert "404" in dsv.fails("import", web.url("/nope"), "raw.csv", code=3)["message"]
    web.statuses["/raw.csv"] = [403, 403]
    assert "access denied" in dsv.fails("import", web.url("/raw.csv"), "raw.csv", code=3)["message"]
    with WebServer() as gone:
        url = gone.url("/x")
    assert "cannot connect" in dsv.fails("import", url, "raw.csv", code=5)["message"]
    dsv.fails("import", "gopher://x/y", "raw.csv", code=2)
    dsv.fails("import", "raw.csv", code=2)
    dsv.fails("import", "--update", "raw.csv", code=3)
    assert not (dsv.folder / "raw.csv").exists()
    assert dsv.json("status")["staged"] == []


def test_an_interrupted_import_goes_on(dsv: Face, web: WebServer) -> None:
    web.cut["/raw.csv"] = 200_000
    web.statuses["/raw.csv"] = []
    done = dsv.json("import", web.url("/raw.csv"), "raw.csv")
    assert done["size"] == len(DATA)
    assert any("Range" in asked.headers for asked in web.asked)


def test_from_this_machine(dsv: Face, tmp_path: Path) -> None:
    folder = tmp_path / "raw"
    (folder / "sub").mkdir(parents=True)
    (folder / "a.bin").write_bytes(b"a" * 1000)
    (folder / "run.sh").write_text("#!/bin/sh\n")
    (folder / "run.sh").chmod(0o755)
    (folder / "sub" / "link").symlink_to("../a.bin")
    assert dsv.json("import", str(folder), "images")["files"] == 2
    assert os.access(dsv.folder / "images" / "run.sh", os.X_OK)
    assert (dsv.folder / "images" / "sub" / "link").readlink() == Path("../a.bin")
    assert dsv.json("import", folder.as_uri(), "data/")["path"] == "data/raw"
    assert dsv.json("import", "--update", "images")["change"] == "unchanged"
    (folder / "sub" / "b").write_text("b")
    assert dsv.json("import", "--update", "images")["change"] == "modified"
    assert (dsv.folder / "images" / "sub" / "b").read_text() == "b"
    dsv.fails("import", str(tmp_path / "nope"), "x", code=3)
    assert "copied into itself" in dsv.fails("import", str(tmp_path), "x", code=3)["message"]


def test_the_home_folder_is_not_recorded(dsv: Face, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home = tmp_path / "home-of-ada"
    home.mkdir()
    (home / "x.csv").write_text("x\n1\n")
    monkeypatch.setenv("HOME", str(home))
    assert dsv.json("import", str(home / "x.csv"), "x.csv")["url"] == "file://~/x.csv"
    dsv.ok("commit", "-m", "x")
    assert b"home-of-ada" not in everything(dsv.folder)
    (home / "x.csv").write_text("x\n2\n")
    assert dsv.json("import", "--update", "x.csv")["change"] == "modified"


def test_what_was_dropped_comes_again(dsv: Face, web: WebServer) -> None:
    dsv.ok("import", web.url("/raw.csv"), "raw.csv")
    dsv.ok("commit", "-m", "raw")
    dsv.ok("drop", "raw.csv")
    dsv.ok("drop", "raw.csv@HEAD", "--force")
    assert not (dsv.folder / "raw.csv").exists()
    assert dsv.json("import", "--update", "raw.csv")["change"] == "unchanged"
    assert (dsv.folder / "raw.csv").read_bytes() == DATA
    dsv.ok("fsck")


def test_a_replay_that_lacks_it_says_what_brings_it(dsv: Face, web: WebServer) -> None:
    dsv.ok("import", web.url("/raw.csv"), "raw.csv")
    dsv.ok(
        "run", "-m", "copy", "-i", "raw.csv", "-o", "out.csv", "--", "sh", "-c", "head -9 raw.csv >out.csv"
    )
    dsv.ok("drop", "raw.csv")
    dsv.ok("drop", "raw.csv@HEAD", "--force")
    dsv.ok("gc", "--keep", "0")
    dsv.ok("gc", "--now")
    found = dsv.json("verify", "out.csv", "--level", "raw", code=1)["datasets"][0]
    assert "dsv import --update raw.csv, or dsv pull" in found["reason"]
    dsv.ok("import", "--update", "raw.csv")
    dsv.ok("verify", "out.csv", "--level", "raw")


def test_data_that_was_added_gets_an_address(dsv: Face, web: WebServer) -> None:
    (dsv.folder / "raw.csv").write_bytes(DATA)
    dsv.ok("add", "raw.csv")
    dsv.ok("commit", "-m", "raw")
    assert "was not imported" in dsv.fails("import", "--update", "raw.csv", code=3)["message"]
    assert dsv.json("import", "--update", web.url("/raw.csv"), "raw.csv")["change"] == "unchanged"
    dsv.ok("commit", "-m", "imported")
    assert web.url("/raw.csv") in dsv.ok("lineage", "raw.csv")


def test_what_a_run_made_is_not_imported(dsv: Face, web: WebServer) -> None:
    (dsv.folder / "in.csv").write_text("a\n1\n")
    dsv.ok("run", "-i", "in.csv", "-o", "out.csv", "--", "cp", "in.csv", "out.csv")
    assert "a run made" in dsv.fails("import", "--update", web.url("/raw.csv"), "out.csv", code=3)["message"]


def test_git_ignores_it(dsv: Face, web: WebServer) -> None:
    os.system(f"git init -q {dsv.folder}")
    dsv.ok("import", web.url("/raw.csv"), "raw.csv")
    assert "/raw.csv" in (dsv.folder / ".gitignore").read_text()


def test_from_a_bucket(dsv: Face, bucket: Bucket) -> None:
    client = bucket.server.client
    client.put_object(Bucket=bucket.name, Key="raw/a b.csv", Body=DATA)
    url, end = f"s3://{bucket.name}/raw/a b.csv", ("--endpoint-url", bucket.endpoint)
    done = dsv.json("import", url, "raw.csv", *end)
    assert (done["url"], done["change"], done["size"]) == (url, "added", len(DATA))
    assert done["modified"] > 0
    dsv.ok("commit", "-m", "raw")
    assert dsv.json("import", "--update", "raw.csv", *end)["change"] == "unchanged"
    client.put_object(Bucket=bucket.name, Key="raw/a b.csv", Body=DATA * 2)
    # A remote in the same bucket says how to reach what is recorded, and never what is typed.
    dsv.ok("remote", "add", "origin", f"s3://{bucket.name}/store", *end)
    assert dsv.json("import", "--update", "raw.csv")["change"] == "modified"
    assert (dsv.folder / "raw.csv").read_bytes() == DATA * 2
    assert "no object" in dsv.fails("import", f"s3://{bucket.name}/nope", "x", *end, code=3)["message"]
    assert "names no object" in dsv.fails("import", f"s3://{bucket.name}/raw/", "x", *end, code=2)["message"]
    assert "no such bucket" in dsv.fails("import", "s3://nowhere-at-all/x", "x", *end, code=3)["message"]


def test_a_folder_of_links_brings_what_they_lead_to(dsv: Face, tmp_path: Path) -> None:
    blobs, snapshot = tmp_path / "hub" / "blobs", tmp_path / "hub" / "snapshots" / "abc"
    blobs.mkdir(parents=True)
    (snapshot / "data").mkdir(parents=True)
    (blobs / "aaa").write_bytes(DATA)
    (blobs / "tool").write_text("#!/bin/sh\n")
    (blobs / "tool").chmod(0o755)
    (blobs / "more").mkdir()
    (blobs / "more" / "x.csv").write_text("a\n1\n")
    (snapshot / "config.json").symlink_to("../../blobs/aaa")
    (snapshot / "data" / "absolute").symlink_to(blobs / "tool")
    (snapshot / "data" / "inside").symlink_to("../config.json")
    (snapshot / "folder").symlink_to("../../blobs/more")
    (snapshot / "again").symlink_to("../../blobs/more")
    done = dsv.json("import", str(snapshot), "models/m")
    assert done["size"] == len(DATA) + 10 + 4 + 4
    here = dsv.folder / "models" / "m"
    assert not (here / "config.json").is_symlink()
    assert (here / "config.json").read_bytes() == DATA
    assert os.access(here / "data" / "absolute", os.X_OK)
    assert (here / "data" / "inside").readlink() == Path("../config.json")
    assert (here / "folder" / "x.csv").read_bytes() == (here / "again" / "x.csv").read_bytes() == b"a\n1\n"


def test_links_that_lead_nowhere_or_in_a_circle_are_refused(dsv: Face, tmp_path: Path) -> None:
    folder = tmp_path / "odd"
    folder.mkdir()
    (folder / "lost").symlink_to("../nowhere")
    assert "which is not there" in dsv.fails("import", str(folder), "odd", code=3)["message"]
    (folder / "lost").unlink()
    (folder / "up").symlink_to("..")
    assert "without an end" in dsv.fails("import", str(folder), "odd", code=3)["message"]
    assert not (dsv.folder / "odd").exists()
