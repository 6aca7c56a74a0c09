"""`dsv version`."""

from dsv._version import VERSION
from dsv.cli.command import verb
from dsv.cli.context import Context
from dsv.render import version as render


@verb(
    examples={"dsv version": "Show the versions of dsv and of what tables are read with:"},
    shape=render.SHAPE,
)
def command(context: Context) -> None:
    """Show the versions of dsv and of what it is built on.

    `dsv --version` shows that of dsv alone.
    """
    import platform
    from importlib.metadata import version

    from dsv.tables.fact_keys import DIGEST_VERSION

    versions = {
        "dsv": VERSION,
        "python": platform.python_version(),
        "pyarrow": version("pyarrow"),
        "digest": DIGEST_VERSION,
    }
    if context.out.json:
        context.out.document(versions)
    else:
        context.out.show(render.lines(versions))
