"""Rebuilds one file of a bucket's default branch with plain boto3, following docs/format alone.

Nothing of dsv is imported. Credentials come from the environment.

    python stranger.py ENDPOINT BUCKET PREFIX PATH[:FILE] > FILE
"""

import json
import sys
from typing import Any

import boto3
import pyarrow as pa
import zstandard
from blake3 import blake3
from xxhash import xxh3_64_hexdigest, xxh3_64_intdigest

KINDS = {"commit": 16, "node": 17, "checkpoint": 18}


def canonical(record: Any) -> bytes:
    return json.dumps(record, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


class Store:
    def __init__(self, endpoint: str, bucket: str, prefix: str) -> None:
        self.client = boto3.client("s3", endpoint_url=endpoint)
        self.bucket, self.prefix = bucket, prefix
        self.refs = json.loads(self.get("refs"))
        check = self.refs.pop("check")
        assert self.refs["v"] == 1
        assert xxh3_64_hexdigest(canonical(self.refs)) == check
        assert "local" not in self.refs
        self.objects: dict[str, Any] = {}
        for name, rows, size, _ in self.refs["indexes"]:
            self.read_index(name, rows, size)

    def get(self, name: str, **part: str) -> bytes:
        answer = self.client.get_object(Bucket=self.bucket, Key=f"{self.prefix}/{name}", **part)
        data: bytes = answer["Body"].read()
        return data

    def read_index(self, name: str, rows: int, size: int) -> None:
        data = self.get(f"index/{name}.arrow")
        assert (blake3(data).hexdigest(), len(data)) == (name, size)
        table = pa.ipc.open_file(data).read_all()
        assert table.schema.metadata[b"dsv.index"] == b"1"
        assert table.num_rows == rows
        names = table.schema.metadata[b"dsv.packs"].decode()
        for row in table.to_pylist():
            row["pack"] = names[row["pack"] * 64 :][:64]
            self.objects[row["id"].hex()] = row

    def read(self, oid: str) -> bytes:
        row = self.objects[oid]
        if not row["stored"]:
            return b""
        part = f"bytes={row['offset']}-{row['offset'] + row['stored'] - 1}"
        data = self.get(f"packs/{row['pack'][:2]}/{row['pack']}.pack", Range=part)
        assert xxh3_64_intdigest(data) == row["checksum"]
        if row["codec"] == 1:
            data = bytes(zstandard.ZstdDecompressor().decompress(data))
        assert len(data) == row["raw"]
        return data

    def record(self, kind: str, oid: str) -> Any:
        assert self.objects[oid]["kind"] == KINDS[kind]
        data = self.read(oid)
        assert blake3(data, derive_key_context=f"dsv 2026-11 {kind} v1").hexdigest() == oid
        return json.loads(data)

    def find(self, oid: str, name: str) -> Any:
        node = self.record("node", oid)
        while "pages" in node:
            node = self.record("node", next(p[2] for p in node["pages"] if name.encode() <= p[0].encode()))
        return next(target for found, _, target in node["entries"] if found == name)

    def content(self, oid: str) -> bytes:
        if self.objects[oid]["kind"] == 1:
            return self.read(oid)
        return b"".join(self.content(part) for part, _ in json.loads(self.read(oid))["parts"])


def main(endpoint: str, bucket: str, prefix: str, wanted: str) -> None:
    store = Store(endpoint, bucket, prefix)
    path, _, file = wanted.partition(":")
    commit = store.record("commit", store.refs["branches"][store.refs["default"]])
    oid = store.record("checkpoint", store.find(commit["snapshot"], path))["content"]
    for name in filter(None, file.split("/")):
        oid = store.find(oid, name)
    data = store.content(oid)
    assert blake3(data).hexdigest() == oid
    sys.stdout.buffer.write(data)


if __name__ == "__main__":
    main(*sys.argv[1:])
