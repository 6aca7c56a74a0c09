"""The store: immutable packs and indexes, one mutable object, and what is built on them."""
