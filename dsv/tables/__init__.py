"""Everything that knows Arrow: reading tables, their digest, their facts, text formats."""
