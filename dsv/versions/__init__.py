"""Changing a workspace: staging, committing, moving from one version to another, so that nothing is lost."""
