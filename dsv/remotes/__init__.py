"""Moving objects between the store of a workspace and remotes."""
