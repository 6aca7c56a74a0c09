"""Projects in the shapes that are met in public, recorded with nothing declared."""
