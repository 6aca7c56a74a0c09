"""The bytes and ids of records are what they were when their versions were made."""

import json
from dataclasses import replace

import pytest

from dsv.hashing import Kind, file_id, object_id
from dsv.ids import ObjectId
from dsv.model import canonical, node
from dsv.model.attempt import CALLS, CAPTURED, CLAIMED, Attempt, GitState
from dsv.model.checkpoint import Checkpoint
from dsv.model.code_list import Code, CodeFile
from dsv.model.commit import Commit
from dsv.model.environment import Environment, InstalledProgram, Package, PackageLock
from dsv.model.listing import Listing, Name
from dsv.model.node import DIR, EXEC, FILE, LINK, Entry, Leaf, Page, Pages
from dsv.model.origin import Fetched, Source
from dsv.model.recipe import FilePart, Recipe
from dsv.model.run import Input, Led, Listed, Output, Outside, Run
from dsv.store.operation_log import OpEntry, hash_of
from dsv.store.refs import IndexRef, Local, Moving, Refs

A, B, C = (ObjectId(letter * 64) for letter in "abc")

RUN = Run(
    argv=("python", "clean.py", "--drop={drop}", "***"),
    inputs=(
        Input("data/raw", Checkpoint(A, DIR, 9, 2, None, B)),
        Input("é.csv", Checkpoint(C, FILE, 3, 1, A, C)),
    ),
    outputs=(Output("a.csv", A, FILE, 3, 1, C, B, 1), Output("b.bin", B, EXEC, 0, 1)),
    code=B,
    environment=C,
    name="clean",
    cwd="steps",
    params={"drop": "5"},
    variables={"API_TOKEN": None, "REGION": "north"},
    masked=True,
    version=1,
)
RUN_2 = replace(
    RUN,
    listings=(Listed("", A), Listed("data/é", B)),
    absent=("conf/local.yml", "local_settings.py"),
    outside=(Outside("/data/x.csv", C, 12), Outside("~/y.csv", A, 0)),
    links=(Led("big", "/data"), Led("current.csv", "v/2.csv")),
    in_git=("labels.csv",),
    surroundings={"LC_ALL": "C.UTF-8", "TZ": "Europe/Paris"},
    stdin=C,
    version=2,
)
ATTEMPT = Attempt(
    run=A,
    capture=CAPTURED,
    started=1_700_000_000,
    milliseconds=1_234,
    exit_code=0,
    git=GitState("https://example.org/x.git", "c" * 40, ("a.py", "new/")),
    blind_spots=("files with a second name (hard links): x",),
    withheld=(".env",),
    imported=("numpy", "pandas"),
    version=1,
)
ATTEMPT_2 = replace(
    ATTEMPT,
    witness=CALLS,
    interpreter="~/venv/bin/python",
    found=((".git", DIR), ("conf", DIR), ("conf/base.yml", f"{FILE}:17"), ("now", f"{LINK}:conf")),
    contacts=("tcp 10.0.0.1:443",),
    order=("raw.csv", "clean.py"),
    state=(".cache", "a/.user.yml"),
    version=2,
)
LISTING = Listing((Name("a", DIR), Name("b.csv", FILE), Name("é", LINK)))
ENVIRONMENT = Environment(
    {
        "implementation": "CPython",
        "libc": "glibc 2.39",
        "machine": "x86_64",
        "system": "Linux",
        "version": "3.11.7",
    },
    (
        Package("numpy", "2.4.6", None),
        Package("own", "1", "local"),
        Package("x", "1", "https://example.org/x@abc"),
    ),
    PackageLock("uv.lock", A),
    (InstalledProgram("sh", None), InstalledProgram("sort", "sort (GNU coreutils) 9.4")),
)

RECORDS: dict[str, tuple[Kind, bytes]] = {
    "commit": (Kind.COMMIT, Commit(A, (B, C), "Ada <ada@x>", 'why "é"\n', 1_700_000_000, -90).encode()),
    "first commit": (Kind.COMMIT, Commit(A, (), "", "m", 0, 0).encode()),
    "file": (Kind.CHECKPOINT, Checkpoint(A, FILE, 3, 1, None, B).encode()),
    "folder": (Kind.CHECKPOINT, Checkpoint(A, DIR, 2**53, 7, C, B).encode()),
    "source": (Kind.SOURCE, Source("data/é.csv").encode()),
    "edited": (Kind.SOURCE, Source("data", A, (B, C)).encode()),
    "fetched": (
        Kind.SOURCE,
        Source("a.csv", fetched=Fetched("https://example.org/a.csv", '"e"', 3, 1_700_000_000)).encode(),
    ),
    "fetched, untold": (Kind.SOURCE, Source("a", fetched=Fetched("s3://b/a", None, 0, None)).encode()),
    "run": (Kind.RUN, RUN.encode()),
    "small run": (Kind.RUN, Run(("true",), (), (Output("a", A, DIR, 0, 0),), B, C, version=1).encode()),
    "run, version 2": (Kind.RUN, RUN_2.encode()),
    "small run, version 2": (Kind.RUN, Run(("true",), (), (Output("a", A, DIR, 0, 0),), B, C).encode()),
    "attempt": (Kind.ATTEMPT, ATTEMPT.encode()),
    "claim": (Kind.ATTEMPT, Attempt(A, CLAIMED, 0, 0, 0, version=1).encode()),
    "attempt, version 2": (Kind.ATTEMPT, ATTEMPT_2.encode()),
    "claim, version 2": (Kind.ATTEMPT, Attempt(A, CLAIMED, 0, 0, 0).encode()),
    "listing": (Kind.LISTING, LISTING.encode()),
    "empty listing": (Kind.LISTING, Listing().encode()),
    "code": (Kind.CODE, Code((CodeFile("a.py", FILE, A), CodeFile("run.sh", EXEC, B))).encode()),
    "environment": (Kind.ENVIRONMENT, ENVIRONMENT.encode()),
    "no Python": (Kind.ENVIRONMENT, Environment({}).encode()),
    "recipe": (Kind.RECIPE, Recipe((FilePart(A, 1), FilePart(B, 2**31))).encode()),
    "empty node": (Kind.NODE, node.encode(Leaf(()))),
    "node": (
        Kind.NODE,
        node.encode(
            Leaf((Entry("a", FILE, A), Entry("b", EXEC, B), Entry("c", DIR, C), Entry("é", LINK, "../x")))
        ),
    ),
    "pages": (Kind.NODE, node.encode(Pages(1, (Page("m", 4000, A), Page("z", 97, B))))),
}

IDS = {
    "commit": "bb1b9dd0996f6bc52965506b2f783d5808dd153d19b113f95cf6dec7df61d95e",
    "first commit": "3d0bf1fb9abe7949dc91dfec597c954c0422cf6a4d3c10bd7f3c22dcd0662661",
    "file": "713e4706962d81d92b2c2c99d09d3ec67319c206e5fc29b50dd7f5fe4600278a",
    "folder": "1fc36bb55bff1f2a97e21e805324e899f8f32c3ee154d37c4ae21c3b2efaa2c6",
    "source": "b8444590720d61d0982a267b6941710fb497da597e1d2e7cb5764192290a80c9",
    "edited": "0f03939821d9ca8d3deeec19a0504cc7675de9a195bfac349cdf950dfc3e0967",
    "fetched": "28b962caf082206ba21d55baabebc8c60fcdcbd21ff60739c751fc7c764516dd",
    "fetched, untold": "7c9f5491fce8f5905a165694a3801bee32f27b8b03a34df9b851ce816bb39fc1",
    "run": "49f1f47d98a171b5b550b115921de0f4ec21ac5ead820c38279637fcf30488bb",
    "small run": "040cff5bbb7505f7afecb0e2633619ff1114df851bd0661ceede30030ff6fa4d",
    "attempt": "06b76dc2bcc0413db7b600c5f0de3953bb0a6ca2c10d6cb808d410945ffc46bb",
    "claim": "50da42243b327e9eecf446e68abaaefb50df25041ad56b213460dd38b64809f7",
    "run, version 2": "19dd5cf0f220df7bb4e1824b06cc2045e0882ceea36430158e748d85cb3fe373",
    "small run, version 2": "80e1a9dc7a8e3b5288bffb8360947b2cdc7d8046694b6c8a9fca55b66175bb9a",
    "attempt, version 2": "05376c914410083f50a7b43bd16e533d587680e9308183245455724b7c1235da",
    "claim, version 2": "eed149cc1b3e35b23f0d79f17c99a9e4c884e6ec99db2f3fbe907101489695f2",
    "listing": "dac75b729c54f5162a34d2593b7de2a31ab7be1307d44b13418536e9414b9c9c",
    "empty listing": "2efd1a756c1626cb30a6e53e25cd8482e9971f1d434f97f7b122a63aa45d89d9",
    "code": "6cb4378cde5fe6cf42525f4133db74eb8548a8abfab256cbb48eb13465c9f5a3",
    "environment": "c3115d372cc6cdf464b8f701db9878f32c662c62626bd332ad5d74e291a5bfec",
    "no Python": "684b9eb89c257c8de37a544cb07495f43e3b062eab3f31d9e4fcc28a1f51e69e",
    "recipe": "ac87c725c63d2b2f479a7ba02a3979daf991bd8130c84b378ed0fedecc4f005d",
    "empty node": "f23d754b74199ebdf950a93b1a9368bb20144eeec2fdbaac295c085d8bc97b01",
    "node": "7efbb7afe3e64130e788b4a09bbce69c4b7272f3c5f9431dae2e65e05989db90",
    "pages": "ab1b4cbed035a142a6023ae70c0bf67229d6bfb8918e37daa9938e84c1fa5fa2",
    "refs": "6ca1071eaf50e9bb5b0b5df8eaad1702990e029d58f52a9cb2f566210a97dfd9",
    "oplog": "2ec8be4b7f9462737feaa56fa43a578e371a7c79d9a27dbe4c1ae4b26670e8d6",
}

LOCAL = Local(
    branch="main",
    staged=A,
    present=B,
    moving=Moving(A, None, B),
    remotes={"origin/main": C},
    oplog=(3, "d" * 64),
    git_branch="main",
    lock_due=True,
    dropped=(A,),
)
REFS = Refs(
    {"main": A}, {"v1": B}, (IndexRef(C, 5, 4096, data=True),), {A: 7}, ("w1", "w2"), "main", 4, LOCAL
)


def test_contexts_are_as_the_format_says() -> None:
    from blake3 import blake3

    for kind in Kind:
        if kind is not Kind.SEGMENT:
            context = f"dsv 2026-11 {kind.name.lower()} v1"
            assert object_id(kind, b"x") == blake3(b"x", derive_key_context=context).hexdigest()
    assert object_id(Kind.SEGMENT, b"x") == file_id(b"x") == blake3(b"x").hexdigest()


@pytest.mark.parametrize("name", RECORDS)
def test_ids(name: str) -> None:
    kind, data = RECORDS[name]
    assert canonical.encode(canonical.decode(data, what=name, version=2)) == data
    assert object_id(kind, data) == IDS[name]


def test_the_bytes_of_a_commit() -> None:
    assert (
        RECORDS["commit"][1]
        == (
            '{"author":"Ada <ada@x>","message":"why \\"é\\"\\n",'
            f'"parents":["{B}","{C}"],"snapshot":"{A}","time":[1700000000,-90],"v":1}}'
        ).encode()
    )


def test_the_bytes_of_a_node() -> None:
    assert (
        RECORDS["node"][1]
        == (
            f'{{"entries":[["a","file","{A}"],["b","exec","{B}"],["c","dir","{C}"],["é","link","../x"]],"v":1}}'
        ).encode()
    )


def test_the_bytes_of_lineage_records() -> None:
    assert (
        RECORDS["small run"][1]
        == (
            f'{{"argv":["true"],"code":"{B}","cwd":"","environment":"{C}","inputs":[],"masked":false,"name":null,'
            f'"outputs":[{{"content":"{A}","digest":null,"files":0,"kind":"dir","path":"a","schema":null,"size":0,'
            '"table":null}],"params":{},"v":1,"variables":{}}'
        ).encode()
    )
    assert (
        RECORDS["claim"][1]
        == (
            '{"blind_spots":[],"capture":"claimed","exit_code":0,"git":null,"imported":null,"milliseconds":0,'
            f'"run":"{A}","started":0,"v":1,"withheld":[]}}'
        ).encode()
    )
    assert RECORDS["code"][1] == f'{{"files":[["a.py","file","{A}"],["run.sh","exec","{B}"]],"v":1}}'.encode()
    assert RECORDS["no Python"][1] == b'{"lock":null,"packages":[],"programs":[],"python":{},"v":1}'


def test_lineage_records_are_read_as_they_were_written() -> None:
    for run in (RUN, RUN_2):
        assert Run.decode(run.encode(), "run") == run
    for attempt in (ATTEMPT, ATTEMPT_2):
        assert Attempt.decode(attempt.encode(), "attempt") == attempt
    assert Listing.decode(LISTING.encode(), "listing") == LISTING
    assert Environment.decode(ENVIRONMENT.encode(), "environment") == ENVIRONMENT


def test_refs() -> None:
    data = REFS.encode()
    assert Refs.decode(data) == REFS
    assert file_id(data) == IDS["refs"], json.loads(data)


def test_an_entry_of_the_oplog() -> None:
    entry = OpEntry(
        2, "e" * 64, 1, 60, "commit", {"branches/main": (None, A), "head": ("x", None)}, tree=True, kept=A
    )
    assert OpEntry.decode(entry.encode()) == entry
    assert hash_of(entry.encode()) == IDS["oplog"]
