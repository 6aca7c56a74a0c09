"""The lineage graph: what came from what, walked up to raw sources and down to all that was derived."""
