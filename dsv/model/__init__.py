"""Frozen records and their canonical encoding: what a commit, a node, a checkpoint is."""
