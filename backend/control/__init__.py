"""What steers a drawing, as far as it needs no torch: poses, and how their maps are drawn."""
