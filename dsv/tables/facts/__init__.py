"""What is known of a table without reading it again, and what changed as far as that tells."""
