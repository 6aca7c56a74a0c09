"""Two tables side by side, under a policy: what differs, and where."""
