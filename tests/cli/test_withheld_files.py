"""Files with secrets in them are withheld from the records of runs, told at once, and allowed by the user alone."""

import json
import sys
from pathlib import Path

import pytest

from tests.cli.face_fixtures import Face
from tests.cli.store_search import everything

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="capturing needs Linux")

PLANT = "pL4nt0815Xq9Zr7T"
KEY = "MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQC7VJTUt9Us8cKj"
PEM = f"-----BEGIN PRIVATE KEY-----\n{KEY}\n{KEY}{PLANT}\n-----END PRIVATE KEY-----\n"
FILES = {
    "prod.env": f"PASSWORD={PLANT}\n",
    ".npmrc": f"//registry.npmjs.org/:_authToken={PLANT}\n",
    ".pgpass": f"h:5432:db:ada:{PLANT}\n",
    ".docker/config.json": f'{{"auths": {{"r": {{"auth": "{PLANT}"}}}}}}',
    "service-account.json": json.dumps({"private_key": PEM}),
    "gcp/robot.json": json.dumps({"private_key": PEM}),
    "secrets.yaml": f"x: {PLANT}\n",
    "terraform.tfvars": f'x = "{PLANT}"\n',
    "store.p12": f"\0{PLANT}",
    ".vault-token": f"{PLANT}\n",
    "kubeconfig": f"token: {PLANT}\n",
    "deploy/settings.yaml": f"db_password: {PLANT}\n",
    "ours.txt": PEM,
    "hosts": f"machine h login ada password {PLANT}\n",
    "job.toml": f'url = "https://ada:{PLANT}@h.example.org/x"\n',
}
FINE = {
    "ids.txt": "\n".join(f"{number:040x}" for number in range(1000, 1100)),
    "vocab.json": json.dumps({"password": 4711, "token": 4712}),
    "tokens.txt": "the\npassword\ntoken\n",
    "config.yaml": "max_tokens: 512\ntoken_type: bert\n",
    "uv.lock": '[[package]]\nname = "keyring"\nversion = "25.0"\n',
}


def write(folder: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)


def reading(names: list[str] | dict[str, str]) -> str:
    return f"cat {' '.join(names)} > /dev/null; echo a > out.csv; echo 1 >> out.csv"


def test_no_planted_secret_is_stored_whatever_file_it_is_in(dsv: Face) -> None:
    write(dsv.folder, FILES | FINE)
    document = dsv("run", "--json", "--", "sh", "-c", reading(FILES | FINE)).document
    assert document["withheld"] == sorted(FILES)
    assert sorted([*document["code"], *(one["path"] for one in document["inputs"])]) == sorted(FINE)
    assert PLANT.encode() not in everything(dsv.folder)
    assert "ours.txt seems to hold a private key in line 1" in document["notes"]
    assert "deploy/settings.yaml seems to hold a value for db_password in line 1" in document["notes"]


def test_the_command_that_is_hinted_at_has_the_file_recorded(dsv: Face) -> None:
    write(dsv.folder, {"sub/local.yaml": f"test_password: {PLANT}\n"})
    command = ("run", "--", "sh", "-c", reading(["sub/local.yaml"]))
    told = dsv(*command).err
    assert "withheld sub/local.yaml" in told
    assert "without sub/local.yaml, what was made cannot be rebuilt elsewhere" in told
    hint = "dsv config secrets allow sub/local.yaml"
    assert hint in told
    dsv.ok(*hint.split()[1:])
    assert dsv("config", "secrets", "list").out == "sub/local.yaml\n"
    document = dsv("run", "--json", *command[1:]).document
    assert document["withheld"] == []
    assert document["code"] == ["sub/local.yaml"]
    dsv.ok("config", "secrets", "remove", "sub/local.yaml")
    assert dsv("config", "secrets").out == ""
    assert dsv("run", "--json", *command[1:]).document["withheld"] == ["sub/local.yaml"]


def test_a_folder_may_be_allowed(dsv: Face) -> None:
    write(dsv.folder, {"fixtures/a.env": "A=1\n", "fixtures/b/c.env": "A=1\n", "fixtures.env": "A=1\n"})
    dsv.ok("config", "secrets", "allow", "fixtures")
    names = ["fixtures/a.env", "fixtures/b/c.env", "fixtures.env"]
    document = dsv("run", "--json", "--", "sh", "-c", reading(names)).document
    assert document["withheld"] == ["fixtures.env"]


def test_what_is_shared_allows_nothing(dsv: Face) -> None:
    write(dsv.folder, {"prod.env": f"PASSWORD={PLANT}\n", "dsv.toml": '[secrets]\nallow = ["prod.env"]\n'})
    told = dsv("run", "--", "sh", "-c", reading(["prod.env"]))
    assert told.code == 3
    assert "local setting and cannot be shared" in told.err
    (dsv.folder / "dsv.toml").unlink()
    assert PLANT.encode() not in everything(dsv.folder)


def test_wrong_words(dsv: Face) -> None:
    write(dsv.folder, {"prod.env": "A=1\n"})
    dsv.fails("config", "secrets", "allow", code=2)
    dsv.fails("config", "secrets", "list", "prod.env", code=2)
    dsv.fails("config", "secrets", "permit", "prod.env", code=2)
    dsv.fails("config", "secrets", "allow", "none.env", code=3)
    dsv.fails("config", "secrets", "remove", "prod.env", code=3)


def test_a_declared_file_is_refused_with_a_hint_that_works(dsv: Face) -> None:
    write(dsv.folder, {"prod.env": "A=1\n"})
    told = dsv("run", "-i", "prod.env", "-o", "out.csv", "--", "sh", "-c", "echo 1 > out.csv")
    assert told.code == 3
    assert "dsv config secrets allow prod.env" in told.err
    dsv.ok("config", "secrets", "allow", "prod.env")
    dsv.ok("run", "-i", "prod.env", "-o", "out.csv", "--", "sh", "-c", "echo 1 > out.csv")


def test_a_folder_of_sources_leaves_a_secret_among_them_out(dsv: Face) -> None:
    files = {f"texts/{number}.txt": f"text {number}\n" for number in range(30)}
    write(dsv.folder, files | {"texts/key.txt": PEM})
    document = dsv("run", "--json", "--", "sh", "-c", reading([*files])).document
    assert PLANT.encode() not in everything(dsv.folder)
    assert len(document["inputs"]) == 30


def test_a_claim_keeps_no_secret_in_its_code(dsv: Face) -> None:
    write(dsv.folder, {"job.py": f'TOKEN = "ghp_{PLANT}{PLANT}abcd"\n', "out.csv": "a\n1\n"})
    dsv.ok("run", "--no-exec", "-o", "out.csv", "--", "python", "job.py")
    assert PLANT.encode() not in everything(dsv.folder)
