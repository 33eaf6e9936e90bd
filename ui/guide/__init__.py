"""The guided start: what this machine could draw with, and getting it with one click."""
