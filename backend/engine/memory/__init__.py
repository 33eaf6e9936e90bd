"""How much memory models take on a device, and where their parts lie."""
