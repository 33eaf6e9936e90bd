"""High-resolution fix: pictures are enlarged and drawn again."""
