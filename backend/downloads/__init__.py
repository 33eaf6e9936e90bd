"""Getting files: transfer, checks, and the place where they belong."""
