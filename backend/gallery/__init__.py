"""The pictures that were made: an index of them, and small versions to look through."""
