"""The engine: the one process that owns torch and the accelerator."""
