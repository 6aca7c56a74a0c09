"""A store in a bucket of Amazon S3 or of any server that speaks its language.

Importing this loads boto3 (0.3 s): it is imported where a bucket is used, never at start.
"""

from dsv.store.blobs.s3.s3_blobs import S3Blobs
from dsv.store.blobs.s3.settings import S3Settings, split_url

__all__ = ["S3Blobs", "S3Settings", "split_url"]
