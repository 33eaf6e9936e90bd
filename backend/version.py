"""Which Easel this is."""

VERSION = "0.1.0"
