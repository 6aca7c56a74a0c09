"""A real S3 server for the tests: SeaweedFS, on loopback, in a folder of its own.

with Weed(folder) as weed:
    weed.client.create_bucket(Bucket="some-bucket")
"""

import contextlib
import itertools
import json
import os
import secrets
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple, Self

from dsv.store.blobs.s3.settings import S3Settings

KEY, SECRET = "dsv-test-key", "dsv-test-secret"
READER_KEY, READER_SECRET = "dsv-reader-key", "dsv-reader-secret"

PATIENCE = 60.0
"""Seconds that it may take to start; it takes about two."""

_IDENTITIES = {
    "identities": [
        {
            "name": "writer",
            "credentials": [{"accessKey": KEY, "secretKey": SECRET}],
            "actions": ["Admin", "Read", "List", "Tagging", "Write"],
        },
        {
            "name": "reader",
            "credentials": [{"accessKey": READER_KEY, "secretKey": READER_SECRET}],
            "actions": ["Read", "List"],
        },
    ]
}

_GROWTH = "[master.volume_growth]\ncopy_1 = 1\n"
"""One volume a bucket, not seven: there are many buckets, and each is small."""

_PORTS = (
    "-master.port",
    "-master.port.grpc",
    "-volume.port",
    "-volume.port.grpc",
    "-filer.port",
    "-filer.port.grpc",
    "-s3.port",
    "-s3.port.grpc",
)

_numbers = itertools.count()


class Bucket(NamedTuple):
    """An empty bucket for one test.

    Attributes:
        name: What it is called.
        endpoint: Address of its server.
        server: The server itself.
    """

    name: str
    endpoint: str
    server: "Weed"

    def settings(self, **changes: Any) -> S3Settings:
        """Return settings for a store in it, with pauses that suit a test."""
        given = {"prefix": "team/data/", "endpoint_url": self.endpoint, "backoff": 0.001, "timeout": 20.0}
        return S3Settings(self.name, **{**given, **changes})

    def keys(self, prefix: str = "") -> dict[str, int]:
        """Return the keys with their sizes, as a client other than dsv sees them."""
        pages = self.server.client.get_paginator("list_objects_v2")
        found = pages.paginate(Bucket=self.name, Prefix=prefix)
        return {row["Key"]: row["Size"] for page in found for row in page.get("Contents", ())}


class Weed:
    """A running server; leaving the context ends it.

    Attributes:
        endpoint: Its address, `http://127.0.0.1:PORT`.
        environment: Variables that give a client the credentials of somebody who may do all.
    """

    def __init__(self, folder: Path) -> None:
        beside = Path(sys.executable).with_name("weed")
        program = str(beside) if beside.exists() else shutil.which("weed") or "weed"
        ports = dict(zip(_PORTS, _free_ports(len(_PORTS)), strict=True))
        self.port = ports["-s3.port"]
        self.endpoint = f"http://127.0.0.1:{self.port}"
        self.environment = environment(KEY, SECRET)
        identities = folder / "identities.json"
        identities.write_text(json.dumps(_IDENTITIES))
        (folder / "master.toml").write_text(_GROWTH)
        data = folder / "data"
        data.mkdir()
        self._log = folder / "weed.log"
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                [
                    program,
                    "server",
                    f"-dir={data}",
                    "-ip=127.0.0.1",
                    "-ip.bind=127.0.0.1",
                    "-master.volumeSizeLimitMB=128",
                    "-volume.max=2000",
                    "-s3",
                    f"-s3.config={identities}",
                    "-s3.port.iceberg=0",
                    "-s3.port.lance=0",
                    *(f"{option}={port}" for option, port in ports.items()),
                ],
                stdout=log,
                stderr=subprocess.STDOUT,
                stdin=subprocess.DEVNULL,
                cwd=folder,
                env={"HOME": str(folder), "PATH": os.environ.get("PATH", "")},
            )
        try:
            self._wait()
        except BaseException:
            self.close()
            raise

    def _wait(self) -> None:
        """Return when an object can be written; it answers long before that."""
        end = time.monotonic() + PATIENCE
        why: object = None
        while time.monotonic() < end and self._process.poll() is None:
            try:
                with urllib.request.urlopen(f"{self.endpoint}/healthz", timeout=1):
                    self._try_writing()
                    return
            except (OSError, urllib.error.URLError) as error:
                why = error
                time.sleep(0.05)
        tail = self._log.read_text(errors="replace")[-4000:]
        raise RuntimeError(f"weed (exit code {self._process.poll()}) does not serve: {why}\n{tail}")

    def _try_writing(self) -> None:
        from botocore.exceptions import BotoCoreError, ClientError

        client = self.client
        try:
            with contextlib.suppress(client.exceptions.BucketAlreadyOwnedByYou):
                client.create_bucket(Bucket="first-light")
            client.put_object(Bucket="first-light", Key="probe", Body=b"x")
        except (BotoCoreError, ClientError) as error:
            raise OSError(str(error)) from error

    @cached_property
    def client(self) -> Any:
        """A plain boto3 client of somebody who may do all."""
        import boto3
        from botocore.config import Config

        return boto3.session.Session(KEY, SECRET, region_name="us-east-1").client(
            "s3",
            endpoint_url=self.endpoint,
            config=Config(s3={"addressing_style": "path"}, retries={"total_max_attempts": 1}),
        )

    def new_bucket(self) -> "Bucket":
        """Create a bucket that no other test has."""
        name = f"bucket-{next(_numbers)}-{secrets.token_hex(4)}"
        self.client.create_bucket(Bucket=name)
        return Bucket(name, self.endpoint, self)

    def close(self) -> None:
        """End the server; nothing that it holds is worth the ten seconds of an orderly end."""
        self._process.kill()
        self._process.wait()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def environment(key: str, secret: str) -> Mapping[str, str]:
    """Return the variables from which a client takes these credentials, and nothing from files or the network."""
    return {
        "AWS_ACCESS_KEY_ID": key,
        "AWS_SECRET_ACCESS_KEY": secret,
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
    }


def _free_ports(number: int) -> list[int]:
    """Return ports that were free a moment ago."""
    sockets = [socket.socket() for _ in range(number)]
    try:
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        return [one.getsockname()[1] for one in sockets]
    finally:
        for one in sockets:
            one.close()
