"""Under which names the facts of tables are kept; importing this costs nothing."""

from dsv.hashing import derived_hasher
from dsv.ids import ObjectId

DIGEST_VERSION = 1
"""Version of the table digest, part of what every id of a table is made with."""

RULES = 2
"""Version of the rules for text in `docs/format/text-dialect.md` under which new files are read."""

KEY_CONTEXT = "dsv 2026-11 facts key v1"


def facts_key(content: ObjectId, schema: ObjectId | None, version: int = DIGEST_VERSION) -> ObjectId:
    """Return the name under which the facts of a content are kept.

    Args:
        content: The content id.
        schema: The schema id of text formats, None for typed ones.
        version: The digest version.

    What no schema was said for is read under the rules of today, so their version is part of the name.
    """
    hasher = derived_hasher(KEY_CONTEXT)
    hasher.update(bytes.fromhex(content) + bytes.fromhex(schema or "0" * 64) + version.to_bytes(8, "little"))
    if schema is None:
        hasher.update(RULES.to_bytes(8, "little"))
    return ObjectId(hasher.hexdigest())
