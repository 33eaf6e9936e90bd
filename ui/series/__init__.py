"""Grids on the page: their dialog asks what they would be, and for them."""
