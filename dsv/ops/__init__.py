"""One verb a module: `def verb(repo, ...) -> Result`."""
