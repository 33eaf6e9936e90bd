"""From a bare Python to a running Easel, with the standard library alone."""
