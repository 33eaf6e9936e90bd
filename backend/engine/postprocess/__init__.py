"""From the network's pixels to a finished picture."""
