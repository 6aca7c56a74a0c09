"""Settings: which there are, what they are set to, and setting them."""
