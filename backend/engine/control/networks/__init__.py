"""Models that follow maps, one kind in each file; registered by `control.registry.network`."""
