"""Enlarging pictures: models in tiles, or Lanczos."""
