"""Secrets in files, names and arguments: found, and masked."""
