"""`dsv import`."""

from typing import TYPE_CHECKING

import click

from dsv.cli import complete
from dsv.cli.command import verb
from dsv.cli.context import Context
from dsv.errors import UsageFault
from dsv.render import import_ as render

if TYPE_CHECKING:
    from dsv.imports.address import Address
    from dsv.imports.fetched import ImportMeans
    from dsv.store.blobs.s3 import S3Settings


@verb(
    examples={
        "dsv import https://example.org/trips.parquet data/trips.parquet": "From a web server:",
        "dsv import s3://bucket/raw/trips.csv data/trips.csv": "From a bucket, as the AWS tools would read it:",
        "dsv import /mnt/lab/images data/images --sha256 SUM": "From this machine, if its sum is right:",
        "dsv import --update data/trips.parquet": "Fetch again what changed at its source:",
    },
    shape=render.SHAPE,
    exits={0: "done, whether or not the source changed"},
)
@click.argument("words", metavar="[URL] PATH", nargs=-1, required=True, shell_complete=complete.datasets)
@click.option("--update", is_flag=True, help="Fetch a tracked dataset again, from where it was imported.")
@click.option("--sha256", metavar="HEX", help="Import it only if it has this SHA-256 sum.")
@click.option("--endpoint-url", metavar="URL", help="Address of an S3 server other than Amazon's.")
@click.option("--region", help="Region of the bucket.")
def command(
    context: Context,
    words: tuple[str, ...],
    *,
    update: bool,
    sha256: str | None,
    endpoint_url: str | None,
    region: str | None,
) -> None:
    """Fetch data, stage it, and record where it came from.

    URL is s3://BUCKET/KEY, https://..., http://..., file:///PATH or a path; a PATH that ends with / gets the
    name that the data has there. Passwords and queries in a URL are not recorded. What was interrupted goes on
    where it stopped.
    """
    from dsv.imports import checksums
    from dsv.ops import import_

    if len(words) > 2 or (len(words) < 2 and not update):
        raise UsageFault("import needs a URL and a PATH", hint="dsv import URL PATH")
    wanted = None if sha256 is None else checksums.check_sum(sha256)
    url = words[0] if len(words) == 2 else None
    path = context.path(_target(words[-1], url))
    address = _address(context, url, path)
    means = _means(context, address, endpoint_url, region, typed=url is not None)
    progress = context.progress("fetching", "B")
    if update:
        done = import_.import_again(
            context.workspace, path, means, address=address, sha256=wanted, progress=progress
        )
    else:
        done = import_.import_new(context.workspace, address, path, means, sha256=wanted, progress=progress)
    context.out.show(render.address(whole=address.is_whole))
    out = context.out
    if out.json:
        out.document(render.document(done))
    else:
        out.show(render.lines(done, out.style))


def _target(word: str, url: str | None) -> str:
    if not word.endswith("/") or url is None:
        return word
    name = url.partition("?")[0].partition("#")[0].rstrip("/").rpartition("/")[2]
    if not name:
        raise UsageFault(f"{url} has no name at its end", hint=f"dsv import URL {word}NAME")
    return word + name


def _address(context: Context, url: str | None, path: str) -> "Address":
    from dsv.imports.address import address_of
    from dsv.ops import import_

    if url is None:
        return import_.recorded(context.workspace.repo, path, context.cwd, context.home)
    return address_of(url, context.cwd, context.home)


def _means(
    context: Context, address: "Address", endpoint_url: str | None, region: str | None, *, typed: bool
) -> "ImportMeans":
    from dsv.imports.address import S3, WEB
    from dsv.imports.fetched import ImportMeans

    if address.scheme == S3:
        return ImportMeans(bucket=_bucket(context, address, endpoint_url, region, typed=typed))
    if endpoint_url is not None or region is not None:
        raise UsageFault("--endpoint-url and --region are for s3:// alone")
    if address.scheme in WEB:
        from urllib.request import getproxies

        return ImportMeans(proxies=getproxies())
    return ImportMeans()


def _bucket(
    context: Context, address: "Address", endpoint_url: str | None, region: str | None, *, typed: bool
) -> "S3Settings":
    """Return how to reach the bucket of an address.

    That is as is said here, else as the AWS tools would. Only a recorded address, which `--update` goes by, is reached
    as a remote in the same bucket is: settings may be a stranger's, and never decide where goes what the user typed.
    """
    from dsv.imports import bucket as buckets
    from dsv.remotes.remote import check_endpoint
    from dsv.store.blobs.s3 import S3Settings

    bucket, _ = buckets.split(address)
    place = f"s3://{bucket}"
    remotes = context.workspace.config.remotes.values()
    like = next((one for one in remotes if not typed and f"{one.url}/".startswith(f"{place}/")), None)
    if like is not None and endpoint_url is None:
        check_endpoint(context.workspace, like)
    return S3Settings.of(
        place,
        endpoint_url=endpoint_url or (like.endpoint_url if like else None),
        region=region or (like.region if like else None),
        addressing=like.addressing if like else None,
        checksum=like.checksum if like else None,
        ca_bundle=like.ca_bundle if like else None,
        timeout=like.timeout if like else None,
        retries=like.retries if like else None,
    )
