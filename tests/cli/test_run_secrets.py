"""Nothing secret, and nothing of the user's home, is ever in a store."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.face_fixtures import Face
from tests.cli.store_search import everything
from tests.real_git import git

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="capturing needs Linux")

PLANTS = {
    "dot-env": "plantA-dotenv-4711",
    "argv": "plantB-argv-4712",
    "argv pair": "plantC-pair-4713",
    "url user": "plantD-urluser-4714",
    "url query": "plantE-urlquery-4715",
    "variable": "plantF-variable-4716",
    "diff": "plantG-diff-4717",
    "pip": "plantH-pip-4718",
    "remote": "plantI-remote-4719",
    "environment": "plantJ-environment-4720",
    "named value": "plantK-plainname-4721",
    "parameter": "plantL-parameter-4722",
    "shell": "plantM-shell-4723",
    "pem": "plantN-pem-4724",
    "url variable": "plantO-urlvariable-4725",
    "printed": "plantP-printed-4726",
}


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "home-of-ada"
    (folder / "work").mkdir(parents=True)
    monkeypatch.setenv("HOME", str(folder))
    monkeypatch.setenv("DSV_AUTHOR", "Ada")
    return folder


@pytest.fixture
def venv(home: Path) -> Path:
    """A virtual environment in the home folder, with a package from a URL that has a password."""
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", home / "env"], check=True)
    (site,) = (home / "env" / "lib").glob("python*/site-packages")
    info = site / "secretive-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: secretive\nVersion: 1.0\n")
    (info / "RECORD").write_text("secretive.py,,\n")
    (info / "direct_url.json").write_text(
        f'{{"url": "https://user:{PLANTS["pip"]}@example.org/secretive.git",'
        f' "vcs_info": {{"vcs": "git", "commit_id": "abc"}}}}'
    )
    (site / "secretive.py").write_text("")
    return home / "env" / "bin" / "python"


def test_secrets_are_nowhere(home: Path, venv: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    work = home / "work"
    dsv = Face(work, monkeypatch)
    git(work, "init", "-q", "-b", "main")
    (work / "config.yaml").write_text("x: 1\n")
    git(work, "add", "config.yaml")
    git(work, "commit", "-qm", "one")
    git(work, "remote", "add", "origin", f"https://ada:{PLANTS['remote']}@example.org/x.git")
    (work / "config.yaml").write_text(f"password: {PLANTS['diff']}\n")  # never read, and uncommitted
    (work / ".env").write_text(f"TOKEN={PLANTS['dot-env']}\n")
    (work / "server.pem").write_text(PLANTS["pem"])
    (work / "raw.csv").write_text("a,b\n1,2\n3,4\n")
    (work / "job.py").write_text(
        "import secretive, os, sys\n"
        "open('.env').read(); open('server.pem').read()\n"
        "print('the token is', sys.argv[2], os.environ['SERVICE_TOKEN'], os.environ['HIDDEN_SECRET'])\n"
        "open('out.csv', 'w').write(open(os.environ['HOME'] + '/work/raw.csv').read())\n"
    )
    monkeypatch.setenv("SERVICE_TOKEN", PLANTS["variable"])
    monkeypatch.setenv("DATABASE", f"postgres://ada:{PLANTS['url variable']}@example.org/db")
    monkeypatch.setenv("HIDDEN_SECRET", PLANTS["environment"])
    monkeypatch.setenv("UNDECLARED", PLANTS["named value"])
    dsv.ok("init")
    document = dsv(
        "run", "--json", "--env", "SERVICE_TOKEN", "--env", "DATABASE", "-p", f"api_key={PLANTS['parameter']}",
        "-m", "one", "--", str(venv), str(work / "job.py"), "--token", PLANTS["argv"],
        f"--api-key={PLANTS['argv pair']}", f"https://ada:{PLANTS['url user']}@example.org/a?sig={PLANTS['url query']}",
        str(home / "elsewhere" / "x.csv"), "{api_key}",
    ).document  # fmt: skip
    assert document["argv"] == [
        "python", "job.py", "--token", "***", "--api-key=***", "https://***@example.org/a?***",
        "~/elsewhere/x.csv", "{api_key}",
    ]  # fmt: skip
    assert document["masked"]
    assert document["withheld"] == [".env", "server.pem"]
    shell = f"true; SECRET_X={PLANTS['shell']} cat {work}/raw.csv > other.csv; cat {home}/none || true"
    assert dsv("run", "--json", "--", "sh", "-c", shell).document["argv"][2] == (
        "true; SECRET_X=*** cat raw.csv > other.csv; cat ~/none || true"
    )
    failed = f"echo {PLANTS['printed']} $HOME $HIDDEN_SECRET; exit 1"
    assert dsv("run", "--", "sh", "-c", failed, "--password", PLANTS["printed"]).code == 1
    found = everything(work)
    assert b'"name":"secretive"' in found
    assert b"https://***@example.org/secretive.git@abc" in found
    assert b"https://example.org/x.git" in found
    for name, plant in PLANTS.items():
        assert plant.encode() not in found, name
    assert os.fsencode(home) not in found
