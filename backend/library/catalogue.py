"""What can be chosen by name; read where the metadata needs it too."""

from backend.metadata.catalogue import load_catalogue

__all__ = ["load_catalogue"]
