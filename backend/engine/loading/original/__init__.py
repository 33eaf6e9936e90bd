"""Where each tensor of diffusers' modules lies in a file of the original layout.

The maps go from our module's own names to the file's, so that they hold for every size.
"""
