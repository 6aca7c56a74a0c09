"""How scripts that dsv keeps as code are told, and data that is no dataset."""

import subprocess
import sys
from pathlib import Path

from tests.cli.face_fixtures import Face


def put(dsv: Face, files: dict[str, str]) -> None:
    for name, text in files.items():
        (dsv.folder / name).parent.mkdir(parents=True, exist_ok=True)
        (dsv.folder / name).write_text(text)


SCRIPT = "import lib.words\nopen('out.csv', 'w').write(open('raw.csv').read())\n"


def test_scripts_are_code_and_not_untracked(dsv: Face) -> None:
    put(dsv, {"a.py": SCRIPT, "lib/words.py": "", "lib/notes.txt": "x", "raw.csv": "1"})
    dsv.ok("run", "--", sys.executable, "a.py")
    found = dsv.json("status")
    assert (found["code"], found["untracked"]) == (["a.py", "lib/words.py"], ["lib/notes.txt"])
    (dsv.folder / "lib/notes.txt").unlink()
    dsv.ok("commit", "-m", "one")
    told = dsv.ok("status")
    assert "untracked" not in told
    assert "code, kept with the runs that read it:\n  a.py\n  lib/words.py\n" in told
    assert "nothing to commit" in told
    assert dsv("status", "--exit-code").code == 0
    assert "by a.py, lib/words.py, kept with the run" in dsv.ok("why", "out.csv")
    assert [one["path"] for one in dsv.json("why", "out.csv")["code"]] == ["a.py", "lib/words.py"]


def test_code_in_git_is_not_listed(dsv: Face) -> None:
    put(dsv, {"a.py": SCRIPT.replace("import lib.words\n", ""), "raw.csv": "1"})
    for words in (["init", "-q"], ["add", "a.py"]):
        subprocess.run(["git", *words], cwd=dsv.folder, check=True)
    dsv.ok("run", "--", sys.executable, "a.py")
    assert dsv.json("status")["code"] == []


def test_sources_that_are_no_datasets(dsv: Face, tmp_path: Path) -> None:
    far = tmp_path / "far.csv"
    far.write_text("1\n")
    put(
        dsv,
        {
            "cities.csv": "Oslo\n",
            "a.py": f"open('out.csv', 'w').write(open({str(far)!r}).read() + open('cities.csv').read())\n",
        },
    )
    for words in (["init", "-q"], ["add", "cities.csv", "a.py"]):
        subprocess.run(["git", *words], cwd=dsv.folder, check=True)
    dsv.ok("run", "-m", "one", "--", sys.executable, "a.py")
    nodes = dsv.json("lineage", "out.csv")["nodes"]
    if [one["witness"] for one in nodes if one["kind"] == "run"] != ["calls"]:
        return  # only that eye sees what is outside
    assert {(one["path"], one["where"]) for one in nodes if one["kind"] == "file"} == {
        (str(far), "outside"),
        ("cities.csv", "in git"),
    }
    told = dsv.ok("lineage", "out.csv")
    assert "made from no dataset" not in told
    assert f"from 2 raw sources:\n  cities.csv (in git)\n  outside {far}\n" in told
    assert f"from outside {far}" in dsv.ok("why", "out.csv")
    dsv.ok("lineage", "--format", "mermaid", "out.csv")
    assert dsv.json("status")["stale"] == []
    far.write_text("2\n")
    assert dsv.json("status")["stale"] == [{"path": "out.csv", "reason": f"outside {far} changed"}]
    subprocess.run(["git", "rm", "-q", "--cached", "cities.csv"], cwd=dsv.folder, check=True)
    dsv.ok("add", "cities.csv")
    found = dsv.json("lineage", "out.csv")
    assert [
        one["path"] for one in found["nodes"] if one["kind"] == "checkpoint" and one["path"] != "out.csv"
    ] == ["cities.csv"]
