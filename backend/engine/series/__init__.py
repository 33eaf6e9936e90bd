"""Several pictures that differ in a few settings, and the sheets that show them."""
