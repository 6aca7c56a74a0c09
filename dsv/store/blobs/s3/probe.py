"""Trying on the real bucket whether it keeps the conditions of writes: not every server does.

A server that does not know them answers a conditional write with yes and overwrites.
"""

from dsv.store.blobs.base import Conditions
from dsv.store.blobs.s3.bucket_errors import RequestFailed
from dsv.store.blobs.s3.client import Client
from dsv.store.blobs.s3.upload import abort

_NEVER = '"00000000000000000000000000000000"'
"""An entity tag that no object has."""


def try_conditions(client: Client, key: str) -> Conditions:
    """Return which conditions a bucket keeps, by writing the object `key`, which nobody else uses.

    Raises:
        Failure: It cannot be written at all.
    """
    first = client.call("PutObject", key, Body=b"first")
    create_only = not _takes(client, key, b"second", IfNoneMatch="*")
    in_parts = not _takes_parts(client, key)
    swaps = not _takes(client, key, b"third", IfMatch=_NEVER)
    if create_only and in_parts and swaps:
        # Refusing everything is no condition kept either.
        swaps = _takes(client, key, b"fourth", IfMatch=first["ETag"])
        swaps = swaps and _takes(client, f"{key}-new", b"new", IfNoneMatch="*")
        client.call("DeleteObject", f"{key}-new")
    return Conditions(create_only, swaps, in_parts)


def _takes(client: Client, key: str, data: bytes, **condition: str) -> bool:
    """Return whether a server makes a conditional write; one that does not know the condition may refuse."""
    try:
        client.call("PutObject", key, Body=data, **condition)
    except RequestFailed as failure:
        if failure.refused or failure.answer.status in {400, 501}:
            return False
        raise
    return True


def _takes_parts(client: Client, key: str) -> bool:
    upload = client.call("CreateMultipartUpload", key)["UploadId"]
    part = client.call("UploadPart", key, UploadId=upload, PartNumber=1, Body=b"parts")
    parts = {"Parts": [{"PartNumber": 1, "ETag": part["ETag"]}]}
    try:
        client.call("CompleteMultipartUpload", key, UploadId=upload, MultipartUpload=parts, IfNoneMatch="*")
    except RequestFailed as failure:
        abort(client, key, upload)
        if failure.refused or failure.answer.status in {400, 501}:
            return False
        raise
    return True
