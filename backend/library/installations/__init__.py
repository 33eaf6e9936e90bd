"""Where models, styles, wildcards and pictures are in the folders of other programs."""
