"""Everything that knows Arrow."""
