"""Reading what a repository holds: revisions, dataset names, origins, tables of a version, what is reachable."""
